"""A soak names each promise that a sweep breaks."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from chaos.soak.sweeps import SeenSweep, broken
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.sweep import Best, Counts, Standing, Sweep
from support.records import run

AT = "2026-11-23T02:10:00Z"
BEST = Best(2, "r2", 0.1, {"x": 0.1})
SWEEP = Sweep(
    sweep_id="s", project="p", dataset="d", status="SUCCEEDED", created_at=AT, updated_at=AT,
    created_order=AT, created_by="ann", method="random", trials=3, parallel=2, early_stop="none",
    space={"x": "0..1"}, seed=0, metric="loss", goal="minimize", template=run(), limit_usd=1.0,
    trial_usd=0.4, notified_at=AT, standing=Standing(Counts(succeeded=3), best=BEST),
)  # fmt: skip


def ended(number: int, loss: float | None) -> Run:
    """The run of a trial that has succeeded, or without a value has failed."""
    cause = None if loss is not None else Cause("script_failed", "it failed", "")
    status: Any = "FAILED" if cause else "SUCCEEDED"
    metrics = {} if loss is None else {"loss": loss}
    return run(run_id=f"r{number}", trial=number, sweep="s", status=status, metrics=metrics, cause=cause)


CANCELLED = {"status": "CANCELLED", "cancelled_by": "ann"}
TRIALS = {1: ended(1, 0.5), 2: ended(2, 0.1), 3: ended(3, None)}


@pytest.mark.parametrize(
    ("change", "seen", "problem"),
    [
        ({}, {}, None),
        ({"status": "RUNNING"}, {}, "is RUNNING"),
        ({"notified_at": None}, {}, "notified at None"),
        ({}, {"trials": {1: TRIALS[1], 2: TRIALS[2]}}, "with 2 of 3 trials"),
        ({}, {"trials": {1: TRIALS[1], 2: TRIALS[2], 4: TRIALS[3]}}, "has the trials [1, 2, 4]"),
        ({}, {"most_running": 3}, "had 3 trials at once, of at most 2"),
        ({}, {"most_held": 1_000_001}, "of at most 1.0 USD"),
        ({"standing": Standing(Counts(), best=replace(BEST, value=0.5))}, {}, "has the best"),
        ({"status": "FAILED"}, {}, "which nobody did to it"),
        ({"status": "CANCELLED"}, {}, "which nobody did to it"),
        (CANCELLED, {"trials": {2: TRIALS[2], 1: TRIALS[1]}}, None),
        ({"cancelled_by": "ann"}, {}, "was cancelled, and is SUCCEEDED"),
        (CANCELLED, {"trials": TRIALS | {3: replace(TRIALS[3], status="RUNNING")}}, "trials [3] have not"),
        (CANCELLED, {"late": [3]}, "has started the trials [3] after"),
    ],
)
def test_a_broken_promise_is_named(change: dict[str, Any], seen: dict[str, Any], problem: str | None) -> None:
    given: dict[str, Any] = {"trials": TRIALS, "most_running": 2, "most_held": 9}
    found = SeenSweep(replace(SWEEP, **change), **(given | seen))
    problems = list(broken(found, Counter({"s": 1})))
    assert [problem in each for each in problems if problem] == [True] * bool(problem), problems
    assert bool(problems) == bool(problem)


def test_a_trial_that_begins_after_the_cancellation_is_noted() -> None:
    seen = SeenSweep(SWEEP)
    seen.note(TRIALS[1])
    seen.is_cancelled = True
    seen.note(TRIALS[1])
    seen.note(TRIALS[2])
    assert seen.late == [2]


def test_what_runs_and_is_held_at_once_is_noted_at_each_change() -> None:
    seen = SeenSweep(SWEEP)
    running = replace(ended(1, None), status="RUNNING", cause=None)
    seen.note(running)
    seen.note(replace(running, trial=2))
    seen.note(TRIALS[1])
    seen.note(replace(running, trial=3))
    assert (seen.most_running, seen.most_held) == (2, 800_000)
    assert list(broken(seen, Counter())) == [f"s is SUCCEEDED, notified at {AT}, with 0 notices"]
