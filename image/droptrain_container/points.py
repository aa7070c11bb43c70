"""Points of metrics that were read from elsewhere, and the lines of metrics.jsonl that they make."""

import json
import math
import threading
from collections.abc import Iterable, Iterator

_MAX_NAMES = 200
_MAX_NAME = 100
# Of one name; a series that gets longer is thinned to every second point, and again.
_MAX_POINTS = 2_000

Point = tuple[str, float, float]  # name, step, value


class Points:
    """Values by name and step, safe for threads and bounded: at most 2,000 points of each of 200 names."""

    def __init__(self) -> None:
        self._values: dict[str, dict[float, float]] = {}
        self._last: dict[str, tuple[float, float]] = {}
        self._strides: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._not_finite: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, name: str, step: float, value: float) -> None:
        """Add a point; it takes the place of one of the same name and step.

        A value that isn't finite is no point; that it was the last one is remembered.
        """
        if not name or len(name) > _MAX_NAME or not math.isfinite(step):
            return
        with self._lock:
            if name not in self._values and len(self._values) >= _MAX_NAMES:
                return
            if not math.isfinite(value):
                if name in self._not_finite or len(self._not_finite) < _MAX_NAMES:
                    self._not_finite[name] = step
                return
            self._not_finite.pop(name, None)
            values = self._values.setdefault(name, {})
            stride, count = self._strides.get(name, 1), self._counts.get(name, 0)
            self._counts[name] = count + 1
            self._last[name] = (step, value)
            if step in values or count % stride == 0:
                values[step] = value
            if len(values) >= _MAX_POINTS:
                self._values[name] = dict(list(values.items())[::2])
                self._strides[name] = 2 * stride

    def __len__(self) -> int:
        """How many names have a value."""
        return len(self._values)

    def __iter__(self) -> Iterator[Point]:
        """Each point that is kept, and the last one of each name."""
        with self._lock:
            return iter([
                (name, step, value)
                for name, values in self._values.items()
                for step, value in [*values.items(), self._last[name]]
            ])  # fmt: skip

    @property
    def last_step(self) -> float:
        """The greatest step of the last point of each name; 0 if there is none."""
        with self._lock:
            return max((step for step, _ in self._last.values()), default=0)

    @property
    def not_finite(self) -> dict[str, float]:
        """The names whose last value was NaN or infinite, each with that value's step."""
        with self._lock:
            return dict(self._not_finite)

    def of(self, name: str) -> dict[float, float]:
        """The values of one name by step, NaN if the last one was not finite."""
        with self._lock:
            found = self._values.get(name, {}) | dict([self._last[name]] if name in self._last else [])
            return found | ({self._not_finite[name]: math.nan} if name in self._not_finite else {})


def lines(points: Iterable[Point]) -> bytes:
    """A JSON line for each step, in the order of steps, with the values of all names at that step."""
    rows: dict[float, dict[str, float]] = {}
    for name, step, value in points:
        rows.setdefault(step, {})[name] = value
    texts = (json.dumps({"step": _number(step), **rows[step]}) for step in sorted(rows))
    return "".join(f"{text}\n" for text in texts).encode()


def _number(step: float) -> float:
    return int(step) if float(step).is_integer() else step
