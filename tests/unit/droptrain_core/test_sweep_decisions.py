"""What a sweep does next, for every look at it that a process can have."""

from dataclasses import replace
from typing import Any

import pytest
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.recipes.space import parsed
from droptrain_core.domain.sweeps.decide import next_action
from droptrain_core.domain.sweeps.search import combination
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.trial import Trial, best_of, standing_of
from hypothesis import given
from hypothesis import strategies as st
from support.records import run


def sweep(**changes: Any) -> Sweep:
    values: dict[str, Any] = {
        "sweep_id": "penguins-first-sweep-0123456789ab", "project": "penguins", "dataset": "first",
        "status": "RUNNING", "created_at": "2026-11-23T02:10:00Z", "updated_at": "2026-11-23T02:10:00Z",
        "created_order": "2026-11-23T02:10:00.000Z#s", "created_by": "ann", "method": "random", "trials": 6,
        "parallel": 2, "early_stop": "none", "space": {"units": "1..9:int"}, "seed": 0, "metric": "accuracy",
        "goal": "maximize", "template": run(), "limit_usd": 6.0, "trial_usd": 1.0,
    }  # fmt: skip
    return Sweep(**(values | changes))


def trial(number: int, status: Any = "RUNNING", **changes: Any) -> Trial:
    charged = changes.pop("charged_usd", 1.0)
    return Trial(number, f"run-{number}", status, {"units": number}, charged_usd=charged, **changes)


def succeeded(number: int, value: float | None = 0.5, **changes: Any) -> Trial:
    return trial(number, "SUCCEEDED", value=value, cost_usd=0.1, charged_usd=0.1, **changes)


def failed(number: int, code: str = "script_raised") -> Trial:
    return trial(number, "FAILED", cause=Cause(code, "it failed", "fix it"), charged_usd=0.1)


def after(*trials: Trial, **changes: Any) -> Any:
    known = sweep(launched=len(trials), recorded=len(trials), **changes)
    return next_action(known, trials)


def test_trials_start_until_as_many_run_as_may() -> None:
    assert after().action == "draw"
    assert after(trial(1)).action == "draw"
    assert after(trial(1), trial(2)).action == "wait"
    assert after(trial(1), succeeded(2)).action == "draw"


def test_a_drawn_trial_is_launched_before_another_is_drawn() -> None:
    assert next_action(sweep(launched=2, recorded=1), (trial(1), trial(2, None))).action == "launch"


def test_a_stopped_sweep_forgets_the_trial_that_was_drawn_and_cancels_the_others() -> None:
    stopping = sweep(launched=2, recorded=1, cancelled_by="ann")
    assert next_action(stopping, (trial(1), trial(2, None))).action == "withdraw"
    stopping = replace(stopping, launched=1)
    assert next_action(stopping, (trial(1),)).trials == (trial(1),)
    assert next_action(stopping, (trial(1, is_cancelled=True),)).action == "wait"
    assert next_action(stopping, (trial(1, "CANCELLED"),)).status == "CANCELLED"


def test_a_sweep_waits_for_room_in_its_limit_while_trials_run_and_ends_without_any() -> None:
    assert after(trial(1), limit_usd=1.5).action == "wait"
    ended = after(succeeded(1), limit_usd=1.05)
    assert (ended.action, ended.cause.code) == ("stop", "sweep_limit")
    assert after(succeeded(1), limit_usd=1.1).action == "draw"


def test_three_failures_with_one_cause_stop_a_sweep_that_had_no_success() -> None:
    assert after(failed(1), failed(2)).action == "draw"
    assert after(failed(1), failed(2), failed(3)).cause.code == "script_raised"
    assert after(failed(1), failed(2, "out_of_memory"), failed(3)).action == "draw"
    assert after(failed(1), succeeded(2), failed(3), failed(4)).action == "draw"


def test_two_successes_without_the_metric_stop_a_sweep() -> None:
    assert after(succeeded(1, None)).action == "draw"
    assert after(succeeded(1, None), succeeded(2, None)).cause.code == "no_metric"
    assert after(succeeded(1, None), succeeded(2), succeeded(3, None)).action == "draw"


def test_a_sweep_ends_by_its_values() -> None:
    done = after(succeeded(1), failed(2), trials=2)
    assert (done.status, done.cause) == ("SUCCEEDED", None)
    vain = after(failed(1), failed(2), trials=2)
    assert (vain.status, vain.cause.message) == (
        "FAILED",
        "None of 2 trials succeeded. The last one: it failed",
    )


def test_trials_that_diverge_don_t_end_a_sweep_before_its_last_one() -> None:
    diverged = [replace(succeeded(number), value=None, has_diverged=True) for number in (1, 2, 3)]
    assert after(*diverged, trials=4).action == "draw"
    done = after(*diverged, trials=3)
    assert (done.status, done.cause.code) == ("FAILED", "diverged")
    assert after(*diverged, succeeded(4), trials=4).status == "SUCCEEDED"


@pytest.mark.parametrize(("goal", "best"), [("maximize", 2), ("minimize", 1)])
def test_the_best_is_the_first_with_the_best_value(goal: Any, best: int) -> None:
    trials = [succeeded(1, 0.1), succeeded(2, 0.9), succeeded(3, 0.9), succeeded(4, 0.1), failed(5)]
    found = best_of(sweep(goal=goal), trials)
    assert found
    assert found.trial == best


def test_a_trial_that_was_stopped_early_is_the_best_only_without_another() -> None:
    stopped, whole = replace(succeeded(1, 0.9), stopped_early=True), succeeded(2, 0.5)
    for trials, best in (([stopped, whole], 2), ([stopped, failed(2)], 1)):
        found = best_of(sweep(goal="maximize"), trials)
        assert found
        assert found.trial == best


def test_what_stopping_early_saved_is_measured_by_the_trials_that_ran_to_their_end() -> None:
    whole = [replace(succeeded(number), cost_usd=1.0) for number in (1, 2)]
    stopped = [replace(succeeded(number), cost_usd=0.25, stopped_early=True) for number in (3, 4)]
    assert standing_of(sweep(), [*whole, *stopped]).saved_usd == 1.5
    assert standing_of(sweep(), whole).saved_usd is None


def test_a_grid_has_each_combination_once() -> None:
    space = parsed({"a": "1,2,3", "b": "x,y", "c": "0..1:step=0.5"})
    found = [combination(space, index) for index in range(18)]
    assert len({tuple(each.items()) for each in found}) == 18
    assert found[0] == {"a": 1, "b": "x", "c": 0.0}


ENDS = st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=0, max_size=12)


@given(ENDS, st.data(), st.integers(1, 5), st.floats(1, 12))
def test_an_old_look_never_starts_a_trial_that_a_new_one_would_not(
    ends: list[tuple[bool, float]], data: Any, parallel: int, limit: float
) -> None:
    now = tuple(
        replace(succeeded(number), charged_usd=usd) if has_ended else trial(number)
        for number, (has_ended, usd) in enumerate(ends, 1)
    )
    before = tuple(trial(each.number) if data.draw(st.booleans()) else each for each in now)
    known = sweep(launched=len(now), recorded=len(now), trials=20, parallel=parallel, limit_usd=limit)
    if next_action(known, before).action == "draw":
        assert next_action(known, now).action == "draw"
        assert sum(not each.ended for each in now) < parallel
        assert sum(each.charged_usd for each in now) + 1.0 <= limit + 1e-6
