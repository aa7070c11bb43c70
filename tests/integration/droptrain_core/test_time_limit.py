"""A run trains for its `timeout` over all attempts and Batch jobs, and is ended within a pass."""

import json
from datetime import UTC, datetime

import pytest
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.run import Run
from support.records import job_detail

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested."
HOST_GONE = "Host EC2 (instance i-0abc) terminated."


def launch(stack, recipe: bytes = b"timeout: 1h\n") -> Run:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe)
    stack.drop()
    return stack.launch.request("penguins", "first", caller="ann")[0]


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-23T{text}:00").replace(tzinfo=UTC).timestamp() * 1000)


def tried(start: str, stop: str, exit_code: int | None = 75, reason: str = HOST_GONE) -> dict:
    container = {} if exit_code is None else {"exitCode": exit_code}
    return {
        "startedAt": milliseconds(start), "stoppedAt": milliseconds(stop), "statusReason": reason,
        "container": container,
    }  # fmt: skip


def report(stack, monkeypatch, run: Run, status: str, *attempts: dict, **changes) -> str:
    """AWS Batch reports the run's current job, in an event and from now on in DescribeJobs."""
    now = stack.table.get(run.run_id)
    detail = job_detail(status, jobName=now.job_name, jobId=now.batch_job_id, **changes)
    detail |= {"attempts": list(attempts)}
    state = batch_job.read(detail)
    monkeypatch.setattr(stack.jobs, "describe", lambda job_ids: {now.batch_job_id: state})
    return stack.track.event(detail)


def environment_of(stack, run: Run) -> dict[str, str]:
    job_id = stack.table.get(run.run_id).batch_job_id
    (described,) = stack.batch.describe_jobs(jobs=[job_id])["jobs"]
    return {each["name"]: each["value"] for each in described["container"]["environment"]}


def ended_jobs(stack, monkeypatch) -> list[tuple[str, str]]:
    ended: list[tuple[str, str]] = []
    monkeypatch.setattr(stack.jobs, "end", lambda job_id, reason: ended.append((job_id, reason)))
    return ended


def at(stack, text: str) -> None:
    stack.now = datetime.fromisoformat(f"2026-11-23T{text}:00").replace(tzinfo=UTC)


def test_a_run_whose_attempts_together_exceed_the_timeout_is_ended_within_a_pass(stack, monkeypatch) -> None:
    run = launch(stack)
    ended = ended_jobs(stack, monkeypatch)
    reclaimed = tried("02:20", "02:50")
    report(stack, monkeypatch, run, "RUNNING", reclaimed, startedAt=milliseconds("03:10"))
    at(stack, "03:50")
    assert stack.reconcile.all()["out_of_time"] == 0, "the code has ended, and its model is being uploaded"
    at(stack, "03:51")
    assert stack.reconcile.all()["out_of_time"] == 1
    [(job_id, reason)] = ended
    assert job_id == run.batch_job_id
    assert reason == "out_of_time: 3660 s in all attempts, of 3600 s"
    killed = tried("03:10", "03:52", 137, reason)
    report(stack, monkeypatch, run, "FAILED", reclaimed, killed, statusReason=reason, isTerminated=True)
    now = stack.table.get(run.run_id)
    assert (now.status, now.cause.code) == ("FAILED", "timeout")
    assert now.cost.seconds == 1800 + 2520


def test_an_attempt_that_began_a_moment_ago_is_within_the_limit_too(stack, monkeypatch) -> None:
    run = launch(stack)
    ended = ended_jobs(stack, monkeypatch)
    at(stack, "03:52")
    reclaimed = tried("02:20", "03:19")
    report(stack, monkeypatch, run, "RUNNING", reclaimed, startedAt=milliseconds("03:40"))
    assert stack.reconcile.all()["out_of_time"] == 1
    assert [job_id for job_id, _ in ended] == [run.batch_job_id]


def test_an_earlier_job_that_trained_on_until_it_was_terminated_counts(stack, monkeypatch) -> None:
    run = launch(stack)
    late = {"statusReason": CAPACITY}
    report(stack, monkeypatch, run, "RUNNABLE", tried("02:20", "02:30"), **late)
    at(stack, "03:00")
    monkeypatch.setattr(stack.jobs, "end", lambda *_: None)
    assert stack.reconcile.all()["fell_back"] == 1
    ended = ended_jobs(stack, monkeypatch)
    both = (tried("02:20", "02:30"), tried("03:00", "03:30", 143))
    first = batch_job.read(
        job_detail("FAILED", jobName=run.run_id, jobId=run.batch_job_id) | {"attempts": [*both]}
    )
    report(stack, monkeypatch, run, "RUNNING", startedAt=milliseconds("04:00"))
    now = stack.table.get(run.run_id)
    (second,) = stack.jobs.describe([]).values()
    states = {run.batch_job_id: first, now.batch_job_id: second}
    monkeypatch.setattr(stack.jobs, "describe", lambda job_ids: {each: states[each] for each in job_ids})
    at(stack, "04:29")
    assert stack.reconcile.all()["out_of_time"] == 0
    at(stack, "04:31")
    assert stack.reconcile.all()["out_of_time"] == 1
    assert [job_id for job_id, _ in ended] == [now.batch_job_id]


def test_a_later_job_s_record_names_the_attempts_of_all_jobs_while_it_trains(stack, monkeypatch) -> None:
    run = launch(stack)
    reclaims = (tried("02:20", "02:30"), tried("02:40", "02:50"), tried("03:00", "03:10"))
    report(stack, monkeypatch, run, "FAILED", *reclaims, statusReason=HOST_GONE, container={"exitCode": 75})
    report(stack, monkeypatch, run, "RUNNING", startedAt=milliseconds("03:20"))
    assert len(stack.table.get(run.run_id).attempts) == 3
    report(stack, monkeypatch, run, "RUNNABLE", tried("03:20", "03:25"))
    assert len(stack.table.get(run.run_id).attempts) == 4
    report(stack, monkeypatch, run, "RUNNING", tried("03:20", "03:25"), startedAt=milliseconds("03:30"))
    assert [each.started_at for each in stack.table.get(run.run_id).attempts][-1] == "2026-11-23T03:20:00Z"
    assert len(stack.table.get(run.run_id).attempts) == 4


def test_a_later_job_is_forgotten_an_hour_after_its_own_claim(stack, monkeypatch) -> None:
    run = launch(stack)
    at(stack, "05:00")
    reclaim = tried("02:20", "02:40")
    report(stack, monkeypatch, run, "FAILED", reclaim, statusReason=HOST_GONE, container={"exitCode": 75})
    monkeypatch.setattr(stack.jobs, "describe", lambda job_ids: {})
    at(stack, "05:05")
    assert stack.reconcile.all()["forgotten"] == 0
    at(stack, "06:00")
    assert stack.reconcile.all()["forgotten"] == 1


@pytest.mark.parametrize(
    "lost",
    [
        {"statusReason": HOST_GONE},
        {
            "statusReason": "Essential container in task exited",
            "container": {
                "reason": "CannotInspectContainerError: Could not transition to inspecting; timed out after "
                "waiting 30s"
            },
        },
    ],
)
def test_a_container_that_is_lost_after_its_model_was_uploaded_does_not_train_again(
    stack, monkeypatch, lost: dict
) -> None:
    run = launch(stack)
    account = {"batch_job_id": run.batch_job_id, "attempt": 1, "status": "SUCCEEDED"}
    stack.put(f"runs/penguins/{run.run_id}/outcome.json", json.dumps(account).encode())
    report(stack, monkeypatch, run, "FAILED", tried("02:20", "02:40", None), **lost)
    now = stack.table.get(run.run_id)
    assert (now.status, now.cause.code, now.job_number) == ("FAILED", "lost_after_end", 1)
    assert now.cause.message.startswith("The training ended well and its model is uploaded")
    assert "droptrain get" in now.cause.fix


def test_time_without_an_attempt_does_not_count(stack, monkeypatch) -> None:
    run = launch(stack)
    ended_jobs(stack, monkeypatch)
    report(stack, monkeypatch, run, "RUNNABLE", tried("02:20", "02:50"))
    at(stack, "12:00")
    assert stack.reconcile.all()["out_of_time"] == 0


def test_the_jobs_after_the_first_get_the_time_that_is_left(stack, monkeypatch) -> None:
    run = launch(stack)
    assert environment_of(stack, run)["DROPTRAIN_TIMEOUT_SECONDS"] == "3600"
    reclaims = (tried("02:20", "02:40"), tried("03:00", "03:10"), tried("03:20", "03:25"))
    report(stack, monkeypatch, run, "FAILED", *reclaims, statusReason=HOST_GONE, container={"exitCode": 75})
    now = stack.table.get(run.run_id)
    assert (now.status, now.job_number) == ("SUBMITTED", 2)
    assert environment_of(stack, run)["DROPTRAIN_TIMEOUT_SECONDS"] == "1500"
    ended = ended_jobs(stack, monkeypatch)
    report(stack, monkeypatch, run, "RUNNING", startedAt=milliseconds("04:00"))
    at(stack, "04:35")
    assert stack.reconcile.all()["out_of_time"] == 0
    at(stack, "04:36")
    assert stack.reconcile.all()["out_of_time"] == 1
    assert [job_id for job_id, _ in ended] == [now.batch_job_id]


def test_aws_batch_s_own_timeout_comes_after_the_last_pass(stack) -> None:
    run = launch(stack)
    (described,) = stack.batch.describe_jobs(jobs=[run.batch_job_id])["jobs"]
    assert described["timeout"]["attemptDurationSeconds"] == 3600 + 1080


def test_an_on_demand_run_that_lost_its_instance_was_not_reclaimed(stack, monkeypatch) -> None:
    run = launch(stack, b"timeout: 1h\nspot: never\n")
    lost = tried("02:20", "02:40", None)
    report(stack, monkeypatch, run, "FAILED", lost, statusReason=HOST_GONE)
    now = stack.table.get(run.run_id)
    assert (now.cause.code, now.cost.reclaimed_usd) == ("instance_lost", 0)
    stack.notify.ended(run.run_id, "penguins")
    (message,) = [each["Message"] for each in stack.notices()]
    assert "reclaim" not in message.lower()


BROKE_OFF = "CannotPullContainerError: error pulling image: i/o timeout"


def fail_to_start(stack, monkeypatch, run: Run, reason: str) -> Run:
    attempt = {"stoppedAt": milliseconds("02:30"), "container": {"reason": reason}}
    reports = {"statusReason": "Task failed to start", "container": {"reason": reason}}
    report(stack, monkeypatch, run, "FAILED", attempt, **reports)
    return stack.table.get(run.run_id)


@pytest.mark.parametrize(
    "reason",
    [
        BROKE_OFF,
        "DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s",
        "CannotStartContainerError: Error response from daemon: failed to create shim task",
        "CannotInspectContainerError: Could not transition to inspecting; timed out after waiting 30s",
        "TaskFailedToStart: AGENT",
        "TaskFailedToStart: RESOURCE:GPU",
        "CannotPullImageManifestError: Error response from daemon: unexpected EOF",
        "CannotPullContainerError: Get https://123403456789.dkr.ecr.eu-west-1.amazonaws.com/v2/: EOF",
        "CannotStartContainerError: failed to initialize logging driver: failed to create Cloudwatch log "
        "stream: ThrottlingException: Rate exceeded",
        "CannotCreateVolumeError: context canceled",
    ],
)
def test_a_failure_that_can_pass_gets_one_more_try(stack, monkeypatch, reason) -> None:
    run = launch(stack)
    now = fail_to_start(stack, monkeypatch, run, reason)
    assert (now.status, now.job_number, now.estimate) == ("SUBMITTED", 2, run.estimate)
    assert now.batch_job_id != run.batch_job_id
    assert environment_of(stack, run)["DROPTRAIN_TIMEOUT_SECONDS"] == "3600"
    (described,) = stack.batch.describe_jobs(jobs=[now.batch_job_id])["jobs"]
    assert described["jobQueue"].endswith("spot")
    ended = fail_to_start(stack, monkeypatch, run, reason)
    assert (ended.status, ended.job_number) == ("FAILED", 2)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (
            "CannotPullContainerError: manifest for repository:tag not found: manifest unknown",
            "image_missing",
        ),
        ("CannotPullContainerError: pull access denied: 403 Forbidden", "image_denied"),
        ("CannotPullImageManifestError: manifest unknown: manifest unknown", "image_missing"),
        (
            'CannotStartContainerError: runc create failed: exec: "x": executable file not found in $PATH',
            "container_not_started",
        ),
    ],
)
def test_a_failure_that_stays_ends_the_run(stack, monkeypatch, reason, code) -> None:
    ended = fail_to_start(stack, monkeypatch, launch(stack), reason)
    assert (ended.status, ended.cause.code, ended.job_number) == ("FAILED", code, 1)


def test_a_run_that_was_tried_again_still_falls_back_and_all_its_attempts_are_in_its_cost(
    stack, monkeypatch
) -> None:
    run = launch(stack)
    fail_to_start(stack, monkeypatch, run, BROKE_OFF)
    describe = type(stack.jobs).describe
    reclaims = (tried("03:20", "03:40"), tried("03:50", "04:00"))
    report(stack, monkeypatch, run, "FAILED", *reclaims, statusReason=HOST_GONE, container={"exitCode": 75})
    now = stack.table.get(run.run_id)
    assert (now.status, now.job_number) == ("SUBMITTED", 3)
    (described,) = stack.batch.describe_jobs(jobs=[now.batch_job_id])["jobs"]
    assert described["jobQueue"].endswith("on-demand")
    assert environment_of(stack, run)["DROPTRAIN_TIMEOUT_SECONDS"] == "1800"
    monkeypatch.setattr(type(stack.jobs), "describe", describe)
    done = tried("05:00", "05:20", 0, "Essential container in task exited")
    report(stack, monkeypatch, run, "SUCCEEDED", done, container={"exitCode": 0})
    ended = stack.table.get(run.run_id)
    assert [each.batch_job for each in ended.cost.attempts] == [1, 2, 2, 3]
    assert ended.cost.seconds == 3000
    assert len(ended.attempts) == 4


def test_a_retry_that_is_cancelled_before_its_job_ends_as_cancelled(stack, monkeypatch) -> None:
    run = launch(stack)
    monkeypatch.setattr(stack.jobs, "submit", None)
    with pytest.raises(TypeError):
        fail_to_start(stack, monkeypatch, run, BROKE_OFF)
    stack.cancel.run(run.run_id, "ann")
    stack.later(minutes=5)
    stack.reconcile.all()
    assert stack.table.get(run.run_id).status == "CANCELLED"
