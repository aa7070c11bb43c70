"""Readers of a recipe's values: each returns the value, or raises WrongValueError with the fix."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from droptrain_core.domain.frozen import frozen

_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# What DynamoDB holds as a number, with room to spare: 38 digits, 1E-130 to 9.9E+125.
_LARGEST_WHOLE = 10**37
_SMALLEST, _LARGEST = 1e-120, 1e120


class WrongValueError(Exception):
    """A value that a field can't have; `path` leads from the field to it."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def is_storable(number: float) -> bool:
    """Whether a run's record can hold the number: it is finite, and neither huge nor too close to 0."""
    if isinstance(number, int):
        return abs(number) < _LARGEST_WHOLE
    return number == 0 or _SMALLEST < abs(number) < _LARGEST


Value = TypeVar("Value")


@frozen
class Reader(Generic[Value]):
    """Reads a value, or raises WrongValueError; `schema` describes the accepted values in JSON Schema."""

    read: Callable[[object], Value]
    schema: Mapping[str, Any]

    def __call__(self, value: object) -> Value:
        """The value for the recipe."""
        return self.read(value)


@frozen
class Field:
    """A field of train.yaml: its attribute in Recipe, its reader, its meaning, and its default."""

    attribute: str
    read: Reader[Any]
    about: str
    default: object = None


def takes(**schema: Any) -> Callable[[Callable[[object], Value]], Reader[Value]]:
    return lambda read: Reader(read, schema)


def mapping_schema(known: Mapping[str, Reader[Any]], **more: Any) -> dict[str, Any]:
    """JSON Schema of a mapping that has these fields and no other."""
    properties = {name: read.schema for name, read in known.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


def kind_of(value: object) -> str:
    names = {
        type(None): "nothing",
        bool: "true/false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a mapping",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@takes(type="string", minLength=1)
def text_of(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise WrongValueError(f"has to be a text, not {kind_of(value)}")
    return value


@takes(type="string", minLength=1, maxLength=100)
def metric_name(value: object) -> str:
    name = text_of(value)
    if len(name) > 100 or not name.isprintable():
        raise WrongValueError(f"has to be a name of at most 100 characters, not {short(name)}")
    return name


def integer(low: int, high: int) -> Reader[int]:
    @takes(type="integer", minimum=low, maximum=high)
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WrongValueError(f"has to be a whole number from {low} to {high}, not {short(value)}")
        return value

    return read


@takes(type="boolean")
def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError(f"has to be true or false, not {short(value)}")
    return value


@takes(type="number", exclusiveMinimum=0, maximum=1_000_000)
def cost(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise WrongValueError(f"has to be a sum in US dollars above 0, not {short(value)}")
    return float(value)


def one_of(*choices: str) -> Reader[Any]:
    @takes(enum=[*choices])
    def read(value: object) -> str:
        if value not in choices:
            raise WrongValueError(f"has to be {', '.join(choices[:-1])} or {choices[-1]}, not {short(value)}")
        return str(value)

    return read


def duration(low: int, high: int) -> Reader[int]:
    @takes(type="string", pattern=whole(_DURATION))
    def read(value: object) -> int:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise WrongValueError(f"has to be a duration such as 30s, 90m, 4h or 2d, not {short(value)}")
        seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
        if not low <= seconds <= high:
            raise WrongValueError(f"has to be from {_as_written(low)} to {_as_written(high)}, not {value}")
        return seconds

    return read


def _as_written(seconds: int) -> str:
    """A duration as recipes have it, in the largest unit of which it is a whole number."""
    unit = next(name for name in reversed(_UNIT_SECONDS) if seconds % _UNIT_SECONDS[name] == 0)
    return f"{seconds // _UNIT_SECONDS[unit]}{unit}"


def mapping(value: object, known: Mapping[str, Reader[Any]]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise WrongValueError(f"has to be a mapping of {', '.join(known)}, not {kind_of(value)}")
    read: dict[str, Any] = {}
    for name, item in value.items():
        if name not in known:
            raise WrongValueError(f"has no field {str(name)[:60]!r}; its fields are {', '.join(known)}")
        try:
            read[name] = known[name](item)
        except WrongValueError as error:
            raise WrongValueError(str(error), f".{name}{error.path}") from None
    return read
