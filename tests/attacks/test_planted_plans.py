"""Every Batch job may write below runs/: a plan that training code has planted or changed is not trained."""

import json
from typing import Any

import pytest
from droptrain_core.domain.errors import ChangedPlanError, NotFoundError
from droptrain_core.domain.runs import plan as plans
from support.core_stack import Stack


@pytest.fixture
def launched(stack: Stack) -> Any:
    stack.publish_project()
    stack.launch.upload(*stack.drop()[0])
    (run,) = stack.query.runs(limit=10).runs
    return run


def plan_key(run_id: str) -> str:
    return f"runs/penguins/{run_id}/run.json"


def read(stack: Stack, run_id: str) -> Any:
    return json.load(stack.s3.get_object(Bucket="data", Key=plan_key(run_id))["Body"])


def test_the_job_and_the_record_know_the_plan_s_digest(stack: Stack, launched: Any) -> None:
    body = stack.s3.get_object(Bucket="data", Key=plan_key(launched.run_id))["Body"].read()
    assert launched.plan_sha256 == plans.plan_digest(json.loads(body))
    assert plans.plan_bytes(json.loads(body)) == body
    (job,) = stack.batch.describe_jobs(jobs=[launched.batch_job_id])["jobs"]
    given = {each["name"]: each["value"] for each in job["container"]["environment"]}
    assert given["DROPTRAIN_PLAN_SHA256"] == launched.plan_sha256


def test_the_plan_of_the_next_rerun_can_t_be_planted(stack: Stack, launched: Any) -> None:
    new_id, planted = plans.repeat_plan(read(stack, launched.run_id), 1)
    planted["hyperparameters"] = {"epochs": 1_000_000}
    stack.put(plan_key(new_id), json.dumps(planted).encode())
    again, new = stack.launch.repeat(launched.run_id, caller="ann")
    assert new
    assert again.run_id == new_id
    assert read(stack, new_id)["hyperparameters"] == {}
    assert plans.plan_digest(read(stack, new_id)) == again.plan_sha256


@pytest.mark.parametrize("change", [
    lambda plan: {**plan, "hyperparameters": {"epochs": 1_000_000}},
    lambda plan: {name: plan[name] for name in plan if name != "inputs"},
    lambda plan: {},
    lambda plan: {**plan, "inputs": "everything"},
])  # fmt: skip
def test_a_changed_plan_is_not_repeated(stack: Stack, launched: Any, change: Any) -> None:
    stack.put(plan_key(launched.run_id), json.dumps(change(read(stack, launched.run_id))).encode())
    with pytest.raises(ChangedPlanError, match="has been changed since its launch"):
        stack.launch.repeat(launched.run_id, caller="ann")


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff" * 10])
def test_a_plan_that_is_none_is_not_repeated(stack: Stack, launched: Any, body: bytes) -> None:
    stack.put(plan_key(launched.run_id), body)
    with pytest.raises(NotFoundError):
        stack.launch.repeat(launched.run_id, caller="ann")
