"""The lines of metrics.jsonl: the last number of each name in them, and the last step."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, TypeGuard

# The axis of a series, not a result.
_AXIS = "step"
_MAX_LINE_BYTES = 1 << 16
_MAX_NAMES = 200
_MAX_NAME = 100


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file that a script writes; one of more than 64 KiB is passed over, and never held."""
    is_within = False
    while line := file.readline(_MAX_LINE_BYTES + 1):
        is_whole = line.endswith(b"\n")
        if not is_within and (is_whole or len(line) <= _MAX_LINE_BYTES):
            yield line
        is_within = not is_whole


def last_values(lines: Iterable[bytes]) -> dict[str, float]:
    """The last finite number of each name in JSON lines; whatever isn't such is passed over."""
    values: dict[str, float] = {}
    for name, value in _numbers(lines):
        if math.isfinite(value) and (name in values or len(values) < _MAX_NAMES):
            values[name] = value
    return values


def last_numbers(lines: Iterable[bytes], earlier: Mapping[str, float]) -> dict[str, float]:
    """The last number of each name in `earlier` and then in JSON lines, also NaN and infinity."""
    values = dict(earlier)
    for name, value in _numbers(lines):
        if name in values or len(values) < _MAX_NAMES:
            values[name] = value
    return values


def last_step(lines: Iterable[bytes]) -> float:
    """The greatest finite step in JSON lines; 0 if there is none."""
    steps = (step for line in lines if _is_number(step := _object(line).get(_AXIS)))
    return max(filter(math.isfinite, steps), default=0)


def point_of(line: bytes, name: str, number: int) -> tuple[float, float] | None:
    """(step, value) of one name in a JSON line; None without a value. The line's number replaces a step."""
    found = _object(line)
    value, step = found.get(name), found.get(_AXIS)
    return (step if _is_number(step) else number, value) if _is_number(value) else None


def _numbers(lines: Iterable[bytes]) -> Iterator[tuple[str, float]]:
    for line in lines:
        for name, value in _object(line).items():
            if name != _AXIS and len(name) <= _MAX_NAME and _is_number(value):
                yield name, value


def _object(line: bytes) -> dict[str, object]:
    if len(line) > _MAX_LINE_BYTES or not line.lstrip().startswith(b"{"):
        return {}
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _is_number(value: object) -> TypeGuard[float]:
    """Whether it is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True
