"""No normal path needs the reconciler: events bring a run to its end, and a pass finds nothing to do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from droptrain_core.domain.costs.pricing import Refreshed, Size
from droptrain_core.domain.runs.run import Run
from support.core_stack import Stack
from support.records import job_detail

AT = "2026-11-23T00:00:00Z"
SIZES = {"g4dn.xlarge": Size(1, 4, 16, 16), "m6i.xlarge": Size(0, 4, 16)}
PRICES = Refreshed({"g4dn.xlarge": 0.6, "m6i.xlarge": 0.2}, AT, {"g4dn.xlarge": {"a": 0.5}}, AT, SIZES, AT)
ATTEMPT = {"startedAt": 1795407600000, "stoppedAt": 1795408440000, "container": {"exitCode": 0}}
RECLAIMED = "Host EC2 (instance i-0abc) terminated."
PREPARES = b"prepare: {entrypoint: prepare.py, resources: {vcpus: 4, memory_gib: 8}, timeout: 30m}\n"
PREPARED = {"attempt": 1, "prepared": {"manifest_sha256": "ab" * 32, "files": 3, "bytes": 900}}


def only(stack: Stack) -> Run:
    """The only run."""
    [run] = stack.query.runs(limit=2).runs
    return stack.query.run(run.run_id)


def tell(stack: Stack, *states: str, **more: Any) -> None:
    """Events of the run's current Batch job."""
    for state in states:
        run = only(stack)
        stack.track.event(job_detail(state) | {"jobName": run.job_name, "jobId": run.batch_job_id} | more)


def train(stack: Stack) -> None:
    tell(stack, "RUNNABLE", "STARTING", "RUNNING")
    tell(stack, "SUCCEEDED", attempts=[ATTEMPT])


def by_a_drop(stack: Stack) -> None:
    for event in stack.drop():
        stack.launch.upload(*event)
    train(stack)


def by_a_drop_that_rests(stack: Stack) -> None:
    stack.put("projects/penguins/train.yaml", b"inputs: {training: '*.csv'}\n")
    for event in stack.drop():
        stack.launch.upload(*event)
    assert "launched" in stack.rested()
    train(stack)


def by_a_drop_that_was_rejected(stack: Stack) -> None:
    stack.put("projects/penguins/train.yaml", b"timeout: never\n")
    for event in stack.drop():
        stack.launch.upload(*event)
    assert only(stack).status == "REJECTED"


def by_a_request(stack: Stack) -> None:
    stack.drop()
    stack.launch.request("penguins", "first", caller="ann")
    train(stack)


def by_a_script_that_fails(stack: Stack) -> None:
    by_request_without_end(stack)
    failed = ATTEMPT | {"container": {"exitCode": 1}}
    tell(stack, "FAILED", attempts=[failed], container={"exitCode": 1})


def by_a_user_who_cancels(stack: Stack) -> None:
    by_request_without_end(stack)
    stack.cancel.run(only(stack).run_id, "ann")
    tell(stack, "FAILED", isTerminated=True)
    assert only(stack).status == "CANCELLED"


def by_a_reclaim_and_another_attempt(stack: Stack) -> None:
    by_request_without_end(stack)
    taken = ATTEMPT | {"statusReason": RECLAIMED, "container": {"exitCode": 75}}
    tell(stack, "RUNNABLE", "STARTING", "RUNNING", attempts=[taken])
    tell(stack, "SUCCEEDED", attempts=[taken, ATTEMPT])


def by_reclaims_and_an_instance_on_demand(stack: Stack) -> None:
    by_request_without_end(stack)
    tell(stack, "FAILED", attempts=[ATTEMPT] * 3, statusReason=RECLAIMED, container={"exitCode": 75})
    assert only(stack).job_number == 2
    train(stack)


def by_a_preparation_and_a_training(stack: Stack) -> None:
    stack.put("projects/penguins/code/prepare.py", b"print()\n")
    stack.put("projects/penguins/train.yaml", PREPARES)
    by_request_without_end(stack)
    run = only(stack)
    report = json.dumps({"batch_job_id": run.batch_job_id, **PREPARED}).encode()
    stack.put(f"runs/penguins/{run.run_id}/outcome.json", report)
    train(stack)
    assert only(stack).step == "train"
    train(stack)


def by_request_without_end(stack: Stack) -> None:
    stack.drop()
    stack.launch.request("penguins", "first", caller="ann")
    tell(stack, "RUNNABLE", "STARTING", "RUNNING")


@pytest.mark.parametrize("path", [
    by_a_drop, by_a_drop_that_rests, by_a_drop_that_was_rejected, by_a_request, by_a_script_that_fails,
    by_a_user_who_cancels, by_a_reclaim_and_another_attempt, by_reclaims_and_an_instance_on_demand,
    by_a_preparation_and_a_training,
])  # fmt: skip
def test_events_alone_bring_a_run_to_its_end(stack: Stack, path: Callable[[Stack], None]) -> None:
    stack.prices.refresh(PRICES, AT)
    stack.publish_project()
    path(stack)
    run = only(stack)
    assert run.ended
    # What the table's stream calls.
    assert stack.notify.ended(run.run_id, run.project).answer == "published"
    stack.later(hours=2, minutes=10)
    assert {what: number for what, number in stack.reconcile.all().items() if number} == {}
