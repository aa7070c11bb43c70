"""The JSON Schemas of droptrain's events, from the classes that write them; written to docs/ by make docs."""

import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from droptrain_core.domain.notices.events import EVENTS, SOURCE, Event

FOLDER = "events"
_TYPES: Mapping[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def file_of(event: type[Event]) -> str:
    """The file of an event's schema, such as run-finished.schema.json."""
    return f"{event.detail_type.lower().replace(' ', '-')}.schema.json"


def schema(event: type[Event]) -> dict[str, Any]:
    """JSON Schema (2020-12) of the event's `detail`; it allows unknown fields, as later versions add some."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f'The detail of "{event.detail_type}" from "{SOURCE}"',
        **_schema(event),
    }


def text(event: type[Event]) -> str:
    """The schema as a file."""
    return json.dumps(schema(event), indent=2, ensure_ascii=False) + "\n"


def _schema(kind: Any) -> dict[str, Any]:
    if get_origin(kind) is Annotated:
        inner, about = get_args(kind)
        return {"description": about, **_schema(inner)}
    if get_origin(kind) is Literal:
        values = get_args(kind)
        return {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    if get_origin(kind) in (Union, UnionType):
        options = [{"type": "null"} if option is NoneType else _schema(option) for option in get_args(kind)]
        return {"anyOf": options}
    if get_origin(kind) is list:
        return {"type": "array", "items": _schema(get_args(kind)[0])}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1])}
    if is_dataclass(kind):
        assert isinstance(kind, type)
        hints = get_type_hints(kind, include_extras=True)
        properties = {field.name: _schema(hints[field.name]) for field in fields(kind)}
        about = " ".join((kind.__doc__ or "").split())
        return {
            "description": about,
            "type": "object",
            "properties": properties,
            "required": list(properties),
        }
    return {"type": _TYPES[kind]}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for each in EVENTS:
        (folder / file_of(each)).write_text(text(each), "utf-8")
