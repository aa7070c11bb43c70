"""A run without GPUs on the laptop cloud: from its dropped files to its end, beside runs with GPUs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.laptop_user import User
from support.waiting import wait_for

from droptrain_local.batch import Fault

WAITS = "trap 'exit 143' TERM; sleep 600 & wait\n"
CPU = "resources: {gpus: 0, vcpus: 8, memory_gib: 16}\n"


def job_of(user: User, run: dict[str, Any]) -> Any:
    [job] = user.cloud.client("batch").describe_jobs(jobs=[run["batch_job_id"]])["jobs"]
    return job


def logical_id(arn: str) -> str:
    return arn.rpartition("/")[2].partition(":")[0].removeprefix("droptrain-")


def statuses(user: User) -> list[str]:
    return [run["status"] for run in user.runs()]


def test_a_run_without_gpus_trains_in_the_cpu_queue_while_gpu_runs_fill_theirs(user: User) -> None:
    with_gpus = replace(user, project=f"{user.project}-g")
    with_gpus.publish(WAITS, "resources: {gpus: 1, vcpus: 8, memory_gib: 14}\n")
    for dataset in ("first", "second"):
        with_gpus.drop(dataset)
    wait_for("two runs with GPUs", lambda: statuses(with_gpus) == ["RUNNING", "RUNNING"])
    with_gpus.drop("third")
    wait_for("a run that waits", lambda: "RUNNABLE" in statuses(with_gpus))
    waits = with_gpus.runs()[0]
    assert logical_id(job_of(user, waits)["jobQueue"]) == "SpotJobQueue"

    user.publish("echo trained\n", CPU)
    user.drop()
    run = user.run_with("SUCCEEDED", "FAILED", "REJECTED")
    assert run["status"] == "SUCCEEDED", run["cause"]
    job = job_of(user, run)
    assert logical_id(job["jobQueue"]) == "CpuSpotJobQueue"
    assert logical_id(job["jobDefinition"]) == "CpuTrainingJobDefinition"
    assert job["container"]["image"].endswith(":cpu")
    asked = {each["type"]: each["value"] for each in job["container"]["resourceRequirements"]}
    assert asked == {"VCPU": "8", "MEMORY": "16384"}
    assert run["gpu"] is None
    assert run["cost"]["instance_type"].startswith("m6i.")
    assert {offer["instance_type"] for offer in run["estimate"]["offers"]} == {"m6i.2xlarge", "m6i.4xlarge"}
    status, logs = user.call("GET", f"/runs/{run['run_id']}/logs")
    assert status == 200
    assert "trained" in str(logs)
    for each in with_gpus.runs():
        user.call("POST", f"/runs/{each['run_id']}/cancel")


def test_the_on_demand_queue_of_cpu_instances_takes_a_run_that_may_not_use_spot(user: User) -> None:
    user.publish("exit 0\n", CPU + "spot: never\n")
    user.drop()
    run = user.run_with("SUCCEEDED", "FAILED", "REJECTED")
    assert run["status"] == "SUCCEEDED", run["cause"]
    assert logical_id(job_of(user, run)["jobQueue"]) == "CpuOnDemandJobQueue"


def test_a_run_that_spot_takes_continues_on_an_on_demand_cpu_instance(user: User) -> None:
    script = '[ "$DROPTRAIN_JOB_NUMBER" = 2 ] || { trap "exit 143" TERM; sleep 600 & wait; }\n'
    user.publish(script, CPU + "attempts: 1\n")
    user.drop()
    run = user.run_with("RUNNING")
    user.cloud.engine.reclaim(run["batch_job_id"])
    ended = user.run_with("SUCCEEDED", "FAILED")
    assert ended["status"] == "SUCCEEDED", ended["cause"]
    assert logical_id(job_of(user, ended)["jobQueue"]) == "CpuOnDemandJobQueue"


@pytest.mark.parametrize(("spot", "queue"), [("auto", "CpuSpotJobQueue"), ("never", "CpuOnDemandJobQueue")])
def test_a_rerun_and_a_launch_that_died_go_to_the_same_queue(user: User, spot: str, queue: str) -> None:
    user.publish("exit 0\n", CPU + f"spot: {spot}\n")
    user.drop()
    user.run_with("SUCCEEDED")
    rerun = {"project": user.project, "dataset": "first", "rerun": True}
    status, run = user.call("POST", "/runs", rerun)
    assert (status, run["status"]) == (202, "SUBMITTED")
    assert logical_id(job_of(user, run)["jobQueue"]) == queue

    user.cloud.engine.inject(Fault("SubmitJob", code="ServerException"))
    status, claim = user.call("POST", "/runs", rerun)
    assert (status, claim["status"]) == (202, "CLAIMED")
    user.age(f"RUN#{claim['run_id']}", "claimed_at", timedelta(minutes=3))
    user.age(f"RUN#{claim['run_id']}", "updated_at", timedelta(minutes=3))
    user.cloud.invoke("ReconcileRunsFunction", {})
    finished = user.run_with("SUCCEEDED", "FAILED")
    assert (finished["run_id"], finished["status"]) == (claim["run_id"], "SUCCEEDED")
    assert logical_id(job_of(user, finished)["jobQueue"]) == queue


def test_a_run_larger_than_any_cpu_type_is_rejected_with_the_parameter_to_change(user: User) -> None:
    user.publish("exit 0\n", "resources: {gpus: 0, vcpus: 64, memory_gib: 16}\n")
    user.drop()
    cause = user.run_with("REJECTED")["cause"]
    assert cause["code"] == "does_not_fit"
    assert "CpuInstanceTypes" in cause["fix"]


def test_each_kind_of_instances_has_its_own_limit(user: User) -> None:
    batch = user.cloud.client("batch")
    names = {
        logical_id(each["computeEnvironmentArn"]): each["computeResources"]
        for each in batch.describe_compute_environments()["computeEnvironments"]
    }
    assert {name for name, each in names.items() if each["instanceTypes"][0].startswith("g")} == {
        "SpotComputeEnvironment", "OnDemandComputeEnvironment",
    }  # fmt: skip
    assert {name for name, each in names.items() if each["instanceTypes"][0].startswith("m")} == {
        "CpuSpotComputeEnvironment", "CpuOnDemandComputeEnvironment",
    }  # fmt: skip
