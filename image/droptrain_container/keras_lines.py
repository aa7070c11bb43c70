"""The progress lines of Keras 2 and 3 (`Model.fit` with verbose 1 or 2): a point for each finished epoch."""

import re
from collections.abc import Iterable

from droptrain_container.points import Points

_EPOCH = re.compile(r"Epoch (\d{1,9})(?:/\d{1,9})?\s*", re.ASCII)
_PROGRESS = re.compile(r"\s{0,9}(\d{1,12})/(\d{1,12})\s", re.ASCII)
_VALUE = re.compile(r"([^\W\d][\w./-]{0,99}): (-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?|nan|-?inf)\s*", re.ASCII)


class KerasLines:
    """Reads finished lines in their order. An epoch's step is its number; a second `fit` counts on."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._epoch = 0
        self._offset = 0
        self._named: set[str] = set()
        self._steps = ""

    def read(self, line: str) -> None:
        """Read one line; what isn't of Keras is passed over."""
        if line.startswith("Epoch "):
            if header := _EPOCH.fullmatch(line):
                self._begin(int(header[1]))
        elif progress := _PROGRESS.match(line):
            self._progress(progress[1], progress[2], line)

    def _begin(self, epoch: int) -> None:
        if epoch <= self._epoch:
            self._offset += self._epoch
        self._epoch, self._named, self._steps = epoch, set(), ""

    def _progress(self, done: str, steps: str, line: str) -> None:
        """Of an epoch's own lines the last one counts: it has the validation's values too.

        What `evaluate` prints looks alike; it has fewer names, or another number of steps. A `fit` of one
        epoch has no header, so it counts only where it has values of a validation.
        """
        values = _values(line) if done == steps else {}
        if _is_validated(values) and (not self._epoch or _is_validated(self._named)):
            self._begin(1)
        self._steps = self._steps or steps
        if self._epoch and steps == self._steps and len(values) > len(self._named):
            self._named = set(values)
            for name, value in values.items():
                self._points.add(name, self._offset + self._epoch, value)


def _values(line: str) -> dict[str, float]:
    found = [match for part in line.split(" - ")[1:] if (match := _VALUE.fullmatch(part))]
    return {match[1]: float(match[2]) for match in found if match[1] != "step"}


def _is_validated(names: Iterable[str]) -> bool:
    return any(name.startswith("val_") for name in names)
