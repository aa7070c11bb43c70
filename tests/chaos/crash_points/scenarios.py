"""What the core does, each thing as it is set up, done, and done again when it was interrupted."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.datasets.dataset import LINK_METADATA
from droptrain_core.domain.recipes.push import Published, pushing
from droptrain_core.domain.runs.claims import RequestClaim
from droptrain_core.domain.runs.run import EarlierJob, NextJob, Reservation
from droptrain_core.domain.runs.transitions import cancel_requested, next_job
from support.core_stack import Stack
from support.records import job_detail, run

ASKED = RequestClaim("key", "digest", 4102444800)
HELD = Reservation("2026-11", 5_000_000, 100_000_000)
METRIC: Any = {"metric": "test_accuracy", "metric_goal": "maximize"}
JOB = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"


@dataclass(frozen=True)
class Scenario:
    """`prepare` answers what `act` needs; an act that didn't come to its end is done again, as events come
    again and people ask again. It makes `calls` calls when nothing goes wrong.
    """

    name: str
    prepare: Callable[[Stack], Any]
    act: Callable[[Stack, Any], Any]
    calls: int


def _dropped(stack: Stack) -> Any:
    stack.publish_project()
    return stack.drop()


def _pushed_halfway(stack: Stack) -> Any:
    """A push that has replaced the recipe, and will never come to the code."""
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"attempts: 2\n")
    recipe, code = (stack.bucket.folder(f"projects/penguins/{name}") for name in ("train.yaml", "code/"))
    state = pushing(Published(recipe[0], code), "2026-11-23T02:09:00Z")
    stack.put("projects/penguins/push.json", json.dumps(state).encode())
    stack.put("projects/penguins/train.yaml", b"entrypoint: not_there_yet.py\n")
    return stack.drop()


def _without_room(stack: Stack) -> Any:
    stack.budget = Budget(month_usd=1.0)
    return _dropped(stack)


def _launched(stack: Stack) -> Any:
    events = _dropped(stack)
    stack.launch.upload(*events[0])
    return events


def _launched_run(stack: Stack) -> Any:
    _launched(stack)
    return stack.query.runs(limit=1).runs[0]


def _half(stack: Stack) -> Any:
    stack.publish_project()
    return stack.drop("first", "train.csv")


def _half_that_is_old(stack: Stack) -> Any:
    stack.launch.upload(*_half(stack)[0])
    stack.later(minutes=61)


def _complete_after_all(stack: Stack) -> Any:
    stack.launch.upload(*_half(stack)[0])
    stack.drop("first", "test.csv")
    stack.later(minutes=61)


def _claimed(stack: Stack, **changes: Any) -> Any:
    record = run(**({"run_id": stack.run_id, "reservations": (HELD,)} | changes))
    stack.table.claim(record)
    return record


def _old_claim(stack: Stack) -> Any:
    _claimed(stack)
    stack.later(minutes=5)


def _job_not_noted(stack: Stack) -> Any:
    record = _claimed(stack)
    stack.jobs.submit(record, {})
    stack.later(minutes=5)


def _running(stack: Stack) -> Any:
    _claimed(stack, status="RUNNING", batch_job_id=JOB, **METRIC)
    account = {"batch_job_id": JOB, "attempt": 0, "metrics": {"test_accuracy": 0.9}}
    key = f"runs/penguins/{stack.run_id}/outcome.json"
    stack.s3.put_object(Bucket="data", Key=key, Body=json.dumps(account).encode())


def _superseded(stack: Stack) -> Any:
    _running(stack)
    lease = json.dumps({"batch_job_id": "the-other"}).encode()
    stack.s3.put_object(Bucket="data", Key=f"runs/penguins/{stack.run_id}/lease", Body=lease)


def _ended(stack: Stack) -> Any:
    _running(stack)
    _change(stack, "SUCCEEDED")


def _ended_better(stack: Stack) -> Any:
    _earlier(stack, "2026-11-23T02:09:00.000Z", 0.8)
    _ended(stack)


def _ended_late(stack: Stack) -> Any:
    _earlier(stack, "2026-11-23T02:11:00.000Z", 0.95)
    _ended(stack)


def _earlier(stack: Stack, created_order: str, accuracy: float) -> None:
    """Another run of the project that ended before, and is announced."""
    other = run(
        run_id="penguins-first-ffffffffffff", status="SUCCEEDED", created_order=created_order,
        metrics={"test_accuracy": accuracy}, **METRIC,
    )  # fmt: skip
    stack.table.claim(other)
    stack.notify.ended(other.run_id, "penguins")


def _on_spot(stack: Stack) -> Any:
    _claimed(stack, status="RUNNING", batch_job_id=JOB)


def _taken_back(stack: Stack) -> Any:
    container = {"exitCode": 75}
    return _change(stack, "FAILED", attempts=3, statusReason="Host EC2 terminated.", container=container)


def _not_started(stack: Stack) -> Any:
    container = {"reason": "CannotPullContainerError: error pulling image: i/o timeout"}
    return _change(stack, "FAILED", statusReason="Task failed to start", container=container)


def _forgotten(stack: Stack) -> Any:
    _claimed(stack, status="RUNNING", batch_job_id="gone")
    stack.later(minutes=61)


def _cancel_not_carried_out(stack: Stack) -> Any:
    found = _launched_run(stack)
    stack.table.write(cancel_requested(found.run_id, "bob", "2026-11-23T02:10:05Z"))
    stack.later(minutes=5)


def _cancelled_between_two_jobs(stack: Stack) -> Any:
    found = _launched_run(stack)
    previous = EarlierJob(str(found.batch_job_id), on_spot=True, has_ended=False)
    why = "The run continues on an on-demand instance."
    step = NextJob(3600, why, on_spot=False, is_retry=False, earlier=(previous,))
    stack.table.write(next_job(found, step, None, "2026-11-23T02:10:05Z"))
    stack.table.write(cancel_requested(found.run_id, "bob", "2026-11-23T02:10:05Z"))
    stack.later(minutes=5)


def _by_link(stack: Stack) -> Any:
    """A file that a signed link has uploaded again."""
    (key, _), _ = _launched(stack)
    stack.dataset_table.expect_links("penguins", "first", stack.now + timedelta(days=1))
    answer = stack.s3.put_object(Bucket="data", Key=key, Body=b"x", Metadata={LINK_METADATA: "0" * 32})
    return key, answer["VersionId"], stack.now


def _change(stack: Stack, status: str, **changes: Any) -> Any:
    return stack.track.event(job_detail(status, jobName=stack.run_id, jobId=JOB, **changes))


def _blocked(stack: Stack) -> Any:
    """A run that waits at the head of its queue, and AWS Batch's event of it."""
    found = _launched_run(stack)
    said = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    detail = job_detail("RUNNABLE", jobName=found.run_id, jobId=found.batch_job_id, statusReason=said)
    stack.track.event(detail)
    stack.later(minutes=11)
    return detail


def _with_a_step(stack: Stack) -> Any:
    """A dataset whose data are prepared before its training."""
    stack.put("projects/penguins/train.yaml", b"prepare: {entrypoint: run.sh}\n")
    return _dropped(stack)


def _preparing(stack: Stack) -> Any:
    """The first run of such a dataset, which prepares the data."""
    stack.launch.upload(*_with_a_step(stack)[0])
    return stack.query.runs(limit=1).runs[0]


def _awaited(stack: Stack) -> Any:
    """The same, with another run that waits for its data."""
    first = _preparing(stack)
    stack.later(seconds=1)
    stack.launch.request("penguins", "first", caller="ann", rerun=True)
    return first


def _prepared(stack: Stack, first: Any) -> Any:
    """The end of the step that has prepared the data."""
    manifest = {"manifest_sha256": "ab" * 32, "files": 1, "bytes": 1}
    account = {"batch_job_id": first.batch_job_id, "attempt": 1, "prepared": manifest}
    key = f"runs/penguins/{first.run_id}/outcome.json"
    stack.s3.put_object(Bucket="data", Key=key, Body=json.dumps(account).encode())
    return _end_of_step(stack, first, "SUCCEEDED")


def _end_of_step(stack: Stack, first: Any, status: str) -> Any:
    tried = {"startedAt": 1795399800000, "stoppedAt": 1795399860000}
    detail = job_detail(status, jobName=first.run_id, jobId=first.batch_job_id, **tried)
    return stack.track.event(detail | {"attempts": [tried]})


def _repeat(stack: Stack, event: tuple[str, str]) -> Any:
    """The event of an upload that the dataset's run has taken."""
    return stack.launch.upload(*event, stack.now - timedelta(minutes=10))


SCENARIOS = (
    Scenario("launch a pair", _dropped, lambda stack, events: stack.launch.upload(*events[0]), 15),
    Scenario(
        "launch while others push", _pushed_halfway, lambda stack, events: stack.launch.upload(*events[0]), 13
    ),
    Scenario("launch by a signed link", _by_link, lambda stack, upload: stack.launch.upload(*upload), 17),
    Scenario("wait for a file", _half, lambda stack, events: stack.launch.upload(*events[0]), 5),
    Scenario("repeat an upload", _launched, lambda stack, events: _repeat(stack, events[0]), 2),
    Scenario("meet the other file's event", _launched, lambda stack, events: _repeat(stack, events[1]), 2),
    Scenario(
        "reject a drop without code",
        lambda stack: stack.drop(),
        lambda stack, events: stack.launch.upload(*events[0]),
        11,
    ),
    Scenario(
        "refuse a run that the budget has no room for",
        _without_room,
        lambda stack, events: stack.launch.upload(*events[0]),
        14,
    ),
    Scenario(
        "reject a bad name",
        lambda stack: stack.put("projects/penguins/data/My Data/x.csv"),
        lambda stack, event: stack.launch.upload(*event),
        2,
    ),
    Scenario(
        "launch by request",
        _dropped,
        lambda stack, _: stack.launch.request("penguins", "first", caller="ann", request=ASKED),
        15,
    ),
    Scenario(
        "rerun",
        _launched,
        lambda stack, _: stack.launch.request("penguins", "first", caller="ann", rerun=True, request=ASKED),
        16,
    ),
    Scenario(
        "repeat an older run",
        _launched_run,
        lambda stack, found: stack.launch.repeat(found.run_id, caller="ann", request=ASKED),
        9,
    ),
    Scenario("apply a change", _running, lambda stack, _: _change(stack, "RUNNABLE", attempts=1), 4),
    Scenario("apply an end", _running, lambda stack, _: _change(stack, "SUCCEEDED"), 3),
    Scenario("try a failed start once more", _on_spot, lambda stack, _: _not_started(stack), 5),
    Scenario("go on on demand", _on_spot, lambda stack, _: _taken_back(stack), 6),
    Scenario(
        "launch a run with a preparation step",
        _with_a_step,
        lambda stack, events: stack.launch.upload(*events[0]),
        15,
    ),
    Scenario(
        "use data that are prepared",
        lambda stack: _prepared(stack, _preparing(stack)),
        lambda stack, _: stack.launch.request("penguins", "first", caller="ann", rerun=True, request=ASKED),
        17,
    ),
    Scenario(
        "wait for data that another run prepares",
        _preparing,
        lambda stack, _: stack.launch.request("penguins", "first", caller="ann", rerun=True, request=ASKED),
        15,
    ),
    Scenario("train on prepared data", _preparing, _prepared, 7),
    Scenario("wake a run that waits for the data", _awaited, _prepared, 13),
    Scenario(
        "let another run prepare the data after a failure",
        _awaited,
        lambda stack, first: _end_of_step(stack, first, "FAILED"),
        10,
    ),
    Scenario("repeat an end", _ended, lambda stack, _: _change(stack, "SUCCEEDED"), 3),
    Scenario(
        "follow the job that trains",
        _superseded,
        lambda stack, _: _change(stack, "FAILED", container={"exitCode": 73}),
        2,
    ),
    Scenario("announce an end", _ended, lambda stack, _: stack.notify.ended(stack.run_id, "penguins"), 7),
    Scenario(
        "announce a new best",
        _ended_better,
        lambda stack, _: stack.notify.ended(stack.run_id, "penguins"),
        7,
    ),
    Scenario(
        "announce a run that others passed",
        _ended_late,
        lambda stack, _: stack.notify.ended(stack.run_id, "penguins"),
        6,
    ),
    Scenario(
        "tell of a blocked queue", _blocked, lambda stack, detail: stack.report_stuck_queue.event(detail), 7
    ),
    Scenario(
        "cancel",
        _launched_run,
        lambda stack, found: stack.cancel.run(found.run_id, "bob"),
        2,
    ),
    Scenario("finish an old claim", _old_claim, lambda stack, _: stack.reconcile.all(), 13),
    Scenario("adopt a job that was not noted", _job_not_noted, lambda stack, _: stack.reconcile.all(), 12),
    Scenario("end what Batch forgot", _forgotten, lambda stack, _: stack.reconcile.all(), 11),
    Scenario("carry out a cancel", _cancel_not_carried_out, lambda stack, _: stack.reconcile.all(), 12),
    Scenario(
        "end a run that was cancelled between its two jobs",
        _cancelled_between_two_jobs,
        lambda stack, _: stack.reconcile.all(),
        13,
    ),
    Scenario("tell of an incomplete dataset", _half_that_is_old, lambda stack, _: stack.reconcile.all(), 18),
    Scenario(
        "launch what is complete after all", _complete_after_all, lambda stack, _: stack.reconcile.all(), 24
    ),
)
