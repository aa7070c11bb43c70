"""Sweeps: their trials, their budget, their end."""

import pytest
from droptrain_core.domain import times
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.costs.estimate import OVERRUN_SECONDS
from droptrain_core.domain.errors import AlreadyFinishedError, SweepRefusedError
from droptrain_core.domain.notices.events import SweepFinished
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.reserve import Reserve
from jsonschema import Draft202012Validator
from support.core_stack import Stack
from support.sweeping import (
    GRID,
    RECIPE,
    advance,
    end,
    fail,
    now,
    order,
    project,
    running,
    start,
    stop_early,
    trials,
)

from droptrain_cli import event_schemas

# Ten minutes, and those until a trial is ended, on the stack's only instance type.
TRIAL_USD = 0.587 * (600 + OVERRUN_SECONDS) / 3600

pytestmark = pytest.mark.usefixtures("stack")


@pytest.fixture
def penguins(stack: Stack) -> Stack:
    return project(stack)


def test_a_grid_trains_each_combination_once_and_never_more_than_its_parallel_trials(penguins) -> None:
    sweep = start(penguins)
    for number in range(1, 7):
        assert running(penguins, sweep) == [each for each in (number, number + 1) if each <= 6]
        end(penguins, sweep, number, value=number / 10)
    ended = now(penguins, sweep)
    assert ended.status == "SUCCEEDED"
    assert ended.standing.best.value == 0.6
    found = [tuple(each.hyperparameters.values()) for each in trials(penguins, sweep)]
    assert sorted(found) == [(rate, units) for rate in (0.1, 0.2) for units in (16, 32, 64)]
    assert len({job["jobName"] for job in penguins.batch_jobs()}) == len(penguins.batch_jobs()) == 6


def test_repeated_events_launch_nothing_twice(penguins) -> None:
    sweep = start(penguins)
    for _ in range(3):
        advance(penguins, sweep)
    end(penguins, sweep, 1)
    for _ in range(3):
        advance(penguins, sweep)
    assert len(penguins.batch_jobs()) == 3


def test_the_same_request_is_the_same_sweep_and_its_trials_repeat_its_draws(penguins) -> None:
    requests = penguins.wiring.launch_sweeps()
    wanted = order(space={"rate": "0.01..1:log"}, method="random", trials=3)
    first, is_new = requests.request(wanted, caller="ann")
    again, is_new_again = requests.request(wanted, caller="ann")
    assert (is_new, is_new_again, first.sweep_id) == (True, False, again.sweep_id)
    other, _ = requests.request(order(space={"rate": "0.01..1:log"}, method="random", trials=4), caller="ann")
    assert other.sweep_id != first.sweep_id
    for sweep in (first, other):
        advance(penguins, sweep)
    drawn = [[each.hyperparameters for each in trials(penguins, sweep)] for sweep in (first, other)]
    assert drawn[0] == drawn[1][:3]


def test_a_sweep_reserves_once_and_gives_back_what_its_trials_did_not_spend(penguins) -> None:
    penguins.budget = Budget(month_usd=100.0)
    sweep = start(penguins)
    account = penguins.accounts.read(["2026-11"])["2026-11"]
    assert account.committed == pytest.approx(6 * TRIAL_USD * 1e6, abs=10)
    for number in range(1, 7):
        end(penguins, sweep, number)
    penguins.wiring.notify_sweep().ended(sweep.sweep_id)
    account = penguins.accounts.read(["2026-11"])["2026-11"]
    costs = sum(each.cost_usd or 0.0 for each in trials(penguins, sweep))
    assert account.committed == account.spent == pytest.approx(costs * 1e6, abs=10)


def test_a_sweep_ends_with_the_best_so_far_when_another_trial_might_pass_its_limit(penguins) -> None:
    sweep = start(penguins, max_cost_usd=TRIAL_USD * 2.2, parallel=4)
    assert running(penguins, sweep) == [1, 2]
    end(penguins, sweep, 1, 0.4)
    assert running(penguins, sweep) == [2]
    end(penguins, sweep, 2, 0.7)
    ended = now(penguins, sweep)
    while ended.status == "RUNNING":
        end(penguins, sweep, running(penguins, sweep)[0], 0.1)
        ended = now(penguins, sweep)
    assert (ended.status, ended.stop.code, ended.standing.best.value) == ("SUCCEEDED", "sweep_limit", 0.7)
    assert ended.known_standing.charged_usd <= TRIAL_USD * 2.2


def test_a_request_that_its_own_repeat_overtakes_gets_the_sweep_and_no_refusal(penguins, monkeypatch) -> None:
    penguins.budget = Budget(runs_at_once=2)
    requests = penguins.wiring.launch_sweeps()
    reserve = Reserve.sweep
    overtaken: list[Sweep] = []

    def late(*args, **settings):
        if not overtaken:
            monkeypatch.setattr(Reserve, "sweep", reserve)
            overtaken.append(requests.request(order(**GRID), caller="ann")[0])
        return reserve(*args, **settings)

    monkeypatch.setattr(Reserve, "sweep", late)
    sweep, is_new = requests.request(order(**GRID), caller="ann")
    assert (sweep.sweep_id, is_new) == (overtaken[0].sweep_id, False)


def test_a_sweep_without_room_in_the_budget_is_refused_with_the_numbers(penguins) -> None:
    penguins.budget = Budget(month_usd=0.5)
    with pytest.raises(
        SweepRefusedError, match=r"The sweep may cost up to \$1\.\d\d, and \$0.50 of the stack's"
    ):
        start(penguins)


def test_a_trial_that_was_stopped_early_is_no_model_and_no_usual_duration(penguins) -> None:
    sweep = start(penguins, method="random", trials=2, parallel=1)
    stop_early(penguins, sweep, 1, 0.9)
    assert penguins.prices.read("penguins").history == ()
    whole = end(penguins, sweep, 2, 0.5)
    assert len(penguins.prices.read("penguins").history) == 1
    assert now(penguins, sweep).standing.best.run_id == whole.run_id
    penguins.wiring.notify_sweep().ended(sweep.sweep_id)
    (notice,) = penguins.notices()
    assert f"droptrain get {whole.run_id}" in notice["Message"]
    assert "2 succeeded (1 stopped early)" in notice["Message"]


def test_the_gate_lets_no_trial_pass_that_was_stopped_early(penguins) -> None:
    sweep = start(penguins, method="random", trials=1)
    run = stop_early(penguins, sweep, 1, 0.9)
    penguins.put(f"runs/penguins/{run.run_id}/export/model.keras")
    penguins.wiring.notify_sweep().ended(sweep.sweep_id)
    (notice,) = penguins.notices()
    assert "the run was stopped early, so its training isn't finished" in notice["Message"]


def test_three_failures_with_one_cause_end_the_sweep_with_that_cause(penguins) -> None:
    sweep = start(penguins, parallel=4)
    for number in (1, 2, 3):
        fail(penguins, sweep, number)
    stopped = now(penguins, sweep)
    assert stopped.stop.message.startswith("The first 3 trials failed with the same cause: ")
    assert len(trials(penguins, sweep)) <= 6
    for number in running(penguins, sweep):
        assert penguins.table.get(sweep.run_id(number)).cancelled_by
        fail(penguins, sweep, number)
    assert now(penguins, sweep).status == "FAILED"


def test_a_metric_that_no_trial_reports_ends_the_sweep_after_two_trials(penguins) -> None:
    sweep = start(penguins)
    end(penguins, sweep, 1, None)
    end(penguins, sweep, 2, None)
    stopped = now(penguins, sweep)
    assert (stopped.stop.code, stopped.launched) == ("no_metric", 3)


def test_a_cancelled_sweep_cancels_its_trials_and_starts_no_more(penguins) -> None:
    sweep = start(penguins)
    cancelled = penguins.wiring.cancel_sweep().sweep(sweep.sweep_id, "bob")
    assert cancelled.cancelled_by == "bob"
    for number in running(penguins, sweep):
        fail(penguins, sweep, number)
    ended = now(penguins, sweep)
    assert (ended.status, ended.launched) == ("CANCELLED", 2)


def test_a_sweep_keeps_the_recipe_and_the_code_of_its_start(penguins) -> None:
    sweep = start(penguins, space={"units": "16,32,64"}, parallel=1)
    penguins.put("projects/penguins/train.yaml", b"no recipe: [")
    penguins.s3.delete_object(Bucket="data", Key="projects/penguins/code/run.sh")
    for number in (1, 2, 3):
        end(penguins, sweep, number)
    assert now(penguins, sweep).status == "SUCCEEDED"
    runs = [penguins.table.get(sweep.run_id(number)) for number in (1, 2, 3)]
    assert len({(run.recipe, run.code, run.inputs_digest) for run in runs}) == 1


def test_cancelling_again_changes_nothing_and_an_ended_sweep_refuses_it(penguins) -> None:
    sweep = start(penguins, parallel=1)
    cancel = penguins.wiring.cancel_sweep()
    assert [cancel.sweep(sweep.sweep_id, by).cancelled_by for by in ("ann", "bob")] == ["ann", "ann"]
    end(penguins, sweep, 1)
    ended = now(penguins, sweep)
    assert (ended.status, ended.known_standing.counts.left) == ("CANCELLED", 5)
    with pytest.raises(AlreadyFinishedError):
        cancel.sweep(sweep.sweep_id, "ann")


def test_the_best_trial_becomes_the_current_model_by_the_recipe_s_gate(penguins) -> None:
    sweep = start(penguins)
    penguins.put(f"runs/penguins/{sweep.run_id(1)}/export/model.keras")
    for number in range(1, 7):
        end(penguins, sweep, number, value=1.0 - number / 10)
    assert penguins.read_models.of_project("penguins").current.promotion is None
    penguins.wiring.notify_sweep().ended(sweep.sweep_id)
    promotion = penguins.read_models.of_project("penguins").current.promotion
    assert (promotion.run_id, promotion.by) == (sweep.run_id(1), "gate")
    assert "Current model: this run's.\n" in penguins.notices()[0]["Message"]


def test_one_notice_tells_of_the_whole_sweep_and_moves_the_models_to_its_best_trial(penguins) -> None:
    sweep = start(penguins)
    for number in range(1, 7):
        end(penguins, sweep, number, value=1.0 - number / 10)
    assert penguins.notices() == []
    assert penguins.pointers.read("penguins", "best") is None
    penguins.wiring.notify_sweep().ended(sweep.sweep_id)
    [notice] = penguins.notices()
    assert notice["Subject"] == "SUCCEEDED sweep of penguins/first accuracy=0.9"
    assert f"droptrain rerun {sweep.run_id(1)}" in notice["Message"]
    assert "Current model: not this run's: the run left no files in export/. " in notice["Message"]
    [event] = penguins.events_on_bus()
    Draft202012Validator(event_schemas.schema(SweepFinished)).validate(event["detail"])
    assert (event["detail-type"], event["detail"]["best"]["trial"]) == ("Sweep Finished", 1)
    for name in ("best", "latest"):
        assert penguins.pointers.read("penguins", name).pointer.run_id == sweep.run_id(1)
    penguins.wiring.notify_sweep().ended(sweep.sweep_id)
    assert penguins.notices() == []


def test_a_drop_starts_the_sweep_that_the_recipe_names_once(stack) -> None:
    stack.publish_project()
    recipe = "metric: {name: accuracy}\nsweep: {method: grid, space: {units: [16, 32]}}\n"
    stack.put("projects/penguins/train.yaml", recipe.encode())
    events = stack.drop()
    answers = [stack.launch.upload(*event).answer for event in (*events, *events)]
    assert answers == ["launched", "repeated", "repeated", "repeated"]
    [sweep] = stack.sweeps.page(project="penguins", limit=10, position=None).sweeps
    advance(stack, sweep)
    assert [each.hyperparameters["units"] for each in trials(stack, sweep)] == [16, 32]
    assert {run.run_id for run in stack.query.runs(limit=10).runs} == {sweep.run_id(1), sweep.run_id(2)}


def test_a_drop_whose_sweep_has_no_metric_is_rejected_with_the_fix(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"sweep: {method: grid, space: {units: [16, 32]}}\n")
    first, _ = stack.drop()
    assert stack.launch.upload(*first).answer == "rejected"
    [run] = stack.query.runs(limit=10).runs
    assert "the recipe names none" in run.cause.message


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"space": {"rate": "0..1"}, "method": "grid"}, "space.rate can't make a grid of '0.0..1.0'"),
        ({"space": {"units": "1..600:int"}, "method": "grid"}, "space would make a grid of 600 combinations"),
        ({"space": {"units": "1,2"}, "trials": 3, "method": "random"}, "are more than the 2 combinations"),
        ({"space": {"unit": "1,2"}}, "space.unit: the recipe has no hyperparameter of this name"),
        ({"space": {"units": "1..2"}, "max_cost_usd": 0.01}, "doesn't pay for one trial"),
        ({"trials": 501}, "trials has to be a whole number from 1 to 500"),
        ({"parallel": 51}, "parallel has to be a whole number from 1 to 50"),
        ({"space": {"units": "2..1"}}, "space.units has to begin with its lower end"),
    ],
)
def test_what_a_sweep_cannot_be_is_refused_with_the_field(penguins, given, problem) -> None:
    with pytest.raises(SweepRefusedError) as refused:
        penguins.wiring.launch_sweeps().request(order(**given), caller="ann")
    assert problem in str(refused.value)


def test_the_reconciler_finishes_what_a_lost_event_left(penguins) -> None:
    requests = penguins.wiring.launch_sweeps()
    sweep, _ = requests.request(order(space={"rate": "0..1"}, method="random", trials=1), caller="ann")
    penguins.later(minutes=5)
    assert penguins.reconcile.all()["woken"] == 1
    assert now(penguins, sweep).woken_at == times.to_text(penguins.now)
    advance(penguins, sweep)
    [trial] = trials(penguins, sweep)
    end(penguins, sweep, trial.number)
    penguins.later(minutes=5)
    assert penguins.reconcile.all()["notified"] == 1


def test_prepared_data_are_prepared_once_for_all_trials(stack) -> None:
    stack.put("projects/penguins/code/prepare.py", b"print()\n")
    sweep = start(project(stack, RECIPE + "prepare: {entrypoint: prepare.py}\n"), parallel=3)
    first, *others = (stack.table.get(sweep.run_id(number)) for number in (1, 2, 3))
    assert first.waits_for is None
    assert [each.waits_for for each in others] == [first.run_id] * 2


def test_a_rerun_of_a_trial_is_an_ordinary_run_with_its_parameters(penguins) -> None:
    sweep = start(penguins, early_stop="asha")
    trial = end(penguins, sweep, 1)
    plan = penguins.bucket.plan("penguins", trial.run_id).document
    assert plan["early_stop"] == {
        "method": "asha", "metric": "accuracy", "goal": "maximize",
        "prefix": f"sweeps/penguins/{sweep.sweep_id}/", "trial": 1,
    }  # fmt: skip
    rerun, _ = penguins.launch.repeat(trial.run_id, caller="ann")
    assert (rerun.sweep, rerun.trial, rerun.hyperparameters) == (None, None, trial.hyperparameters)
    assert "early_stop" not in penguins.bucket.plan("penguins", rerun.run_id).document
