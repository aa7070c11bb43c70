"""A run as a DynamoDB item and back. Readers ignore what they don't know and default what is absent.

So a release may add attributes and fields. What an older one would misread raises SCHEMA.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from droptrain_core.domain.errors import NewerRecordError
from droptrain_core.domain.runs import canary
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.text import encodable

KIND = "run"
SCHEMA = 1

Kind = TypeVar("Kind")


def run_pk(run_id: str) -> str:
    """The partition key of a run."""
    return f"RUN#{run_id}"


def to_item(run: Run) -> dict[str, Any]:
    """The item of a new record; it stays in the index of active runs until its notice is out."""
    values = {name: value for name, value in asdict(run).items() if value not in (None, (), {})}
    if expires_at := canary.expires_at(run):
        values["expires_at"] = expires_at
    return to_attributes({"pk": run_pk(run.run_id), "kind": KIND, "schema": SCHEMA, "active": KIND, **values})


def to_attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's attribute values."""
    return {encodable(name): _attribute(value) for name, value in values.items()}


def to_values(item: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's attribute values as plain values."""
    return {name: _value(value) for name, value in item.items()}


def check_schema(item: Mapping[str, Any]) -> None:
    """NewerRecordError if this code would misread the item: a later release wrote it.

    Items of an index have no schema, so a run from an index is read again before it is changed.
    """
    schema = int(item.get("schema", {"N": "1"})["N"])
    if schema > SCHEMA:
        raise NewerRecordError(
            f"{item.get('run_id', {}).get('S')} was written by a later release (schema {schema}); this one "
            f"reads {SCHEMA}. Deploy that release again."
        )


def from_item(item: Mapping[str, Any]) -> Run:
    """The run in an item, of a read or of the table's stream; NewerRecordError."""
    check_schema(item)
    return made(Run, to_values(item))


def made(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """A frozen dataclass from plain values, by its type hints; it ignores those that it doesn't know."""
    known: Any = kind
    readers = _readers(known)
    return kind(**{name: read(values[name]) for name, read in readers.items() if name in values})


@cache
def _readers(kind: Any) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(kind)
    return {each.name: _reader(hints[each.name]) for each in fields(kind)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a plain value becomes one of the type: a dataclass, a tuple, one of these or None, or as it is."""
    kinds = [each for each in get_args(hint) if each is not NoneType]
    if isinstance(hint, UnionType) and len(kinds) == 1:
        read = _reader(kinds[0])
        return lambda value: None if value is None else read(value)
    if get_origin(hint) is tuple:
        read = _reader(kinds[0])
        return lambda values: tuple(map(read, values))
    is_record: bool = is_dataclass(hint)
    return partial(made, hint) if is_record else lambda value: value


# boto3 has these two, for more types; but importing it costs a function a tenth of its cold start.
def _attribute(value: Any) -> dict[str, Any]:
    """A plain value as DynamoDB's attribute value; TypeError if it has no form there."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            # Text is made clean where it enters. DynamoDB refuses the whole write for half a character, and a
            # write that is refused each time leaves a drop without an answer: so nothing of it gets this far.
            return {"S": encodable(value)}
        case int() | float():
            return {"N": repr(value)}
        case Mapping():
            return {"M": to_attributes(value)}
        case list() | tuple():
            return {"L": [_attribute(each) for each in value]}
    raise TypeError(f"A record can't hold {value!r}")


def _value(attribute: Mapping[str, Any]) -> Any:
    """The plain value in an attribute value."""
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value) if value.removeprefix("-").isdigit() else float(value)
        case "M":
            return {name: _value(each) for name, each in value.items()}
        case "L":
            return [_value(each) for each in value]
        case "S" | "BOOL":
            return value
    raise TypeError(f"No record has attributes of DynamoDB's type {kind}")
