"""Datasets in the runs' table: what each waits for, which uploads its run has answered; projects' loads."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.retrain_table import retrain_key
from droptrain_core.aws.run_record import to_attributes, to_values
from droptrain_core.aws.table_calls import read_many
from droptrain_core.domain import times
from droptrain_core.domain.datasets import fair_share
from droptrain_core.domain.datasets.dataset import FILES_NAMED, Created, digest
from droptrain_core.domain.datasets.dataset_record import CLOCKS_DIFFER, DatasetRecord
from droptrain_core.domain.errors import BusyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX = "DATASET#"
_WAITS, _NOTIFIED = "waiting", "notified"
# A dataset that stays incomplete for so long is forgotten, unless a run of it exists.
_FORGOTTEN_AFTER = timedelta(days=30)
_SHOWN = 100
_LOAD_EXPIRES_AFTER = timedelta(hours=1)
# Longer than any queue keeps an event.
_LINKS_KEPT_FOR = timedelta(days=30)
# Attributes of a dataset that waits; a launch removes them, and with them the item from the indexes.
_WAITING = (
    "kind", "active", "created_order", "since", "missing_files", "present_files", "expires_at", "rests_since",
    "due_at", "wake_up", "wake_up_at", "arrived_at", "checked_at",
)  # fmt: skip
# How often an upload is added to a dataset that other uploads change at the same time.
_TRIES = 10


def dataset_key(project: str, dataset: str) -> dict[str, Any]:
    """The primary key of a dataset's item."""
    return {"pk": {"S": f"{_PREFIX}{project}/{dataset}"}}


def launched(
    run_id: str, marker: str | None, covered_until: str, *, accepted: bool | None
) -> tuple[str, dict[str, Any]]:
    """The update after which the dataset waits no more, since it has a run: its expression and values.

    `accepted` is whether the run wasn't rejected; None leaves that as it is.
    """
    values: dict[str, Any] = {"run_id": run_id, "covered_until": covered_until}
    values |= {"marker": marker} if marker else {}
    values |= {} if accepted is None else {"accepted": accepted}
    sets = ", ".join(f"{name} = :{name}" for name in values)
    return f"SET {sets} REMOVE {', '.join(_WAITING)}", values


class DatasetTable:
    """Reads and writes the datasets' items. BusyError where a transaction writes the same item."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def read(self, project: str, dataset: str) -> DatasetRecord:
        """What is known of the dataset, read consistently; an empty record if nothing is."""
        key = dataset_key(project, dataset)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item = answer.get("Item")
        return _from_item(item) if item else DatasetRecord(project=project, dataset=dataset)

    def read_with_load(self, project: str, dataset: str, now: datetime) -> tuple[DatasetRecord, float]:
        """What is known of the dataset, of its project's cooldown, and of the project's load, in one call.

        The load is that of the last sixty seconds.

        BusyError if DynamoDB keeps leaving some of it out.
        """
        dataset_pk, links_pk, retrain_pk, *load_pks = pks = [
            dataset_key(project, dataset)["pk"]["S"],
            _links_pk(project, dataset),
            retrain_key(project)["pk"]["S"],
            *(_load_pk(project, minute) for minute in fair_share.minutes(now)),
        ]
        items = read_many(self._client, self._table, pks, consistent=True)
        this_minute, last_minute = (float(items[pk]["seconds"]["N"]) if pk in items else 0 for pk in load_pks)
        item = items.get(dataset_pk)
        record = _from_item(item) if item else DatasetRecord(project=project, dataset=dataset)
        if links_pk in items:
            record = replace(record, links_until=items[links_pk]["links_until"]["S"])
        if until := items.get(retrain_pk, {}).get("cooldown_until"):
            record = replace(record, cooldown_until=until["S"])
        return record, fair_share.recent(this_minute, last_minute, now)

    def expect_links(self, project: str, dataset: str, until: datetime) -> None:
        """Record that signed links may upload files of the dataset until then."""
        values = {":until": times.to_text(until), ":expires_at": int((until + _LINKS_KEPT_FOR).timestamp())}
        self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": _links_pk(project, dataset)}},
            UpdateExpression="SET links_until = :until, expires_at = :expires_at",
            ExpressionAttributeValues=to_attributes(values),
        )

    def use_link(self, link: str, upload: Created, now: datetime) -> bool:
        """Record which version a signed link has uploaded; False if it uploaded another one before."""
        expires_at = int((now + _LINKS_KEPT_FOR).timestamp())
        values = {":version_id": upload.version_id, ":expires_at": expires_at}
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"LINK#{digest(upload.key, link)}"}},
                UpdateExpression="SET version_id = :version_id, expires_at = :expires_at",
                ConditionExpression="attribute_not_exists(pk) OR version_id = :version_id",
                ExpressionAttributeValues=to_attributes(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def add_load(self, project: str, seconds: float, now: datetime) -> None:
        """Add seconds of a lane to the project's load of the current minute."""
        values = {":seconds": seconds, ":expires_at": int((now + _LOAD_EXPIRES_AFTER).timestamp())}
        self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": _load_pk(project, fair_share.minutes(now)[0])}},
            UpdateExpression="ADD seconds :seconds SET expires_at = :expires_at",
            ExpressionAttributeValues=to_attributes(values),
        )

    def wait(
        self, record: DatasetRecord, missing: Collection[str], present: Collection[str], now: datetime
    ) -> bool:
        """Record that the dataset lacks `missing` and doesn't rest any more; it waits since the first time.

        False, and nothing is written, if an upload has changed `record.due_at` meanwhile.
        """
        values = self._waiting(record, missing, present, now)
        unchanged = "attribute_not_exists(due_at)"
        if record.due_at:
            values["due_at"] = record.due_at
            unchanged = "due_at = :due_at"
        sets = _sets(name for name in values if name != "due_at")
        expression = f"{sets} REMOVE rests_since, due_at, wake_up, wake_up_at, arrived_at"
        return self._update(record, expression, values, unchanged) is not None

    def rest(self, record: DatasetRecord, due_at: str, now: datetime) -> DatasetRecord:
        """Record that the dataset launches at `due_at`, unless a later upload has postponed that further.

        Returns the record as it is then.
        """
        waiting = self._waiting(record, record.missing, record.present, now)
        values = {**waiting, "rests_since": times.to_text(now), "due_at": due_at}
        condition = "attribute_not_exists(due_at) OR due_at < :due_at"
        item = self._update(record, f"{_sets(values)} REMOVE arrived_at", values, condition)
        return _from_item(item) if item else replace(record, due_at=due_at)

    def hold(
        self, record: DatasetRecord, files: Collection[str], until: str, arrived_at: str, now: datetime
    ) -> None:
        """Record that the dataset waits for the end of its project's cooldown, since an upload at that time.

        `files` are added to those that are present; another upload may add its own at the same time. A launch
        that has certainly included that upload is left as it is. The dataset's place in lists is by that end:
        the reconciler finds it if nothing happens then. BusyError if others are faster each time.
        """
        covers = times.to_text(times.from_text(arrived_at) + CLOCKS_DIFFER)
        for _ in range(_TRIES):
            if self._hold(record, files, until, arrived_at, covers, now):
                return
            record = self.read(record.project, record.dataset)
            if record.covered_until and record.covered_until > covers:
                return
        raise BusyError(f"Other uploads change {record.project}/{record.dataset} all the time")

    def _hold(
        self,
        record: DatasetRecord,
        files: Collection[str],
        until: str,
        arrived_at: str,
        covers: str,
        now: datetime,
    ) -> bool:
        """False, and nothing is written, if a launch or another upload has changed `record` meanwhile."""
        present = sorted({*record.present, *files})[:FILES_NAMED]
        values = {
            **self._waiting(record, (), present, now),
            "created_order": f"{until}#{arrived_at}#{record.dataset}",
            "due_at": until,
            "arrived_at": arrived_at,
        }
        expression = f"{_sets(values, kept=('since',))} REMOVE rests_since, wake_up, wake_up_at"
        values |= {"covers": covers, "seen": list(record.present)}
        condition = (
            "(attribute_not_exists(covered_until) OR covered_until <= :covers) AND "
            f"({'' if record.present else 'attribute_not_exists(present_files) OR '}present_files = :seen)"
        )
        return self._update(record, expression, values, condition) is not None

    def expect_wake_up(self, record: DatasetRecord, wake_up: str, at: str) -> bool:
        """Record which message wakes the dataset, instead of `record.wake_up`; False if that has changed."""
        values = {"wake_up": wake_up, "wake_up_at": at}
        unchanged = "attribute_not_exists(wake_up)"
        if record.wake_up:
            values["seen"] = record.wake_up
            unchanged = "wake_up = :seen"
        condition = f"attribute_exists(due_at) AND {unchanged}"
        expression = "SET wake_up = :wake_up, wake_up_at = :wake_up_at"
        return self._update(record, expression, values, condition) is not None

    def settle(
        self,
        record: DatasetRecord,
        run_id: str,
        marker: str | None,
        covered_until: str,
    ) -> bool:
        """Record that the files in the folder have their run.

        False, and nothing is written, if an upload has changed `record.due_at` meanwhile.
        """
        expression, values = launched(run_id, marker, covered_until, accepted=None)
        condition = "attribute_not_exists(due_at)"
        if record.due_at:
            values["due_at"] = record.due_at
            condition = "due_at = :due_at"
        return self._update(record, expression, values, condition) is not None

    def accept(self, record: DatasetRecord) -> None:
        """Record that a dataset that waits could train, unless an upload has changed it meanwhile."""
        values = {"due_at": record.due_at, "arrived_at": record.arrived_at, "accepted": True}
        expression = "SET accepted = :accepted, checked_at = :arrived_at"
        self._update(record, expression, values, "due_at = :due_at AND arrived_at = :arrived_at")

    def accepted(self, project: str, datasets: Iterable[str]) -> set[str]:
        """Those of the datasets that were accepted last, by a run or by a check at a cooldown's end.

        BusyError if DynamoDB keeps leaving some of them out.
        """
        pks = [dataset_key(project, name)["pk"]["S"] for name in datasets]
        items = read_many(self._client, self._table, pks, consistent=True).values()
        return {_from_item(item).dataset for item in items if item.get("accepted", {}).get("BOOL")}

    def of_project(self, project: str) -> tuple[DatasetRecord, ...]:
        """The project's datasets that wait, the newest hundred, newest first."""
        return tuple(islice(self._all_of_project(project), _SHOWN))

    def held(self, project: str) -> list[DatasetRecord]:
        """All datasets that wait for the end of the project's cooldown."""
        return [record for record in self._all_of_project(project) if record.arrived_at]

    def _all_of_project(self, project: str) -> Iterator[DatasetRecord]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_time",
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": f"waiting#{project}"}},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": _SHOWN},
        )
        for page in pages:
            yield from map(_from_item, page["Items"])

    def waiting(self, before: datetime, *, notified: bool) -> Iterator[DatasetRecord]:
        """What has waited since before that moment, or was looked at again last before it; oldest first.

        `notified`: those whose notice is out. The records name what the index has.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_activity",
            KeyConditionExpression="active = :active AND created_order < :before",
            ExpressionAttributeValues=to_attributes(
                {":active": _NOTIFIED if notified else _WAITS, ":before": times.to_text(before)}
            ),
        )
        for page in pages:
            for item in page["Items"]:
                yield _from_item(item)

    def mark_notified(self, record: DatasetRecord, now: datetime) -> None:
        """Record that the notice is out and when the dataset was looked at; a launched one stays as it is."""
        values = {"active": _NOTIFIED, "created_order": _order(now, record.dataset)}
        expression = "SET active = :active, created_order = :created_order"
        self._update(record, expression, values, "attribute_exists(active)")

    def forget(self, record: DatasetRecord) -> None:
        """Remove the item, unless an upload has changed `record.due_at`: its wake-up needs the item."""
        unchanged: Any = {"ConditionExpression": "attribute_not_exists(due_at)"}
        if record.due_at:
            unchanged["ConditionExpression"] += " OR due_at = :seen"
            unchanged["ExpressionAttributeValues"] = {":seen": {"S": record.due_at}}
        key, errors = dataset_key(record.project, record.dataset), self._client.exceptions
        try:
            self._client.delete_item(TableName=self._table, Key=key, **unchanged)
        except errors.ConditionalCheckFailedException:
            return
        except errors.TransactionConflictException as error:
            raise BusyError(f"{record.project}/{record.dataset} is being launched") from error

    def _waiting(
        self, record: DatasetRecord, missing: Collection[str], present: Collection[str], now: datetime
    ) -> dict[str, Any]:
        """The attributes of a dataset that waits; the first time's are kept where there are any."""
        at = times.to_text(now)
        values: dict[str, Any] = {
            "kind": f"waiting#{record.project}",
            "missing_files": list(missing),
            "present_files": list(present),
            "active": _WAITS,
            "since": at,
            "created_order": _order(now, record.dataset),
        }
        if record.run_id is None:
            values["expires_at"] = int((now + _FORGOTTEN_AFTER).timestamp())
        return values

    def _update(
        self, record: DatasetRecord, expression: str, values: Mapping[str, Any], condition: str
    ) -> Mapping[str, Any] | None:
        """The item as it is then; None if the condition doesn't hold, and nothing is written."""
        errors = self._client.exceptions
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=dataset_key(record.project, record.dataset),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=to_attributes(
                    {f":{name}": value for name, value in values.items()}
                ),
                ReturnValues="ALL_NEW",
            )
        except errors.ConditionalCheckFailedException:
            return None
        except errors.TransactionConflictException as error:
            raise BusyError(f"{record.project}/{record.dataset} is being launched") from error
        return answer["Attributes"]


# Kept from the first time that a dataset waits, until it is launched.
_KEPT = ("active", "since", "created_order", "rests_since")


def _sets(
    names: "Collection[str] | Iterator[str] | Mapping[str, Any]", kept: "Collection[str]" = _KEPT
) -> str:
    sets = (
        f"{name} = if_not_exists({name}, :{name})" if name in kept else f"{name} = :{name}" for name in names
    )
    return f"SET {', '.join(sets)}"


def _load_pk(project: str, minute: str) -> str:
    return f"LOAD#{project}#{minute}"


def _links_pk(project: str, dataset: str) -> str:
    return f"LINKS#{project}/{dataset}"


def _order(now: datetime, dataset: str) -> str:
    return f"{times.to_text(now)}#{dataset}"


def _from_item(item: Mapping[str, Any]) -> DatasetRecord:
    project, _, dataset = item["pk"]["S"].removeprefix(_PREFIX).partition("/")
    values = to_values(item)
    return DatasetRecord(
        project=project,
        dataset=dataset,
        since=values.get("since"),
        missing=tuple(values.get("missing_files", ())),
        present=tuple(values.get("present_files", ())),
        rests_since=values.get("rests_since"),
        due_at=values.get("due_at"),
        wake_up=values.get("wake_up"),
        wake_up_at=values.get("wake_up_at"),
        run_id=values.get("run_id"),
        marker=values.get("marker"),
        covered_until=values.get("covered_until"),
        arrived_at=values.get("arrived_at"),
        checked_at=values.get("checked_at"),
    )
