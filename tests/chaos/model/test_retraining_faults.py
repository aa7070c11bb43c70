"""The model finds faults that break promises of projects that train again, when they are put back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from chaos.model.memory import MemoryModelTable, MemoryTable, MemoryWakeUps
from chaos.model.retrain_machine import Retraining
from chaos.model.retraining import MemorySchedules
from droptrain_core.aws.model_table import Promoted
from droptrain_core.domain.runs import retraining
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

MANY = settings(
    max_examples=400,
    stateful_step_count=40,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def a_cooldown_that_two_launches_begin(patch: pytest.MonkeyPatch) -> None:
    begin = MemoryTable._begin_cooldown

    def unconditionally(table: MemoryTable, claim: Any, run_id: str) -> bool:
        known = table.retraining(claim.project)
        table.retrainings[claim.project] = replace(known, cooldown_until=None)
        return begin(table, claim, run_id)

    patch.setattr(MemoryTable, "_begin_cooldown", unconditionally)


def a_time_that_two_launches_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retraining.Retraining, "covers", lambda *_: False)


def a_promotion_over_one_that_was_not_seen(patch: pytest.MonkeyPatch) -> None:
    promote = MemoryModelTable.promote

    def over_any(table: Any, promotion: Promotion, now: CurrentModel, run: Any) -> Promoted:
        there = table._table.current.get(promotion.project, CurrentModel())
        return promote(table, promotion, there, run)

    patch.setattr(MemoryModelTable, "promote", over_any)


def ends_of_cooldowns_that_are_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryWakeUps, "end_cooldown", lambda *_: None)
    patch.setattr(MemorySchedules, "put_cooldown", lambda *_: None)


def a_pause_that_schedules_ignore(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LaunchPolicy, "check_running", lambda _: None)


@pytest.mark.parametrize("put_back,promise", [
    (a_cooldown_that_two_launches_begin, "in a cooldown of"),
    (a_time_that_two_launches_answer, "was answered twice|was lost"),
    (a_promotion_over_one_that_was_not_seen, ""),
    (ends_of_cooldowns_that_are_lost, "waits for ever"),
    (a_pause_that_schedules_ignore, "the pause was ignored"),
], ids=lambda it: getattr(it, "__name__", ""))  # fmt: skip
def test_a_fault_is_found(
    put_back: Callable[[pytest.MonkeyPatch], None], promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(monkeypatch)
    with pytest.raises(AssertionError, match=promise):
        run_state_machine_as_test(seed(1)(Retraining), settings=MANY)
