"""When a sweep's trial is stopped early: two rules, by its metric's points and the other trials' values.

Both compare at levels of the step, which are powers of 3 or of a root of 3: few requests, however many steps
there are, and no level has to be chosen for a recipe.
"""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from droptrain_container.plan import Goal, Method

Point = tuple[float, float]  # step, value

FACTOR = 3
# A trial's first points say little about its last one.
HALVING_GRACE_POINTS = 1
MEDIAN_GRACE_POINTS = 3
MEDIAN_PEERS = 5
_LARGEST_STEP = 1e12


@dataclass(frozen=True)
class Reached:
    """A level that a trial has reached, and its points up to then."""

    level: int
    points: Sequence[Point]

    @property
    def last(self) -> float:
        """The value at the level; one that isn't finite is worse than any other."""
        return self.points[-1][1]


class Rule(Protocol):
    """A rule of early stopping. A trial `reports` one value at each level that it has `reached`."""

    def reached(self, points: Sequence[Point]) -> Iterator[Reached]:
        """The levels that the points, in the order of steps, have reached."""

    def report(self, at: Reached) -> float:
        """What the other trials compare with."""

    def stops(self, at: Reached, others: Sequence[float]) -> bool:
        """Whether the trial is stopped, given what the other trials have reported at this level."""

    def why(self, others: int) -> str:
        """Why a trial is stopped that was compared with so many others."""


class Halving:
    """Asynchronous successive halving (Li et al., 2020) at reduction factor 3, in the form that stops trials.

    At steps 1, 3, 9, 27 … a trial continues if its value is among the best third, rounded up, of all values
    at that level so far. Equal values are as good. Its first HALVING_GRACE_POINTS points stop no trial.
    """

    def __init__(self, goal: Goal) -> None:
        self._sign = 1 if goal == "maximize" else -1

    def reached(self, points: Sequence[Point]) -> Iterator[Reached]:
        return _reached(points, 1)

    def report(self, at: Reached) -> float:
        return at.last

    def stops(self, at: Reached, others: Sequence[float]) -> bool:
        if len(at.points) <= HALVING_GRACE_POINTS:
            return False
        own = self._sign * at.last if math.isfinite(at.last) else -math.inf
        ranked = sorted((own, *(self._sign * value for value in others)), reverse=True)
        return own < ranked[math.ceil(len(ranked) / FACTOR) - 1]

    def why(self, others: int) -> str:
        return f"it was not among the best third of {others + 1} trials"


class Median:
    """The median stopping rule of Google Vizier (Golovin et al., 2017).

    A trial is stopped if its best value so far is worse than the median of the other trials' running averages
    at the same level. It needs MEDIAN_PEERS others and more than MEDIAN_GRACE_POINTS points. Its levels are
    four times as close as those of Halving: 1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 27 …
    """

    def __init__(self, goal: Goal) -> None:
        self._best = max if goal == "maximize" else min
        self._sign = 1 if goal == "maximize" else -1

    def reached(self, points: Sequence[Point]) -> Iterator[Reached]:
        return _reached(points, 4)

    def report(self, at: Reached) -> float:
        return statistics.fmean(value for _, value in at.points)

    def stops(self, at: Reached, others: Sequence[float]) -> bool:
        if len(others) < MEDIAN_PEERS or len(at.points) <= MEDIAN_GRACE_POINTS:
            return False
        best = self._sign * self._best(value for _, value in at.points)
        return not math.isfinite(at.last) or best < self._sign * statistics.median(others)

    def why(self, others: int) -> str:
        return f"its best value was worse than the median of {others} other trials"


def rule_of(method: Method, goal: Goal) -> Rule:
    """The rule of that name."""
    return Halving(goal) if method == "asha" else Median(goal)


def _reached(points: Sequence[Point], levels_per_power: int) -> Iterator[Reached]:
    """The levels at which points lie; of several that one point passes, the highest."""
    highest = 0
    for count, (step, _) in enumerate(points, 1):
        level = _level_of(step, levels_per_power)
        if level > highest:
            highest = level
            yield Reached(level, points[:count])


def _level_of(step: float, levels_per_power: int) -> int:
    """The highest level that is not above the step; 0 if there is none."""
    if step < 1:
        return 0
    power, level = 0, 1
    while (following := round(FACTOR ** (power / levels_per_power))) <= min(step, _LARGEST_STEP):
        power, level = power + 1, following
    return level
