"""A search space: the values that each hyperparameter of a sweep can have."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.code import HYPERPARAMETER_NAME
from droptrain_core.domain.recipes.readers import (
    WrongValueError,
    is_storable,
    kind_of,
    short,
    takes,
    whole,
)
from droptrain_core.domain.recipes.values import Scalar

MAX_PARAMETERS = 20
MAX_CHOICES = 100
_MAX_TEXT = 2000
# A list of sweeps names the space of each.
_MAX_SPACE_BYTES = 8 * 1024
# Numbers above this aren't exact as floats.
_MAX_NUMBER = 2**53
# How far decimal fractions can be off as floats, as a part of a step.
_ROUNDING = 1e-6
_MAX_STEPS = 1_000_000
_FORMS = (
    "low..high such as 0..0.5, with :log, :int or :step=0.1 at its end, or a list such as 32,64,128 or "
    "[adam, sgd]"
)
# A list has no kinds: `0,1:log` is a range by mistake.
_KIND_OF_RANGE = re.compile(r"^[+-]?[0-9.][^:]*:(?:log|int|step=.*)$")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,16}")


@frozen
class Choices:
    """A list of values."""

    values: tuple[Scalar, ...]

    @property
    def count(self) -> int:
        """The number of different values."""
        return len(self.values)

    def at(self, index: int) -> Scalar:
        """The value at this place, from 0."""
        return self.values[index]


@frozen
class Range:
    """All numbers from `low` to `high`, both included; with a `step` only each step from `low` on.

    `is_log` means that equal factors count as equal distances.
    """

    low: float
    high: float
    is_int: bool = False
    is_log: bool = False
    step: float | None = None

    @property
    def count(self) -> int | None:
        """The number of different values; None where any number in between is one."""
        if self.step:
            return int((self.high - self.low) / self.step + _ROUNDING) + 1
        return int(self.high - self.low) + 1 if self.is_int else None

    def at(self, index: int) -> Scalar:
        """The value at this place, from 0, of a range that has a count."""
        value = self.low + index * (self.step or 1)
        return int(value) if self.is_int else round(value, 12)


Values = Choices | Range
Space = Mapping[str, Values]


def read_values(value: object) -> Values:
    """The values in a text or a list; WrongValueError."""
    if isinstance(value, list | tuple):
        return _choices(list(value))
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TEXT:
        raise WrongValueError(f"has to be {_FORMS}, not {short(value)}")
    text = value.strip()
    if ".." in text and not text.startswith("["):
        return _range(text)
    if text.startswith("["):
        try:
            return _choices(json.loads(text))
        except ValueError:
            raise WrongValueError(f"has to be {_FORMS}, not {short(text)}") from None
    return _choices([_scalar(each.strip()) for each in text.split(",")])


def text_of(values: Values) -> str:
    """The text from which `read_values` makes the same values."""
    if isinstance(values, Range):
        ends = "..".join(_number_text(each, is_int=values.is_int) for each in (values.low, values.high))
        kind = (":log" if values.is_log else "") + (":int" if values.is_int else "")
        step = f":step={_number_text(values.step, is_int=values.is_int)}" if values.step else ""
        return f"{ends}{kind}{step}"
    plain = ",".join(map(_scalar_text, values.values))
    return plain if _is_plain(plain, values) else json.dumps(list(values.values), ensure_ascii=False)


@takes(
    type="object",
    minProperties=1,
    maxProperties=MAX_PARAMETERS,
    propertyNames={"pattern": whole(HYPERPARAMETER_NAME)},
    additionalProperties={
        "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": _MAX_TEXT},
            {
                "type": "array",
                "minItems": 2,
                "maxItems": MAX_CHOICES,
                "items": {"type": ["string", "number", "boolean"]},
            },
        ]
    },
)
def read_space(value: object) -> dict[str, str]:
    """The space as texts, by name, in their one form; WrongValueError."""
    if not isinstance(value, Mapping) or not value or len(value) > MAX_PARAMETERS:
        raise WrongValueError(
            f"has to be a mapping of 1 to {MAX_PARAMETERS} hyperparameters, such as "
            f'{{learning_rate: "0.0001..0.1:log", units: [32, 64]}}, not {kind_of(value)}'
        )
    found: dict[str, str] = {}
    for name, item in value.items():
        if not isinstance(name, str) or not HYPERPARAMETER_NAME.fullmatch(name):
            raise WrongValueError(
                f"{short(name)} can't be a hyperparameter's name (letters, digits, _, - and .)"
            )
        try:
            found[name] = text_of(read_values(item))
        except WrongValueError as error:
            raise WrongValueError(str(error), f".{name}") from None
    if (size := len(json.dumps(found))) > _MAX_SPACE_BYTES:
        raise WrongValueError(
            f"takes {size} bytes as JSON; it can have {_MAX_SPACE_BYTES}: list fewer values"
        )
    return found


def parsed(texts: Mapping[str, str]) -> dict[str, Values]:
    """The space whose texts `read_space` has returned."""
    return {name: read_values(text) for name, text in texts.items()}


def size_of(space: Space) -> int | None:
    """The number of combinations; None if there is no end of them."""
    counts = [each.count for each in space.values()]
    return None if None in counts else math.prod(each or 0 for each in counts)


def _choices(values: list[Any]) -> Choices:
    for each in values:
        if isinstance(each, str) and _KIND_OF_RANGE.search(each):
            raise WrongValueError(
                f"lists {short(each)}: write a range with two dots, such as 0.0001..0.1:log"
            )
        if not _is_value(each):
            raise WrongValueError(
                "has a value that isn't a number, a text or true/false, or is too large or too close to 0: "
                f"{short(each)}"
            )
    if not 2 <= len(values) <= MAX_CHOICES:
        raise WrongValueError(
            f"has to list 2 to {MAX_CHOICES} values, not {len(values)}; a single value is a hyperparameter"
        )
    if len(set(values)) < len(values):
        raise WrongValueError(f"lists a value twice: {short(values)}")
    return Choices(tuple(values))


def _is_value(value: object) -> bool:
    if isinstance(value, int | float):
        return is_storable(value)
    return isinstance(value, str) and 0 < len(value) <= 1000


def _range(text: str) -> Range:
    """A range with its kinds: `low..high[:log][:int][:step=x]`."""
    ends, *kinds = text.split(":")
    low, _, high = ends.partition("..")
    numbers = (_number(low, text), _number(high, text))
    found = Range(*numbers, is_int=all(each.is_integer() for each in numbers) and "int" in kinds)
    for kind in kinds:
        name, _, amount = kind.partition("=")
        if kind == "int":
            if not found.is_int:
                raise WrongValueError(f"has :int, so its ends have to be whole numbers: {short(text)}")
        elif kind == "log":
            found = replace(found, is_log=True)
        elif name == "step" and found.step is None:
            found = replace(found, step=_number(amount, text))
        else:
            raise WrongValueError(
                f"has to be {_FORMS}, not {short(text)}: {short(kind)} isn't :log, :int or :step=x"
            )
    if found.step and all(each.is_integer() for each in (*numbers, found.step)) and "." not in _dotless(text):
        found = replace(found, is_int=True)
    return _checked(found, text)


def _checked(found: Range, text: str) -> Range:
    if not found.low < found.high:
        raise WrongValueError(f"has to begin with its lower end: {short(text)}")
    if found.is_log and found.step:
        raise WrongValueError(f"can have :log or :step, not both: {short(text)}")
    if found.is_log and found.low <= 0:
        raise WrongValueError(f"has :log, so it has to begin above 0: {short(text)}")
    if found.step is None:
        return found
    fits = found.step > 0 and 1 < (found.count or 0) <= _MAX_STEPS + 1 and found.at(0) != found.at(1)
    if not fits or (found.is_int and not found.step.is_integer()):
        raise WrongValueError(
            f"needs a step above 0 that fits between its ends, at most a million times, and whole with :int: "
            f"{short(text)}"
        )
    # The last step need not meet the end.
    last = found.low + found.step * ((found.count or 1) - 1)
    return replace(found, high=round(last, 12))


def _dotless(text: str) -> str:
    return text.replace("..", " ", 1)


def _is_whole(text: str) -> bool:
    return _WHOLE_NUMBER.fullmatch(text.strip()) is not None


def _number(text: str, whole_text: str) -> float:
    number = _float(text)
    if number is None or math.isnan(number):
        raise WrongValueError(f"has to be {_FORMS}, not {short(whole_text)}")
    if not abs(number) <= _MAX_NUMBER or not is_storable(number):
        raise WrongValueError(f"has a number that is too large or too close to 0: {short(whole_text)}")
    return number


def _scalar(text: str) -> Scalar:
    if text in ("true", "false"):
        return text == "true"
    if _is_whole(text):
        return int(text)
    number = _float(text)
    return text if number is None or not math.isfinite(number) else number


def _float(text: str) -> float | None:
    """The number in a text; None for another text, also with the _ of Python's numbers."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _scalar_text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_plain(text: str, values: Choices) -> bool:
    """Whether a text with commas is read as these values, of these types."""
    if ".." in text or text.startswith("["):
        return False
    read = [_scalar(each.strip()) for each in text.split(",")]
    return read == list(values.values) and list(map(type, read)) == list(map(type, values.values))


def _number_text(number: float, *, is_int: bool) -> str:
    return str(int(number)) if is_int else repr(number)
