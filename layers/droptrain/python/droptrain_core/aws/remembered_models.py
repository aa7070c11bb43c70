"""What the table remembers of a project's model pointers: a hint that spares reads of S3, never the truth."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.aws.run_record import to_attributes, to_values
from droptrain_core.domain.runs import model_pointer
from droptrain_core.domain.runs.model_pointer import Held, Name


def from_item(item: Mapping[str, Any] | None) -> dict[Name, Held]:
    """The pointers in an item; whatever isn't one is not remembered."""
    values = to_values(item) if item else {}
    found: dict[Name, Held] = {}
    names: tuple[Name, ...] = ("latest", "best")
    for name in names:
        held = values.get(name)
        if isinstance(held, Mapping) and (pointer := model_pointer.read(held.get("pointer"))):
            found[name] = Held(pointer, held["etag"])
    return found


def to_update(table: str, pk: str, held: Mapping[Name, Held]) -> dict[str, Any]:
    """The write of a transaction that remembers these pointers, and leaves the others as they are."""
    values = {
        f":{name}": {"etag": each.etag, "pointer": model_pointer.to_document(each.pointer)}
        for name, each in held.items()
        if each.pointer
    }
    sets = ", ".join(f"{name[1:]} = {name}" for name in values)
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": pk}},
            "UpdateExpression": f"SET {sets}",
            "ExpressionAttributeValues": to_attributes(values),
        }
    }
