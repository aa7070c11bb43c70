"""What prices need of the runs' table: one item of prices, and for each project how long its runs took."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.claim_writes import prepared_pk, summary_pk
from droptrain_core.aws.run_record import from_item, run_pk, to_attributes, to_values
from droptrain_core.aws.run_table import history_pk
from droptrain_core.aws.table_calls import read_many
from droptrain_core.domain.costs.pricing import PriceList, Refreshed, Size
from droptrain_core.domain.costs.project_reading import ProjectReading

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PRICES_PK = "PRICES"


class PriceTable:
    """Prices, the shipped ones until they are refreshed, and histories: one call reads what a run needs."""

    def __init__(self, client: "DynamoDBClient", table_name: str, shipped: PriceList) -> None:
        self._client = client
        self._table = table_name
        self.shipped = shipped

    def read(self, project: str, run_id: str | None = None, digest: str | None = None) -> ProjectReading:
        """The prices, the project's history, and the run if it is asked for, read consistently.

        And which run holds the prepared data with this digest.

        BusyError if DynamoDB keeps leaving some of it out.
        """
        pks = [PRICES_PK, history_pk(project), *([run_pk(run_id), summary_pk(run_id)] if run_id else [])]
        pks += [prepared_pk(project, digest)] if digest else []
        items = read_many(self._client, self._table, pks, consistent=run_id is not None)
        prices, history = items.get(PRICES_PK), items.get(history_pk(project))
        run, summary = (items.get(pk(run_id)) if run_id else None for pk in (run_pk, summary_pk))
        holder = items.get(prepared_pk(project, digest)) if digest else None
        took = to_values(history) if history else {}
        return ProjectReading(
            prices=self.shipped.refreshed(_refreshed(to_values(prices))) if prices else self.shipped,
            history=tuple(took.get("seconds", ())),
            run=from_item(run) if run else None,
            left_checkpoint=took.get("left_checkpoint"),
            last_summary=took.get("summary"),
            summary=summary["summary"]["S"] if summary else None,
            holder_id=holder["run_id"]["S"] if holder else None,
        )

    def current(self) -> PriceList:
        """The prices alone."""
        item = self._client.get_item(TableName=self._table, Key={"pk": {"S": PRICES_PK}}).get("Item")
        return self.shipped.refreshed(_refreshed(to_values(item))) if item else self.shipped

    def refresh(self, read: Refreshed, at: str) -> bool:
        """Write what a refresh that began `at` has read; a part without a time stays as it is.

        False if a refresh that began later has written already.
        """
        values: dict[str, Any] = {"kind": "prices", "refreshed_at": at}
        if read.on_demand_at:
            values["on_demand"] = dict(read.on_demand)
            values["on_demand_at"] = read.on_demand_at
        if read.spot_at:
            values["spot"] = {name: dict(zones) for name, zones in read.spot.items()}
            values["spot_at"] = read.spot_at
        if read.sizes_at:
            values["sizes"] = {name: asdict(each) for name, each in read.sizes.items()}
            values["sizes_at"] = read.sizes_at
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": PRICES_PK}},
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ConditionExpression="attribute_not_exists(refreshed_at) OR refreshed_at < :refreshed_at",
                ExpressionAttributeValues=to_attributes({f":{name}": it for name, it in values.items()}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _refreshed(values: Mapping[str, Any]) -> Refreshed:
    return Refreshed(
        on_demand=values.get("on_demand", {}),
        on_demand_at=values.get("on_demand_at"),
        spot=values.get("spot", {}),
        spot_at=values.get("spot_at"),
        sizes={name: Size(**each) for name, each in values.get("sizes", {}).items()},
        sizes_at=values.get("sizes_at"),
    )
