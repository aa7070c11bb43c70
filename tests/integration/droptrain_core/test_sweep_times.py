"""Sweeps of the recipe at the times of a schedule, and in cooldowns."""

from typing import Any

import boto3
import pytest
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.sweep import Sweep
from support.core_stack import REGION, Stack
from support.sweeping import RECIPE, advance, end, fail, now, trials

SWEEP = "sweep: {method: grid, parallel: 2, space: {units: '16,32'}}\n"
WEEKLY = 'retrain: {schedule: "0 6 * * mon"}\n'
WEEKLY_IF_NEW = 'retrain: {schedule: "0 6 * * mon", only_if_new: true}\n'
HALF_A_DAY = "retrain: {cooldown: 12h}\n"
T1, T2 = "2026-11-23T02:00:00Z", "2026-11-23T02:15:00Z"


@pytest.fixture
def penguins(stack: Stack) -> Stack:
    """A project whose recipe has a sweep."""
    boto3.client("scheduler", region_name=REGION).create_schedule_group(Name="schedules")
    stack.publish_project()
    return stack


def publish(stack: Stack, retrain: str) -> None:
    stack.put("projects/penguins/train.yaml", (RECIPE + SWEEP + retrain).encode())


def drop(stack: Stack, dataset: str) -> list[str]:
    keys = [f"projects/penguins/data/{dataset}/{name}.csv" for name in ("train", "test")]
    return [stack.launch.uploads.upload(Created(*stack.put(key), stack.now)).answer for key in keys]


def sweeps(stack: Stack) -> list[Sweep]:
    """The project's sweeps, the oldest first."""
    return list(reversed(stack.sweeps.page(project="penguins", limit=100, position=None).sweeps))


def finish(stack: Stack, *, failed: int | None = None) -> Sweep:
    """End both trials of the newest sweep, one of them by an error."""
    sweep = sweeps(stack)[-1]
    advance(stack, sweep)
    for number in (1, 2):
        fail(stack, sweep, number) if number == failed else end(stack, sweep, number)
    return now(stack, sweep)


def rejected(stack: Stack) -> list[Run]:
    page = stack.table.page(project="penguins", where={"status": "REJECTED"}, limit=10, position=None)
    return list(page.runs)


def test_a_time_of_the_schedule_starts_one_sweep_on_the_newest_dataset(penguins: Stack) -> None:
    publish(penguins, WEEKLY)
    for dataset in ("first", "second"):
        drop(penguins, dataset)
        finish(penguins)
        penguins.later(minutes=1)
    first, second = (penguins.schedules.due("penguins", T1) for _ in range(2))
    assert (first.answer, second.answer, second.run_id) == ("launched", "repeated", first.run_id)
    sweep = finish(penguins)
    assert (sweep.dataset, sweep.created_by, sweep.status) == ("second", "schedule", "SUCCEEDED")
    assert first.run_id == sweep.run_id(1)
    assert {penguins.table.get(each.run_id).launched_by for each in trials(penguins, sweep)} == {"schedule"}
    penguins.later(minutes=15)
    assert penguins.schedules.due("penguins", T2).answer == "launched"
    assert [each.dataset for each in sweeps(penguins)] == ["first", "second", "second", "second"]


def test_a_sweep_without_room_at_its_time_is_a_rejected_run_of_that_time(penguins: Stack) -> None:
    publish(penguins, WEEKLY)
    drop(penguins, "first")
    finish(penguins)
    penguins.budget = Budget(month_usd=0.1)
    assert penguins.schedules.due("penguins", T1).answer == "rejected"
    assert [(run.launched_by, run.cause.code) for run in rejected(penguins)] == [("schedule", "over_budget")]
    assert len(sweeps(penguins)) == 1


def test_only_if_new_skips_a_time_after_a_sweep_that_succeeded_though_a_trial_failed(penguins: Stack) -> None:
    publish(penguins, WEEKLY_IF_NEW)
    drop(penguins, "first")
    assert finish(penguins, failed=2).status == "SUCCEEDED"
    assert penguins.schedules.due("penguins", T1).answer == "ignored"


def test_only_if_new_searches_again_after_a_sweep_that_was_cancelled(penguins: Stack) -> None:
    publish(penguins, WEEKLY_IF_NEW)
    drop(penguins, "first")
    sweep = sweeps(penguins)[-1]
    advance(penguins, sweep)
    penguins.wiring.cancel_sweep().sweep(sweep.sweep_id, "ann")
    for number in (1, 2):
        end(penguins, sweep, number)
    assert now(penguins, sweep).status == "CANCELLED"
    assert penguins.schedules.due("penguins", T1).answer == "launched"


def test_a_drop_that_starts_a_sweep_begins_the_cooldown(penguins: Stack) -> None:
    publish(penguins, HALF_A_DAY)
    assert drop(penguins, "first") == ["waiting", "launched"]
    penguins.later(hours=1)
    assert drop(penguins, "second") == ["waiting", "waiting"]
    assert len(sweeps(penguins)) == 1
    penguins.later(hours=11)
    over = penguins.wiring.end_cooldowns().over("penguins")
    assert over.answer == "launched"
    assert [each.dataset for each in sweeps(penguins)] == ["first", "second"]
    assert over.run_id == sweeps(penguins)[-1].run_id(1)
    assert penguins.dataset_table.read("penguins", "second").run_id == over.run_id
    assert drop(penguins, "third") == ["waiting", "waiting"], "the next cooldown has begun"


def test_a_rejected_sweep_begins_no_cooldown(penguins: Stack) -> None:
    publish(penguins, HALF_A_DAY)
    penguins.budget = Budget(month_usd=0.1)
    assert drop(penguins, "first") == ["waiting", "rejected"]
    penguins.budget = Budget(month_usd=100)
    assert drop(penguins, "second") == ["waiting", "launched"]


def test_drops_that_race_to_begin_a_cooldown_start_one_sweep(
    penguins: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(penguins, HALF_A_DAY)
    create = SweepTable.create

    def create_after_another(table: SweepTable, *args: Any, **more: Any) -> Any:
        monkeypatch.setattr(SweepTable, "create", create)
        assert drop(penguins, "second") == ["waiting", "launched"]
        return create(table, *args, **more)

    monkeypatch.setattr(SweepTable, "create", create_after_another)
    assert drop(penguins, "first") == ["waiting", "waiting"]
    assert [each.dataset for each in sweeps(penguins)] == ["second"]
    penguins.later(hours=12)
    assert penguins.wiring.end_cooldowns().over("penguins").answer == "launched"
    assert [each.dataset for each in sweeps(penguins)] == ["second", "first"]
