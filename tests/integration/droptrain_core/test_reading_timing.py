"""The timing of runs is read from their records, their containers' reports and the runs before them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from droptrain_core.domain import times
from droptrain_core.domain.errors import NotFoundError
from droptrain_core.domain.runs.timing import Usual
from support.core_stack import Stack
from support.records import JOB_ID, job_detail, run


def report(stack: Stack, name: str, run_id: str, **seconds: int) -> None:
    """Let a container report times, so many seconds from now."""
    timing = {part: times.to_text(stack.now + timedelta(seconds=after)) for part, after in seconds.items()}
    document = {
        "batch_job_id": JOB_ID,
        "attempt": 1,
        "started_at": times.to_text(stack.now),
        "timing": timing,
    }
    stack.put(f"runs/penguins/{run_id}/{name}", json.dumps(document).encode())


def track(stack: Stack, run_id: str, *states: str, attempts: tuple[dict[str, Any], ...] = ()) -> None:
    for state in states:
        stack.track.event(job_detail(state) | {"jobName": run_id, "attempts": list(attempts)})


def trained(stack: Stack, number: int, fetch_seconds: int) -> str:
    """A run that has succeeded, whose container took so long to fetch."""
    run_id = f"penguins-first-{number:012x}"
    stack.table.claim(run(run_id=run_id, created_order=f"2026-11-23T02:10:00.{number:03}Z#{run_id}"))
    track(stack, run_id, "RUNNABLE", "STARTING", "RUNNING")
    report(stack, "outcome.json", run_id, script_started_at=fetch_seconds)
    began = round(stack.now.timestamp() * 1000)
    attempt = {"startedAt": began, "stoppedAt": began + 60_000, "container": {"exitCode": 0}}
    track(stack, run_id, "SUCCEEDED", attempts=(attempt,))
    return run_id


def test_a_run_is_compared_with_those_before_it(stack: Stack) -> None:
    for number, seconds in enumerate([4, 9, 30], 1):
        trained(stack, number, seconds)
    stack.table.claim(run())
    track(stack, run().run_id, "RUNNABLE", "STARTING", "RUNNING")
    underway = stack.read_timing.of(run().run_id).underway
    assert underway
    assert (underway.name, underway.usual) == ("fetched", Usual(9, 3, "project"))


def test_a_running_container_says_how_far_it_is(stack: Stack) -> None:
    stack.table.claim(run())
    track(stack, run().run_id, "RUNNABLE", "STARTING", "RUNNING")
    report(stack, "timing.json", run().run_id, script_started_at=5, first_output_at=7)
    underway = stack.read_timing.of(run().run_id).underway
    assert underway
    assert (underway.name, underway.since) == ("trained", times.to_text(stack.now + timedelta(seconds=7)))


def test_what_a_container_reported_at_its_end_outlives_its_files(stack: Stack) -> None:
    run_id = trained(stack, 1, 8)
    stack.s3.delete_object(Bucket="data", Key=f"runs/penguins/{run_id}/outcome.json")
    parts = {each.name: each.seconds for each in stack.read_timing.of(run_id).parts}
    assert (parts["fetched"], parts["saved"]) == (8, 52)


def test_there_is_no_timing_of_a_run_that_is_not_there(stack: Stack) -> None:
    with pytest.raises(NotFoundError):
        stack.read_timing.of("penguins-first-0123456789ab")
