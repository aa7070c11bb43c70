"""A run is trained again with its own settings, or the recipe's, on the newest data, code and recipe."""

from typing import Any

import pytest
from droptrain_core.domain.errors import NotFoundError, RejectedError
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.run import Run
from support.core_stack import Stack

RECIPE = b"hyperparameters: {epochs: 10, rate: 0.1, units: 8}\n"
NEWER = b"hyperparameters: {epochs: 20, rate: 0.2, units: 8, dropout: 0.5}\n"


def trained(stack: Stack, **overrides: Any) -> Run:
    """A run whose project has since got another recipe, other code and other data."""
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", RECIPE)
    stack.drop()
    run: Run = stack.launch.request("penguins", "first", caller="ann", overrides=overrides)[0]
    stack.later(seconds=1)
    stack.put("projects/penguins/train.yaml", NEWER)
    stack.publish_project(b"echo newer\n")
    stack.drop()
    return run


def again(stack: Stack, run: Run, **more: Any) -> Run:
    project, dataset, kept = stack.launch.requests.of_run(run.run_id, keeps_settings=True)
    dry = stack.launch.dry_run(project, dataset, caller="bob", rerun=True, kept=kept, **more)
    made: Run
    made, is_new = stack.launch.request(project, dataset, caller="bob", rerun=True, kept=kept, **more)
    assert is_new
    assert made.run_id == dry.run_id
    return made


def test_the_settings_of_the_run_meet_the_newest_data_code_and_recipe(stack: Stack) -> None:
    run = trained(stack, hyperparameters={"rate": 0.3}, resources={"vcpus": 2})
    made = again(stack, run)
    assert made.hyperparameters == {"epochs": 10, "rate": 0.3, "units": 8, "dropout": 0.5}
    assert made.job
    assert made.job.vcpus == 2
    assert made.recipe != run.recipe
    assert made.code != run.code
    assert made.inputs_digest != run.inputs_digest
    plan = stack.bucket.plan("penguins", made.run_id)
    assert plan
    assert plan.document["overrides"] == {
        "hyperparameters": {"epochs": 10, "rate": 0.3}, "resources": {"vcpus": 2},
    }  # fmt: skip


def test_an_override_is_laid_over_the_settings_of_the_run_and_checked(stack: Stack) -> None:
    run = trained(stack, hyperparameters={"rate": 0.3})
    assert again(stack, run, overrides={"hyperparameters": {"epochs": 3}}).hyperparameters["epochs"] == 3
    with pytest.raises(RejectedError, match="epochs"):
        again(stack, run, overrides={"hyperparameters": {"epoch": 3}})


def test_settings_that_the_newest_recipe_would_refuse_are_kept(stack: Stack) -> None:
    run = trained(stack)
    stack.put("projects/penguins/train.yaml", b"hyperparameters: {epochs_of_training: 5}\n")
    assert again(stack, run).hyperparameters == {
        "epochs_of_training": 5, "epochs": 10, "rate": 0.1, "units": 8,
    }  # fmt: skip


def test_a_rerun_of_the_same_settings_is_a_new_run_each_time(stack: Stack) -> None:
    run = trained(stack)
    first, second = again(stack, run), again(stack, run)
    assert first.run_id != second.run_id
    assert second.rerun_of == first.run_id


def test_resources_that_the_owner_has_limited_since_are_refused(stack: Stack) -> None:
    run = trained(stack, resources={"vcpus": 8})
    stack.policy = LaunchPolicy(most={"vcpus": 4})
    with pytest.raises(RejectedError, match=r"resources\.vcpus"):
        again(stack, run)


def test_a_run_that_was_rejected_for_its_data_is_trained_again_with_its_settings(stack: Stack) -> None:
    stack.put("projects/penguins/train.yaml", RECIPE)
    stack.drop()
    rejected = stack.launch.request(
        "penguins", "first", caller="ann", overrides={"hyperparameters": {"rate": 0.3}}
    )[0]
    assert rejected.status == "REJECTED"
    stack.publish_project()
    made = again(stack, rejected)
    assert (made.status, made.hyperparameters["rate"]) == ("SUBMITTED", 0.3)


def test_a_run_that_is_not_there_has_no_settings(stack: Stack) -> None:
    with pytest.raises(NotFoundError):
        stack.launch.requests.of_run("penguins-first-000000000000", keeps_settings=True)


def test_the_recipe_s_settings_need_no_plan_of_the_run(stack: Stack) -> None:
    run = trained(stack)
    stack.s3.delete_object(Bucket="data", Key=f"runs/penguins/{run.run_id}/run.json")
    found = stack.launch.requests.of_run(run.run_id, keeps_settings=False)
    assert found == ("penguins", "first", None)
    with pytest.raises(NotFoundError, match="take the recipe's settings"):
        stack.launch.requests.of_run(run.run_id, keeps_settings=True)
