"""Early stopping of a sweep's trial: compare its metric with the other trials', and stop its code."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from droptrain_container import stopping_rules
from droptrain_container.peers import Peers
from droptrain_container.plan import EarlyStop, Plan
from droptrain_container.s3 import Bucket
from droptrain_container.series import Series
from droptrain_container.stopping_rules import Point, Reached
from droptrain_container.stops import Stops

LOOK_SECONDS = 1.0
_LAST_LOOK_SECONDS = 3.0


@dataclass(frozen=True)
class StoppedEarly:
    """At which step a trial was stopped, and with how many others it was compared at which level."""

    step: int
    level: int
    compared_with: int


@contextmanager
def watching(
    plan: Plan, bucket: Bucket, series: Series, stops: Stops, say: Callable[[str], None]
) -> Iterator[Callable[[], StoppedEarly | None]]:
    """Watch a trial with early stopping; yields a function that returns where it was stopped."""
    if plan.early_stop is None:
        yield lambda: None
        return
    peers, points = Peers(bucket, plan.early_stop.prefix), series.follow(plan.early_stop.metric)
    watcher = Watcher(plan.early_stop, peers, points, stops.stop_early, say)
    watcher.start()
    try:
        yield lambda: watcher.stopped_early
    finally:
        watcher.end()


class Watcher:
    """A thread that looks at the metric's points each second and calls `stop` at most once.

    It never ends a training by failing: without S3 the trial is not compared.
    """

    def __init__(
        self,
        plan: EarlyStop,
        peers: Peers,
        points: Callable[[], Sequence[Point]],
        stop: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.stopped_early: StoppedEarly | None = None
        self._plan = plan
        self._rule = stopping_rules.rule_of(plan.method, plan.goal)
        self._peers = peers
        self._points = points
        self._stop = stop
        self._say = say
        self._has_failed = False
        self._passed: set[int] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="early stopping", daemon=True)

    def start(self) -> None:
        """Begin to look, from a thread."""
        self._thread.start()

    def end(self) -> None:
        """Stop nothing from here on; the last values are reported, if that takes no more than 3 s."""
        self._ended.set()
        self._thread.join(_LAST_LOOK_SECONDS)

    def look(self) -> None:
        """Compare at each level that the metric has newly reached; the first failure is logged."""
        try:
            for at in self._rule.reached(self._points()):
                if at.level not in self._passed and self.stopped_early is None:
                    # Before S3 is asked: what fails isn't asked again each second.
                    self._passed.add(at.level)
                    self._compare(at)
        except Exception as error:  # noqa: BLE001  the training goes on, and the next level is due
            if not self._has_failed:
                self._has_failed = True
                self._say(f"Early stopping could not compare the trials; the training continues: {error}")

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS) and self.stopped_early is None:
            self.look()
        self.look()

    def _compare(self, at: Reached) -> None:
        others = self._peers.values(at.level)
        if others.pop(self._plan.trial, None) is not None:
            return  # an earlier attempt of this trial was here
        if math.isfinite(at.last):
            self._peers.report(at.level, self._plan.trial, self._rule.report(at))
        if self._ended.is_set() or not self._rule.stops(at, list(others.values())):
            return
        step, value = self._points()[-1]
        self.stopped_early = StoppedEarly(int(step), at.level, len(others))
        self._say(
            f"Stopped early at step {step:g}: {self._plan.metric} is {value:g}, and at step {at.level} "
            f"{self._rule.why(len(others))}."
        )
        self._stop()
