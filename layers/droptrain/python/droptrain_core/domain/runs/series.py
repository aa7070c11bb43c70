"""Metric series: the numbers of `metrics.jsonl` by name and step."""

import json
import math
from collections.abc import Iterable
from typing import TypeGuard

from droptrain_core.domain.frozen import frozen

MAX_POINTS = 1000
# Of all metrics together: an answer of the API has room for 6 MB.
_MAX_POINTS_IN_ALL = 50_000
_AXIS = "step"
_MAX_NAMES = 200
_MAX_NAME = 100
_LEAST_LINE_BYTES = len(b'{"":1}')
_MAX_LINE_BYTES = 1 << 16


@frozen
class Point:
    """One value of a metric; `step` is the line's own step, else the line's number from 1."""

    step: float
    value: float


@frozen
class Series:
    """A metric's values in order: all `count`, or at most MAX_POINTS including the last one."""

    name: str
    count: int
    points: tuple[Point, ...]


def read(lines: Iterable[bytes]) -> tuple[Series, ...]:
    """The series in JSON lines, in the order of their first values; other lines are skipped.

    With many metrics, each has fewer points.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for number, line in enumerate(lines, 1):
        values = _object(line)
        step = values.pop(_AXIS, None)
        at = float(step) if _is_number(step) else number
        for name, value in values.items():
            if len(name) <= _MAX_NAME and _is_number(value) and (name in found or len(found) < _MAX_NAMES):
                found.setdefault(name, []).append((at, float(value)))
    most = min(MAX_POINTS, _MAX_POINTS_IN_ALL // max(len(found), 1))
    return tuple(Series(name, len(points), _thinned(points, most)) for name, points in found.items())


def _thinned(points: list[tuple[float, float]], most: int) -> tuple[Point, ...]:
    last = len(points) - 1
    if len(points) > most:
        points = [points[last * number // (most - 1)] for number in range(most)]
    return tuple(Point(*point) for point in points)


def _object(line: bytes) -> dict[str, object]:
    # The script wrote the lines: millions without a value, or one of many megabytes, have to cost little.
    if not _LEAST_LINE_BYTES <= len(line) <= _MAX_LINE_BYTES or not line.lstrip().startswith(b"{"):
        return {}
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
