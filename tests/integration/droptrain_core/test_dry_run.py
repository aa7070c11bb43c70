"""A dry run answers as a launch would, and writes nothing."""

from typing import Any

import pytest
from droptrain_core.domain.costs.budget import Account, Budget
from droptrain_core.domain.errors import PausedError, RejectedError
from droptrain_core.domain.runs.launch_policy import LaunchPolicy

WORST = 0.587 * (4 * 3600 + 1080) / 3600


def items(stack) -> list[Any]:
    return stack.dynamodb.scan(TableName="runs")["Items"]


def test_a_dry_run_is_the_run_that_a_launch_makes(stack) -> None:
    stack.publish_project()
    stack.drop()
    before = items(stack)
    dry = stack.launch.dry_run("penguins", "first", caller="ann")
    assert (dry.status, items(stack), stack.batch_jobs()) == ("CLAIMED", before, [])
    assert dry.estimate.worst_usd == pytest.approx(WORST)
    run = stack.launch.request("penguins", "first", caller="ann")[0]
    assert (run.run_id, run.estimate) == (dry.run_id, dry.estimate)
    assert stack.launch.dry_run("penguins", "first", caller="ann") == stack.table.get(run.run_id)
    again = stack.launch.dry_run("penguins", "first", caller="ann", rerun=True)
    assert (again.status, again.rerun_of) == ("CLAIMED", run.run_id)


@pytest.mark.parametrize("dataset", ["", "first"])
def test_a_dry_run_needs_no_data(stack, dataset) -> None:
    stack.publish_project()
    dry = stack.launch.dry_run("penguins", dataset, caller="ann")
    assert (dry.status, dry.estimate.worst_usd) == ("CLAIMED", pytest.approx(WORST))


def test_a_dry_run_says_why_a_launch_would_be_rejected(stack) -> None:
    stack.budget = Budget(month_usd=1.0)
    stack.publish_project()
    stack.drop()
    dry = stack.launch.dry_run("penguins", "first", caller="ann")
    assert (dry.status, dry.cause.code) == ("REJECTED", "over_budget")
    assert stack.accounts.read(["2026-11"])["2026-11"] == Account()
    stack.put("projects/penguins/train.yaml", b"timeout: soon\n")
    assert stack.launch.dry_run("penguins", "first", caller="ann").cause.code == "bad_recipe"
    stack.put("projects/penguins/train.yaml", b"entrypoint: gone.sh\n")
    assert stack.launch.dry_run("penguins", "first", caller="ann").cause.code == "code_missing"


def test_a_dry_run_takes_overrides(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"hyperparameters: {epochs: 10}\n")
    with pytest.raises(RejectedError, match="epochs"):
        stack.launch.dry_run("penguins", caller="ann", overrides={"hyperparameters": {"epoch": 5}})
    dry = stack.launch.dry_run("penguins", caller="ann", overrides={"hyperparameters": {"epochs": 5}})
    assert dry.hyperparameters == {"epochs": 5}


def test_a_dry_repeat_is_the_run_that_a_repeat_makes(stack) -> None:
    stack.publish_project()
    stack.drop()
    run = stack.launch.request("penguins", "first", caller="ann")[0]
    dry = stack.launch.dry_repeat(run.run_id, caller="ann")
    assert (dry.status, len(stack.batch_jobs())) == ("CLAIMED", 1)
    again = stack.launch.repeat(run.run_id, caller="ann")[0]
    assert (again.run_id, again.estimate) == (dry.run_id, dry.estimate)


def test_a_paused_stack_answers_no_dry_run(stack) -> None:
    stack.publish_project()
    stack.policy = LaunchPolicy("maintenance")
    with pytest.raises(PausedError):
        stack.launch.dry_run("penguins", caller="ann")
