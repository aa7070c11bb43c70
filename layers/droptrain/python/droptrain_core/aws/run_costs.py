"""What the runs of a month cost, read from the index of all runs by time: a few attributes of each."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.run_pages import Position, going_on_from
from droptrain_core.aws.run_record import KIND, to_attributes, to_values
from droptrain_core.domain.costs.daily import RunCost
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import TERMINAL

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@frozen
class CostPage:
    """Some runs' costs, newest first, and where the next page starts; None after the last one."""

    costs: tuple[RunCost, ...]
    position: Position | None


class RunCosts:
    """Reads costs of runs."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def page(self, month: str, position: Position | None) -> CostPage:
        """The costs of the runs that were launched in a month such as 2026-11 (UTC): of at most 1 MB of them.

        BadCursorError for a position that no page had.
        """
        more: dict[str, Any] = {"ExclusiveStartKey": position} if position else {}
        with going_on_from(position):
            answer = self._client.query(
                TableName=self._table,
                IndexName="by_time",
                KeyConditionExpression="#kind = :kind AND begins_with(#order, :month)",
                ProjectionExpression="#project, #order, #status, #cost.estimate_usd, #estimate.worst_usd",
                ExpressionAttributeNames={
                    "#kind": "kind", "#order": "created_order", "#project": "project", "#status": "status",
                    "#cost": "cost", "#estimate": "estimate",
                },
                ExpressionAttributeValues=to_attributes({":kind": KIND, ":month": f"{month}-"}),
                ScanIndexForward=False,
                **more,
            )  # fmt: skip
        return CostPage(tuple(map(_cost, answer["Items"])), answer.get("LastEvaluatedKey"))


def _cost(item: Mapping[str, Any]) -> RunCost:
    values = to_values(item)
    is_active = values["status"] not in TERMINAL
    return RunCost(
        day=values["created_order"][:10],
        project=values["project"],
        usd=float(values.get("cost", {}).get("estimate_usd", 0)),
        worst_usd=float(values.get("estimate", {}).get("worst_usd", 0)) if is_active else None,
    )
