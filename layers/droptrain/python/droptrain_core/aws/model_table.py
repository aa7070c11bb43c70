"""The registry of promoted models in the runs' table: current models, and all promotions by number.

The item of a project's models also has the remembered pointers. It is in the index of active items while its
current model isn't published.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from droptrain_core.aws.run_record import made, to_attributes, to_values
from droptrain_core.aws.table_calls import read_many
from droptrain_core.aws.transition_writes import update_of
from droptrain_core.domain import times
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion
from droptrain_core.domain.runs.transitions import Transition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The value of `active` while a model isn't published; that of runs is "run".
UNPUBLISHED = "model"
_PREFIX = "MODELS#"
_IS_STILL = "promotion.#number = :now"
Promoted = Literal["promoted", "model_changed", "run_changed"]


class ModelTable:
    """The registry."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def current(self, project: str) -> CurrentModel:
        """The project's current model, read consistently."""
        answer = self._client.get_item(
            TableName=self._table, Key={"pk": {"S": models_pk(project)}}, ConsistentRead=True
        )
        return from_item(answer.get("Item"))

    def promotions(self, project: str, numbers: range) -> tuple[Promotion, ...]:
        """The promotions with at most 100 such numbers, in their order."""
        pks = [promotion_pk(project, number) for number in numbers]
        found = read_many(self._client, self._table, pks, consistent=True)
        return tuple(_promotion(to_values(found[pk])["promotion"]) for pk in pks if pk in found)

    def promote(self, promotion: Promotion, now: CurrentModel, run: Transition | None) -> Promoted:
        """Make a model the current one and add its promotion to the registry, in one transaction.

        `run` is the change of the run's record. Nothing is written if the current model isn't `now` any more,
        or if the run's record doesn't meet what `run` requires. BusyError if others write the same items.
        """
        values: dict[str, Any] = {
            ":promotion": _values(promotion),
            ":active": UNPUBLISHED,
            ":order": promotion.at,
        }
        condition = "attribute_not_exists(promotion)"
        if now.promotion:
            condition, values = _IS_STILL, values | {":now": now.number}
        current: dict[str, Any] = {
            "TableName": self._table,
            "Key": {"pk": {"S": models_pk(promotion.project)}},
            "UpdateExpression": "SET promotion = :promotion, active = :active, created_order = :order",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_attributes(values),
        }
        if now.promotion:
            current["ExpressionAttributeNames"] = {"#number": "number"}
        entry = {
            "pk": promotion_pk(promotion.project, promotion.number), "promotion": _values(promotion),
        }  # fmt: skip
        writes: Any = [{"Update": current}, {"Put": {"TableName": self._table, "Item": to_attributes(entry)}}]
        if run:
            writes.append(update_of(self._table, run))
        failed = self._write(promotion.project, writes)
        if failed is None:
            return "promoted"
        return "model_changed" if failed == 0 else "run_changed"

    def mark_published(self, promotion: Promotion, kept: tuple[str, ...]) -> bool:
        """Note that the model's copy and `current.json` are complete; False if another one is current.

        A process that found the export missing meanwhile was wrong: the copy was complete.
        """
        changed = replace(promotion, missing_at=None)
        return self._mark(
            changed, "SET promotion = :promotion, kept = :kept", _IS_STILL, {":kept": list(kept)}
        )

    def mark_missing(self, promotion: Promotion, at: str) -> bool:
        """Note that the model can't be published, because its export is missing.

        False if it is published, or if another one is current.
        """
        changed = replace(promotion, missing_at=at)
        return self._mark(changed, "SET promotion = :promotion", f"{_IS_STILL} AND attribute_exists(active)")

    def _mark(
        self, changed: Promotion, sets: str, condition: str, more: Mapping[str, Any] | None = None
    ) -> bool:
        """End the publication of a promotion, and write it as `changed`; False if the condition fails."""
        project, number = changed.project, changed.number
        promotion = {":promotion": _values(changed)}
        current = {
            "TableName": self._table,
            "Key": {"pk": {"S": models_pk(project)}},
            "UpdateExpression": f"{sets} REMOVE active, created_order",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#number": "number"},
            "ExpressionAttributeValues": to_attributes({**promotion, ":now": number, **(more or {})}),
        }
        entry = {
            "TableName": self._table,
            "Key": {"pk": {"S": promotion_pk(project, number)}},
            "UpdateExpression": "SET promotion = :promotion",
            "ExpressionAttributeValues": to_attributes(promotion),
        }
        return self._write(project, [{"Update": current}, {"Update": entry}]) is None

    def _write(self, project: str, writes: Any) -> int | None:
        """Write all or nothing; the place of the write whose condition failed, None if all were written.

        BusyError if others write the same items.
        """
        try:
            self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as error:
            codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in codes:
                return codes.index("ConditionalCheckFailed")
            if "TransactionConflict" in codes:
                raise BusyError(f"The models of {project} are being changed") from error
            raise
        return None

    def unpublished(self, before: datetime) -> Iterator[str]:
        """The projects whose current model was promoted before that time and isn't published."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_activity",
            KeyConditionExpression="active = :active AND created_order < :before",
            ExpressionAttributeValues=to_attributes(
                {":active": UNPUBLISHED, ":before": times.to_text(before)}
            ),
        )
        for page in pages:
            for item in page["Items"]:
                yield item["pk"]["S"].removeprefix(_PREFIX)


def models_pk(project: str) -> str:
    """The partition key of a project's models: the current one, and the remembered pointers."""
    return f"{_PREFIX}{project}"


def promotion_pk(project: str, number: int) -> str:
    """The partition key of a project's promotion."""
    return f"PROMOTION#{project}#{number}"


def from_item(item: Mapping[str, Any] | None) -> CurrentModel:
    """The current model in the item of a project's models."""
    values = to_values(item) if item else {}
    if "promotion" not in values:
        return CurrentModel()
    promotion, is_done = _promotion(values["promotion"]), "active" not in values
    is_published = is_done and promotion.missing_at is None
    return CurrentModel(promotion, is_published, tuple(values.get("kept", ())))


def _promotion(values: Mapping[str, Any]) -> Promotion:
    return made(Promotion, values)


def _values(promotion: Promotion) -> dict[str, Any]:
    return {name: value for name, value in asdict(promotion).items() if value is not None}
