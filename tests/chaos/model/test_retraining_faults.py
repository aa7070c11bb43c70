"""The model finds faults that break promises of projects that train again, when they are put back."""

from collections.abc import Callable

import pytest
from chaos.model.memory import MemoryWakeUps
from chaos.model.retrain_machine import Retraining
from chaos.model.retraining import MemorySchedules
from droptrain_core.domain.runs import retraining
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

MANY = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def a_time_that_two_launches_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retraining.Retraining, "covers", lambda *_: False)


def ends_of_cooldowns_that_are_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryWakeUps, "end_cooldown", lambda *_: None)
    patch.setattr(MemorySchedules, "put_cooldown", lambda *_: None)


def a_pause_that_schedules_ignore(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LaunchPolicy, "check_running", lambda _: None)


@pytest.mark.parametrize("put_back,promise", [
    (a_time_that_two_launches_answer, "was answered twice|was lost"),
    (ends_of_cooldowns_that_are_lost, "waits for ever"),
    (a_pause_that_schedules_ignore, "the pause was ignored"),
], ids=lambda it: getattr(it, "__name__", ""))  # fmt: skip
def test_a_fault_is_found(
    put_back: Callable[[pytest.MonkeyPatch], None], promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(monkeypatch)
    with pytest.raises(AssertionError, match=promise):
        run_state_machine_as_test(seed(1)(Retraining), settings=MANY)
