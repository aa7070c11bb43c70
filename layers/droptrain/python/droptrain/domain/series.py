"""Metric series: the numbers of `metrics.jsonl` by name and step."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeGuard

MAX_POINTS = 1000
_AXIS = "step"
_MAX_NAMES = 200
_MAX_NAME = 100


@dataclass(frozen=True)
class Point:
    """One value of a metric; `step` is what its line says, else the line's number from 1."""

    step: float
    value: float


@dataclass(frozen=True)
class Series:
    """A metric's values in their order: all `count`, or MAX_POINTS of them, the last one among them."""

    name: str
    count: int
    points: tuple[Point, ...]


def read(lines: Iterable[bytes]) -> tuple[Series, ...]:
    """The series in JSON lines, in the order of their first values; what isn't such a line is passed over."""
    found: dict[str, list[Point]] = {}
    for number, line in enumerate(lines, 1):
        values = _object(line)
        step = values.pop(_AXIS, None)
        at = float(step) if _is_number(step) else number
        for name, value in values.items():
            if len(name) <= _MAX_NAME and _is_number(value) and (name in found or len(found) < _MAX_NAMES):
                found.setdefault(name, []).append(Point(at, float(value)))
    return tuple(Series(name, len(points), _thinned(points)) for name, points in found.items())


def _thinned(points: list[Point]) -> tuple[Point, ...]:
    if len(points) <= MAX_POINTS:
        return tuple(points)
    last = len(points) - 1
    return tuple(points[last * number // (MAX_POINTS - 1)] for number in range(MAX_POINTS))


def _object(line: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _is_number(value: object) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
