"""Datasets that wait for a file: items of the runs' table that a launch takes away again."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from droptrain.aws.run_record import to_attributes
from droptrain.domain import times
from droptrain.domain.dataset import Waiting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX = "WAITING#"
_UNTOLD, _TOLD = "waiting", "told"
# Whoever left a dataset incomplete for so long isn't waiting for it any more.
_FORGOTTEN_AFTER = timedelta(days=30)
_SHOWN = 100


def waiting_pk(project: str, dataset: str) -> str:
    """The partition key of a dataset that waits."""
    return f"{_PREFIX}{project}/{dataset}"


class WaitingList:
    """What waits, since when, and whether people were told."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def note(self, project: str, dataset: str, missing: Collection[str], now: datetime) -> None:
        """Write down that the dataset lacks `missing`; it waits since it was first noted."""
        at = times.to_text(now)
        self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": waiting_pk(project, dataset)}},
            UpdateExpression="SET kind = :kind, missing_files = :missing, expires_at = :expires, "
            "active = if_not_exists(active, :untold), created_order = if_not_exists(created_order, :order)",
            ExpressionAttributeValues=to_attributes({
                ":kind": f"waiting#{project}", ":missing": list(missing), ":untold": _UNTOLD,
                ":order": f"{at}#{dataset}", ":expires": int((now + _FORGOTTEN_AFTER).timestamp()),
            }),
        )  # fmt: skip

    def of_project(self, project: str) -> tuple[Waiting, ...]:
        """The project's datasets that wait, the newest hundred, newest first."""
        answer = self._client.query(
            TableName=self._table,
            IndexName="by_time",
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": f"waiting#{project}"}},
            ScanIndexForward=False,
            Limit=_SHOWN,
        )
        return tuple(_from_item(item) for item in answer["Items"])

    def untold(self, before: datetime) -> Iterator[Waiting]:
        """What waits since before that moment, and nobody was told of; oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_activity",
            KeyConditionExpression="active = :untold AND created_order < :before",
            ExpressionAttributeValues=to_attributes({":untold": _UNTOLD, ":before": times.to_text(before)}),
        )
        for page in pages:
            for item in page["Items"]:
                yield _from_item(item)

    def mark_told(self, waiting: Waiting) -> None:
        """Note that people were told; what has been launched meanwhile stays gone."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": waiting_pk(waiting.project, waiting.dataset)}},
                UpdateExpression="SET active = :told",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":told": {"S": _TOLD}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def forget(self, waiting: Waiting) -> None:
        """Take the dataset off the list."""
        key = {"pk": {"S": waiting_pk(waiting.project, waiting.dataset)}}
        self._client.delete_item(TableName=self._table, Key=key)


def _from_item(item: dict[str, Any]) -> Waiting:
    project, _, dataset = item["pk"]["S"].removeprefix(_PREFIX).partition("/")
    since = item["created_order"]["S"].partition("#")[0]
    missing = tuple(name["S"] for name in item.get("missing_files", {"L": []})["L"])
    return Waiting(project, dataset, since, missing)
