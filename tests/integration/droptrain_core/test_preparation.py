"""A preparation step: its jobs, its result, and the runs that share it."""

import json
from typing import Any

import pytest
from chaos.crash_points.faults import Calls, watched
from chaos.crash_points.points import clients
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.costs.pricing import Refreshed, Size
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.run import Run
from support.core_stack import Stack
from support.records import job_detail

AT = "2026-11-23T00:00:00Z"
PRICES = Refreshed(
    {"g4dn.xlarge": 0.6, "m6i.xlarge": 0.2}, AT, {}, None,
    {"g4dn.xlarge": Size(1, 4, 16, 16), "m6i.xlarge": Size(0, 4, 16), "c6i.2xlarge": Size(0, 8, 16)}, AT,
)  # fmt: skip
RECIPE = """
timeout: 1h
prepare: {entrypoint: prepare.py, resources: {vcpus: 4, memory_gib: 8}, timeout: 30m}
"""
MANIFEST = {"manifest_sha256": "ab" * 32, "files": 3, "bytes": 900}
TIMES = {"startedAt": 1795407600000, "stoppedAt": 1795408440000, "container": {"exitCode": 0}}  # 14 minutes
QUEUES = ("spot", "on-demand", "cpu-spot", "cpu-on-demand")


@pytest.fixture
def project(stack: Stack) -> Stack:
    """A project whose recipe has a step, and whose instances have prices."""
    stack.prices.refresh(PRICES, AT)
    stack.publish_project()
    stack.put("projects/penguins/code/prepare.py", b"print()\n")
    stack.put("projects/penguins/train.yaml", RECIPE.encode())
    stack.drop()
    return stack


def launch(stack: Stack, **settings: Any) -> Run:
    run: Run = stack.launch.request("penguins", "first", caller="ann", **settings)[0]
    return run


def record(stack: Stack, run: Run) -> Run:
    found = stack.table.get(run.run_id)
    assert found
    return found


def jobs(stack: Stack, queue: str) -> list[str]:
    """The names of the Batch jobs that a queue ever had."""
    statuses = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
    pages = (stack.batch.list_jobs(jobQueue=queue, jobStatus=status) for status in statuses)
    return [job["jobName"] for page in pages for job in page["jobSummaryList"]]


def all_jobs(stack: Stack) -> dict[str, list[str]]:
    return {queue: found for queue in QUEUES if (found := jobs(stack, queue))}


def environment(stack: Stack, run: Run) -> dict[str, str]:
    [job] = stack.batch.describe_jobs(jobs=[str(record(stack, run).batch_job_id)])["jobs"]
    return {each["name"]: each["value"] for each in job["container"]["environment"]}


def end(stack: Stack, run: Run, status: str = "SUCCEEDED", **changes: Any) -> str:
    """The event of the end of the run's current Batch job, after one attempt."""
    now = record(stack, run)
    detail = job_detail(status, jobName=now.job_name, jobId=now.batch_job_id, **TIMES)
    return stack.track.event(detail | {"attempts": [TIMES]} | changes)


def report(stack: Stack, run: Run, **facts: Any) -> None:
    """The container's report of the end of the run's current Batch job."""
    account = {"batch_job_id": record(stack, run).batch_job_id, "attempt": 1, **facts}
    key = f"runs/penguins/{run.run_id}/outcome.json"
    stack.s3.put_object(Bucket="data", Key=key, Body=json.dumps(account).encode())


def prepare(stack: Stack, run: Run) -> None:
    report(stack, run, prepared=MANIFEST, metrics={"rows": 12.0})
    assert end(stack, run) == "applied"


def test_the_step_runs_on_cpu_instances_and_the_training_follows_it_on_gpus(project: Stack) -> None:
    run = launch(project)
    assert all_jobs(project) == {"cpu-spot": [run.run_id]}
    step = environment(project, run)
    assert step["DROPTRAIN_STEP"] == "prepare"
    assert step["DROPTRAIN_TIMEOUT_SECONDS"] == "1800"
    assert step["RUN_SCRIPT"].endswith("/code/prepare.py")
    assert step["DROPTRAIN_PREPARED"].startswith("s3://data/prepared/penguins/")
    assert "TRAINING_DATA" in step

    prepare(project, run)
    now = record(project, run)
    assert (now.status, now.job_number, now.step) == ("SUBMITTED", 2, "train")
    assert all_jobs(project) == {"cpu-spot": [run.run_id], "spot": [f"{run.run_id}-2"]}
    assert now.prepared
    assert (now.prepared.files, now.prepared.seconds, now.prepared.metrics) == (3, 840, {"rows": 12.0})
    training = environment(project, run)
    assert training["DROPTRAIN_PREPARED"] == f"{step['DROPTRAIN_PREPARED']}1/"
    assert training["DROPTRAIN_PREPARED_SHA256"] == "ab" * 32
    assert training["DROPTRAIN_TIMEOUT_SECONDS"] == "3600"
    assert "DROPTRAIN_STEP" not in training
    assert "TRAINING_DATA" not in training

    report(project, run, metrics={"accuracy": 0.9})
    assert end(project, run) == "applied"
    ended = record(project, run)
    assert (ended.status, ended.metrics) == ("SUCCEEDED", {"accuracy": 0.9})
    assert ended.cost
    assert [(each.step, each.instance_type, each.usd) for each in ended.cost.attempts] == [
        ("prepare", "m6i.xlarge", pytest.approx(0.2 * 840 / 3600, abs=1e-5)),
        ("train", "g4dn.xlarge", pytest.approx(0.6 * 840 / 3600, abs=1e-5)),
    ]
    assert project.prices.read("penguins").history == (840,)


def test_a_later_run_uses_the_data_and_reserves_nothing_for_the_step(project: Stack) -> None:
    project.budget = Budget(month_usd=100)
    first = launch(project)
    prepare(project, first)
    second = launch(project, rerun=True)
    assert sorted(jobs(project, "spot")) == sorted([f"{first.run_id}-2", second.run_id])
    now = record(project, second)
    assert now.prepared == record(project, first).prepared
    assert f"Prepared data of {first.run_id} reused, 14 min 0 s saved." in [step.note for step in now.history]
    worst = 0.6 * (3600 + 1080) / 3600
    step = 0.2 * (1800 + 1080) / 3600
    amounts = [record(project, run).reservations[0].amount for run in (first, second)]
    assert amounts == [pytest.approx((worst + step) * 1e6, abs=2), pytest.approx(worst * 1e6, abs=2)]


def test_a_run_that_waited_for_its_data_reserves_only_its_training(project: Stack) -> None:
    project.budget = Budget(month_usd=100, runs_at_once=10)
    first, second = launch(project), launch(project, rerun=True)
    prepare(project, first)
    now, training = record(project, second), launch(project, rerun=True)
    assert now.prepared
    assert now.estimate == training.estimate
    assert now.reservations == training.reservations
    runs = [record(project, run) for run in (first, second, training)]
    reserved = sum(run.reservations[0].amount for run in runs)
    account = runs[0].reservations[0].account
    assert project.accounts.read([account, "running"])[account].committed == reserved


def test_other_training_code_uses_the_data_if_the_step_names_its_own(project: Stack) -> None:
    recipe = RECIPE.replace("prepare.py,", "prepare.py, code: [prepare.py],").encode()
    project.put("projects/penguins/train.yaml", recipe)
    prepare(project, launch(project))
    project.put("projects/penguins/code/run.sh", b"exit 1\n")
    assert record(project, launch(project)).prepared
    project.put("projects/penguins/code/prepare.py", b"print(1)\n")
    assert record(project, launch(project)).prepared is None


def test_data_are_used_for_as_long_as_the_stack_says(project: Stack) -> None:
    first = launch(project)
    prepare(project, first)
    project.later(days=31)
    second = launch(project, rerun=True)
    assert record(project, second).step == "prepare"
    prepare(project, second)
    assert record(project, second).prepared.run_id == second.run_id


def test_a_run_can_be_asked_to_prepare_its_data_again(project: Stack) -> None:
    first = launch(project)
    prepare(project, first)
    again, _ = project.launch.repeat(first.run_id, caller="ann", prepare_again=True)
    assert record(project, again).step == "prepare"
    prepare(project, again)
    third = launch(project, rerun=True)
    assert record(project, third).prepared.run_id == again.run_id


def test_two_runs_at_once_prepare_once(project: Stack) -> None:
    first, second = launch(project), launch(project, rerun=True)
    waiting = record(project, second)
    assert (waiting.status, waiting.waits_for, waiting.batch_job_id) == ("CLAIMED", first.run_id, None)
    project.later(hours=2)
    project.reconcile.all()
    assert record(project, second).waits_for == first.run_id
    assert jobs(project, "cpu-spot") == [first.run_id]
    prepare(project, first)
    now = record(project, second)
    assert (now.status, now.waits_for, now.step) == ("SUBMITTED", None, "train")
    assert now.prepared == record(project, first).prepared
    assert sorted(jobs(project, "spot")) == sorted([f"{first.run_id}-2", second.run_id])


@pytest.mark.parametrize("event", ["comes", "is lost"])
def test_the_second_run_prepares_the_data_if_the_first_one_fails(project: Stack, event: str) -> None:
    first, second, third = launch(project), launch(project, rerun=True), launch(project, rerun=True)
    cause = {"code": "script_failed", "message": "It failed.", "log_tail": ["ValueError: no"]}
    report(project, first, cause=cause)
    failed = {"container": {"exitCode": 1}}
    if event == "comes":
        end(project, first, "FAILED", **failed)
    else:
        project.table.get(first.run_id)
        project.later(minutes=70)
        [job] = project.batch.describe_jobs(jobs=[str(record(project, first).batch_job_id)])["jobs"]
        project.batch.terminate_job(jobId=job["jobId"], reason="it is gone")
        project.reconcile.all()
        project.reconcile.all()
    ended = record(project, first)
    assert ended.status in ("FAILED", "CANCELLED")
    if event == "comes":
        assert ended.cause
        assert ended.cause.message.startswith("In the preparation step: ")
    assert jobs(project, "spot") == []
    states = sorted((record(project, run).waits_for or "", run.run_id) for run in (second, third))
    (_, prepares), (holder, _) = states
    assert holder == prepares
    assert sorted(jobs(project, "cpu-spot")) == sorted([first.run_id, prepares])


def test_a_cancel_ends_a_run_that_waits_at_once(project: Stack) -> None:
    launch(project)
    second = launch(project, rerun=True)
    assert project.cancel.run(second.run_id, "ann").status == "CANCELLED"
    assert record(project, second).status == "CANCELLED"


def test_a_run_that_is_cancelled_in_the_step_never_gets_a_gpu(project: Stack) -> None:
    run = launch(project)
    project.cancel.run(run.run_id, "ann")
    report(project, run, prepared=MANIFEST)
    end(project, run)
    ended = record(project, run)
    assert (ended.status, ended.cause and ended.cause.code) == ("CANCELLED", "cancelled")
    assert jobs(project, "spot") == []


def test_a_step_without_a_report_of_its_data_fails_the_run(project: Stack) -> None:
    run = launch(project)
    end(project, run)
    ended = record(project, run)
    assert (ended.status, ended.cause and ended.cause.code) == ("FAILED", "nothing_prepared")
    assert jobs(project, "spot") == []


def test_a_step_that_spot_takes_each_time_continues_on_demand_and_the_training_begins_on_spot(
    project: Stack,
) -> None:
    run = launch(project)
    taken = {"statusReason": "Host EC2 (instance i-0abc) terminated.", "container": {"exitCode": 75}}
    end(project, run, "FAILED", **taken)
    assert jobs(project, "cpu-on-demand") == [f"{run.run_id}-2"]
    assert environment(project, run)["DROPTRAIN_TIMEOUT_SECONDS"] == "960"
    prepare(project, run)
    assert jobs(project, "spot") == [f"{run.run_id}-3"]
    assert environment(project, run)["DROPTRAIN_TIMEOUT_SECONDS"] == "3600"


def test_an_end_that_comes_before_its_job_is_recorded_is_the_steps_all_the_same(project: Stack) -> None:
    project.put("projects/penguins/train.yaml", RECIPE.encode())
    write, lost = project.table.write, []

    def unrecorded(transition: Any) -> Any:
        if transition.set.get("status") == "SUBMITTED" and not lost:
            lost.append(transition.set["batch_job_id"])
            raise BusyError("died")
        return write(transition)

    project.table.write = unrecorded  # type: ignore[method-assign]
    run = launch(project)
    assert record(project, run).status == "CLAIMED"
    account = {"batch_job_id": lost[0], "attempt": 1, "prepared": MANIFEST}
    key = f"runs/penguins/{run.run_id}/outcome.json"
    project.s3.put_object(Bucket="data", Key=key, Body=json.dumps(account).encode())
    detail = job_detail("SUCCEEDED", jobName=run.run_id, jobId=lost[0], **TIMES) | {"attempts": [TIMES]}
    assert project.track.event(detail) == "applied"
    assert jobs(project, "spot") == [f"{run.run_id}-2"]


def test_the_step_adds_six_calls(project: Stack) -> None:
    with watched(clients(project), Calls()) as with_step:
        run = launch(project)
    project.put("projects/penguins/train.yaml", b"timeout: 1h\n")
    with watched(clients(project), Calls()) as without:
        launch(project)
    report(project, run, prepared=MANIFEST)
    with watched(clients(project), Calls()) as round_of_the_step:
        end(project, run)
    # The first call is this test's own look at the record.
    calls = [*without.made, *round_of_the_step.made[1:]]
    assert len(with_step.made) - len(without.made) + len(round_of_the_step.made[1:]) <= 6, calls


def test_a_step_larger_than_any_cpu_type_is_rejected_with_the_field_to_change(project: Stack) -> None:
    project.put("projects/penguins/train.yaml", RECIPE.replace("vcpus: 4", "vcpus: 64").encode())
    project.prices.refresh(PRICES, "2026-11-23T01:00:00Z")
    cause = launch(project).cause
    assert cause
    assert cause.code == "does_not_fit"
    assert "`prepare.resources`" in cause.fix


def test_a_step_without_its_file_is_rejected(project: Stack) -> None:
    project.put("projects/penguins/train.yaml", b"prepare: {entrypoint: other.py}\n")
    cause = launch(project).cause
    assert cause
    assert cause.code == "code_missing"
    assert "other.py" in cause.message


def test_a_run_prepares_the_data_if_the_record_of_the_run_that_holds_them_is_gone(project: Stack) -> None:
    first = launch(project)
    waiting = launch(project, rerun=True)
    project.dynamodb.delete_item(TableName=project.table.name, Key={"pk": {"S": f"RUN#{first.run_id}"}})
    project.later(minutes=5)
    project.reconcile.all()
    assert record(project, waiting).batch_job_id
    project.dynamodb.delete_item(TableName=project.table.name, Key={"pk": {"S": f"RUN#{waiting.run_id}"}})
    assert launch(project, rerun=True).batch_job_id


def test_one_of_many_that_wait_follows_each_run_that_is_cancelled(project: Stack) -> None:
    holder = launch(project)
    waiting = [launch(project, rerun=True) for _ in range(12)]
    for _ in range(3):
        project.cancel.run(holder.run_id, "ann")
        end(project, holder, "FAILED", isTerminated=True, statusReason="Cancelled by ann.")
        project.later(minutes=6)
        project.reconcile.all()
        left = [record(project, run) for run in waiting if not record(project, run).ended]
        (holder,) = (run for run in left if run.batch_job_id)
        assert {run.waits_for for run in left} == {None, holder.run_id}
    prepare(project, holder)
    project.later(minutes=6)
    project.reconcile.all()
    assert (len(jobs(project, "cpu-spot")), len(jobs(project, "spot"))) == (4, 10)


def test_a_training_that_fails_leaves_the_data_to_the_others(project: Stack) -> None:
    first, second = launch(project), launch(project, rerun=True)
    prepare(project, first)
    report(project, first, cause={"code": "script_failed", "message": "It failed.", "log_tail": []})
    end(project, first, "FAILED", container={"exitCode": 1})
    assert record(project, first).status == "FAILED"
    third = launch(project, rerun=True)
    assert (
        record(project, second).prepared == record(project, third).prepared == record(project, first).prepared
    )
