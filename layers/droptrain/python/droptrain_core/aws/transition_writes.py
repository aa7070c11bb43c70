"""A change of a record as DynamoDB's update: expressions, names and values."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from droptrain_core.aws.run_record import SCHEMA, run_pk, to_attributes
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.change import Change
from droptrain_core.domain.runs.transitions import Transition


@frozen
class Update:
    """An update of an item, in DynamoDB's own words."""

    update: str
    condition: str
    names: dict[str, str]
    values: dict[str, Any]


def run_key(run_id: str) -> dict[str, Any]:
    """The primary key of a run's item."""
    return {"pk": {"S": run_pk(run_id)}}


def compiled(change: Change) -> Update:
    """The update; it also requires that the record exists, in a schema that this release reads."""
    words = _Placeholders()
    name, value = words.name, words.value
    sets = [f"{name(field)} = {value(given)}" for field, given in change.set.items()]
    sets += [
        f"{name(field)} = if_not_exists({name(field)}, {value(given)})"
        for field, given in change.set_once.items()
    ]
    sets += [
        f"{name(field)} = list_append(if_not_exists({name(field)}, {value(())}), {value(given)})"
        for field, given in change.append.items()
    ]
    removed = f" REMOVE {', '.join(map(name, change.remove))}" if change.remove else ""
    schema = name("schema")
    condition = " AND ".join((
        "attribute_exists(pk)",
        f"(attribute_not_exists({schema}) OR {schema} <= {value(SCHEMA)})",
        *(each.expression(name, value) for each in change.requires),
    ))  # fmt: skip
    return Update(f"SET {', '.join(sets)}{removed}", condition, words.names, to_attributes(words.values))


def update_of(table: str, transition: Transition) -> dict[str, Any]:
    """A run's transition as a part of a transaction."""
    return update_at(table, run_pk(transition.run_id), transition)


def update_at(table: str, pk: str, change: Change) -> dict[str, Any]:
    """The change of the item with this partition key as a part of a transaction."""
    update = compiled(change)
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": pk}},
            "UpdateExpression": update.update,
            "ConditionExpression": update.condition,
            "ExpressionAttributeNames": update.names,
            "ExpressionAttributeValues": update.values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


class _Placeholders:
    """Gives each name and each value of an expression its placeholder."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, field: str) -> str:
        self.names[f"#{field}"] = field
        return f"#{field}"

    def value(self, given: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = _plain(given)
        return placeholder


def _plain(given: Any) -> Any:
    """Domain values as plain ones."""
    if is_dataclass(given) and not isinstance(given, type):
        return asdict(given)
    if isinstance(given, Mapping):
        return {name: _plain(each) for name, each in given.items()}
    if isinstance(given, list | tuple):
        return [_plain(each) for each in given]
    return given
