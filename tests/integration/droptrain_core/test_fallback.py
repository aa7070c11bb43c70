"""A run falls back to on-demand: the same run, one more Batch job, nothing twice."""

import pytest
from droptrain_core.domain.costs.pricing import Refreshed, Size
from droptrain_core.domain.errors import AlreadyFinishedError, BusyError
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.run import Run
from support.records import job_detail

RECLAIMED = "Host EC2 (instance i-0abc) terminated."
CHEAP = Refreshed(
    {"g4dn.xlarge": 0.587},
    "2026-11-23T00:00:00Z",
    {"g4dn.xlarge": {"eu-west-1a": 0.5}},
    "2026-11-23T00:00:00Z",
    {"g4dn.xlarge": Size(1, 4, 16)},
    "2026-11-23T00:00:00Z",
)
CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested."


def launch(stack, recipe: bytes = b"timeout: 1h\n") -> Run:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe)
    stack.drop()
    return stack.launch.request("penguins", "first", caller="ann")[0]


def tell(stack, run: Run, status: str, attempts: int = 0, tried=None, **changes) -> str:
    """An event of the run's first Batch job, or of that which `changes` name; `tried` are its attempts."""
    named = {"jobName": run.run_id, "jobId": run.batch_job_id} | changes
    detail = job_detail(status, attempts=attempts, **named)
    return stack.track.event(detail | ({"attempts": tried} if tried else {}))


def take_back(stack, run: Run) -> str:
    """Spot has taken the instance on each of the attempts."""
    ended = {"exitCode": 75, "logStreamName": "droptrain/default/last"}
    return tell(stack, run, "FAILED", attempts=3, statusReason=RECLAIMED, container=ended)


def on_demand_jobs(stack, run: Run) -> list[str]:
    pages = stack.batch.list_jobs(
        jobQueue="on-demand", filters=[{"name": "JOB_NAME", "values": [f"{run.run_id}-2"]}]
    )
    return [job["jobId"] for job in pages["jobSummaryList"]]


def test_a_run_that_spot_took_each_time_goes_on_on_demand_and_succeeds(stack) -> None:
    run = launch(stack)
    assert take_back(stack, run) == "applied"
    now = stack.table.get(run.run_id)
    [job_id] = on_demand_jobs(stack, run)
    assert (now.status, now.batch_job_id, now.job_number) == ("SUBMITTED", job_id, 2)
    assert "The run continues on an on-demand instance." in now.history[-2].note

    assert take_back(stack, run) == "stale"
    assert tell(stack, run, "RUNNING") == "stale"
    second = {"jobName": f"{run.run_id}-2", "jobId": job_id}
    assert tell(stack, run, "RUNNING", **second) == "applied"
    times = {"startedAt": 1795407600000, "stoppedAt": 1795411200000, "container": {"exitCode": 0}}
    assert tell(stack, run, "SUCCEEDED", tried=[times], **second) == "applied"
    ended = stack.table.get(run.run_id)
    assert (ended.status, ended.cause, len(ended.attempts)) == ("SUCCEEDED", None, 4)
    assert [each.batch_job for each in ended.cost.attempts] == [1, 1, 1, 2]
    assert ended.cost.estimate_usd == pytest.approx((180 + 3600) * 0.587 / 3600, abs=1e-5)


def test_the_on_demand_job_is_submitted_once_whoever_dies_between_the_step_and_the_submission(stack) -> None:
    run = launch(stack)
    stack.jobs.submit = None
    with pytest.raises(TypeError):
        take_back(stack, run)
    del stack.jobs.submit
    assert take_back(stack, run) == "stale"
    stack.reconcile.all()
    assert on_demand_jobs(stack, run) == []
    stack.later(minutes=5)
    for _ in range(3):
        stack.reconcile.all()
    [job_id] = on_demand_jobs(stack, run)
    assert stack.table.get(run.run_id).batch_job_id == job_id


def test_spot_only_means_spot_only(stack) -> None:
    run = launch(stack, b"timeout: 1h\nspot: only\n")
    take_back(stack, run)
    ended = stack.table.get(run.run_id)
    assert (ended.status, ended.cause.code) == ("FAILED", "reclaimed")
    assert on_demand_jobs(stack, run) == []


def test_a_cancelled_run_does_not_go_on(stack) -> None:
    run = launch(stack)
    stack.cancel.run(run.run_id, "ann")
    take_back(stack, run)
    assert stack.table.get(run.run_id).status == "FAILED"
    assert on_demand_jobs(stack, run) == []


def test_a_cancel_between_the_two_jobs_ends_the_run(stack) -> None:
    run = launch(stack)
    stack.jobs.submit = None
    with pytest.raises(TypeError):
        take_back(stack, run)
    del stack.jobs.submit
    stack.cancel.run(run.run_id, "ann")
    stack.later(minutes=5)
    stack.reconcile.all()
    assert stack.table.get(run.run_id).status == "CANCELLED"
    assert on_demand_jobs(stack, run) == []
    with pytest.raises(AlreadyFinishedError):
        stack.cancel.run(run.run_id, "ann")


def test_a_run_that_waits_too_long_for_spot_leaves_it(stack, monkeypatch) -> None:
    run = launch(stack)
    tell(stack, run, "RUNNABLE")
    waits = JobState(run.run_id, run.batch_job_id, 1, "RUNNABLE", status_reason=CAPACITY)
    monkeypatch.setattr(stack.jobs, "describe", lambda job_ids: {run.batch_job_id: waits})
    stack.later(minutes=14)
    stack.reconcile.all()
    assert on_demand_jobs(stack, run) == []
    stack.later(minutes=2)
    assert stack.reconcile.all()["fell_back"] == 1
    [job_id] = on_demand_jobs(stack, run)
    assert stack.table.get(run.run_id).batch_job_id == job_id
    stopped = stack.batch.describe_jobs(jobs=[run.batch_job_id])["jobs"][0]
    assert (stopped["status"], "continues on an on-demand instance" in stopped["statusReason"]) == (
        "FAILED",
        True,
    )


HOUR = {
    "startedAt": 1795400000000,
    "stoppedAt": 1795403500000,
    "statusReason": RECLAIMED,
    "container": {"exitCode": 75},
}
HOUR_USD = 3500 * 0.587 / 3600


def without_capacity(stack, monkeypatch, run: Run, *tried) -> None:
    """AWS Batch says of the run's first job that it waits, after these attempts."""
    named = {"jobName": run.run_id, "jobId": run.batch_job_id, "statusReason": CAPACITY}
    detail = job_detail("RUNNABLE", **named) | {"attempts": list(tried)}
    waits, describe = batch_job.read(detail), stack.jobs.describe

    def describe_jobs(job_ids):
        return describe(job_ids) | ({run.batch_job_id: waits} if run.batch_job_id in job_ids else {})

    monkeypatch.setattr(stack.jobs, "describe", describe_jobs)


def end_on_demand(stack, run: Run) -> Run:
    """The run after its second job has succeeded, in an hour."""
    [job_id] = on_demand_jobs(stack, run)
    second = {"jobName": f"{run.run_id}-2", "jobId": job_id}
    times = {"startedAt": 1795407600000, "stoppedAt": 1795411200000, "container": {"exitCode": 0}}
    assert tell(stack, run, "SUCCEEDED", tried=[times], **second) == "applied"
    return stack.table.get(run.run_id)


def wait_in_vain(stack) -> None:
    """Passes of the reconciler until a run has waited long enough."""
    for _ in range(5):
        stack.later(minutes=5)
        stack.reconcile.all()


@pytest.mark.parametrize("lost", [False, True], ids=["the event came", "the event was lost"])
def test_what_spot_took_before_a_wait_is_in_the_cost(stack, monkeypatch, lost) -> None:
    run = launch(stack)
    if not lost:
        assert tell(stack, run, "RUNNABLE", tried=[HOUR]) == "applied"
    without_capacity(stack, monkeypatch, run, HOUR)
    wait_in_vain(stack)
    step = stack.table.get(run.run_id)
    assert step.cost.estimate_usd == pytest.approx(HOUR_USD, abs=1e-5)
    assert len(step.next_job.earlier_attempts) == 1
    ended = end_on_demand(stack, run)
    assert ended.cost.estimate_usd == pytest.approx(HOUR_USD + 0.587, abs=1e-5)
    assert len(ended.attempts) == 2
    stack.notify.ended(run.run_id, "penguins")
    spent = stack.accounts.read(["2026-11"])["2026-11"].spent
    assert spent == pytest.approx((HOUR_USD + 0.587) * 1e6, abs=10)


def test_a_wait_is_counted_from_the_reclaim_and_not_from_what_came_before(stack, monkeypatch) -> None:
    run = launch(stack)
    tell(stack, run, "RUNNING")
    without_capacity(stack, monkeypatch, run, HOUR)
    stack.later(minutes=20)
    assert stack.reconcile.all()["applied"] == 1
    assert on_demand_jobs(stack, run) == []


def test_an_attempt_that_began_before_the_first_job_was_terminated_is_in_the_cost(stack, monkeypatch) -> None:
    run = launch(stack)
    tell(stack, run, "RUNNABLE", tried=[HOUR])
    without_capacity(stack, monkeypatch, run, HOUR)
    wait_in_vain(stack)
    minute = {"startedAt": 1795404000000, "stoppedAt": 1795404060000, "container": {"exitCode": 143}}
    ended = tell(stack, run, "FAILED", tried=[HOUR, minute])
    assert ended == "stale"
    without_capacity(stack, monkeypatch, run, HOUR, minute)
    cost = end_on_demand(stack, run).cost
    assert [(each.batch_job, each.attempt) for each in cost.attempts] == [(1, 1), (1, 2), (2, 1)]
    assert cost.seconds == 3500 + 60 + 3600


@pytest.mark.parametrize("reported", ["before the end", "never"])
def test_a_cancel_between_the_two_jobs_charges_what_the_first_did_until_it_was_terminated(
    stack, monkeypatch, reported
) -> None:
    def throttled(*_):
        raise BusyError("Too Many Requests")

    run = launch(stack)
    monkeypatch.setattr(stack.jobs, "submit", throttled)
    tell(stack, run, "RUNNABLE", tried=[HOUR])
    without_capacity(stack, monkeypatch, run, HOUR)
    wait_in_vain(stack)
    assert stack.table.get(run.run_id).status == "CLAIMED"
    stack.cancel.run(run.run_id, "ann")
    minute = {"startedAt": 1795404000000, "stoppedAt": 1795404060000, "container": {"exitCode": 143}}
    ended = {
        "tried": [HOUR, minute],
        "isTerminated": True,
        "statusReason": "The run continues on an on-demand instance.",
    }
    if reported == "before the end":
        assert tell(stack, run, "FAILED", **ended) == "stale"
    detail = job_detail("FAILED", jobName=run.run_id, jobId=run.batch_job_id, isTerminated=True)
    state = batch_job.read(detail | {"attempts": [HOUR, minute]})
    monkeypatch.setattr(stack.jobs, "describe", lambda job_ids: {run.batch_job_id: state})
    for _ in range(3):
        stack.later(minutes=5)
        stack.reconcile.all()
    now = stack.table.get(run.run_id)
    assert (now.status, now.cause.code, now.cause.message) == ("CANCELLED", "cancelled", "Cancelled by ann.")
    assert [(each.batch_job, each.attempt) for each in now.cost.attempts] == [(1, 1), (1, 2)]
    assert now.cost.seconds == 3500 + 60
    assert on_demand_jobs(stack, run) == []


def test_a_late_word_of_a_reclaim_does_not_end_an_attempt_that_trains_by_now(stack, monkeypatch) -> None:
    """Another function applies the next attempt's event between this one's write and its read."""
    stack.prices.refresh(CHEAP, "2026-11-23T00:00:00Z")
    run = launch(stack)
    read = type(stack.prices).read

    def late(prices, project, run_id=None):
        if run_id:
            tell(stack, run, "RUNNING", tried=[HOUR])
        return read(prices, project, run_id)

    monkeypatch.setattr(type(stack.prices), "read", late)
    assert tell(stack, run, "RUNNABLE", tried=[HOUR]) == "applied"
    assert stack.table.get(run.run_id).status == "RUNNING"
    assert on_demand_jobs(stack, run) == []


def test_a_second_job_that_batch_has_forgotten_is_charged_with_all_that_was_reserved(stack) -> None:
    run = launch(stack)
    take_back(stack, run)
    reserved = stack.accounts.read(["2026-11"])["2026-11"].committed
    assert on_demand_jobs(stack, run)
    stack.later(minutes=70)
    stack.jobs.describe = lambda job_ids: {}
    assert stack.reconcile.all()["forgotten"] == 1
    stack.notify.ended(run.run_id, "penguins")
    assert stack.accounts.read(["2026-11"])["2026-11"].spent == reserved


def test_the_whole_run_stays_below_what_it_reserved(stack) -> None:
    run = launch(stack, b"timeout: 1m\nattempts: 1\n")
    minute = {"startedAt": 1795400000000, "stoppedAt": 1795400059000, "container": {"exitCode": 75}}
    tell(stack, run, "FAILED", statusReason=RECLAIMED, container={"exitCode": 75}, tried=[minute])
    ended = stack.table.get(run.run_id)
    assert (ended.status, ended.cause.code) == ("FAILED", "reclaimed")
    assert on_demand_jobs(stack, run) == []
