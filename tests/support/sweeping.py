"""Sweeps on the core's stack: start them, end their trials, deliver their events."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.order import SweepOrder
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.trial import Trial
from support.core_stack import Stack
from support.function_modules import FUNCTIONS, loaded
from support.records import job_detail

RECIPE = """
timeout: 10m
hyperparameters: {units: 8, rate: 0.1}
metric: {name: accuracy, goal: maximize}
"""
GRID = {"space": {"units": "16,32,64", "rate": [0.1, 0.2]}, "method": "grid", "parallel": 2}
SEARCH: Any = loaded("optuna_search", FUNCTIONS / "trial_ended" / "optuna_search.py").OptunaSearch()
# Ten minutes of an attempt.
TIMES: dict[str, Any] = {"startedAt": 1795407600000, "stoppedAt": 1795408200000, "container": {"exitCode": 0}}


def project(stack: Stack, recipe: str = RECIPE) -> Stack:
    """A project with a metric and a dataset."""
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe.encode())
    stack.drop()
    return stack


def order(**given: Any) -> SweepOrder:
    """A request for a sweep of the dataset."""
    return SweepOrder("penguins", "first", given)


def start(stack: Stack, **given: Any) -> Sweep:
    """Start a sweep on request, and deliver the event of its record."""
    sweep, _ = stack.wiring.launch_sweeps().request(order(**(GRID | given)), caller="ann")
    advance(stack, sweep)
    return now(stack, sweep)


def advance(stack: Stack, sweep: Sweep) -> str:
    """The event that calls the function of sweeps."""
    return stack.wiring.advance_sweep().sweep(sweep.sweep_id, SEARCH)


def now(stack: Stack, sweep: Sweep) -> Sweep:
    """The sweep's record."""
    found = stack.sweeps.get(sweep.sweep_id)
    assert found
    return found


def trials(stack: Stack, sweep: Sweep) -> tuple[Trial, ...]:
    """The sweep's trials by number."""
    return stack.sweeps.trials(now(stack, sweep))


def running(stack: Stack, sweep: Sweep) -> list[int]:
    """The numbers of the trials that run."""
    return [each.number for each in trials(stack, sweep) if not each.ended]


def end(stack: Stack, sweep: Sweep, number: int, value: float | None = 0.5, **changes: Any) -> Run:
    """End a trial's Batch job, with this value of the metric; the events of both functions come after it."""
    run_id = end_job(stack, sweep, number, value, **changes)
    advance(stack, sweep)
    stack.notify.ended(run_id, "penguins")
    found = stack.table.get(run_id)
    assert found
    return found


def stop_early(stack: Stack, sweep: Sweep, number: int, value: float) -> Run:
    """End a trial's Batch job, whose container stopped its code early."""
    stopped = {"stopped_early": {"step": 10, "level": 9, "compared_with": 4}}
    return end(stack, sweep, number, value, account=stopped)


def end_job(
    stack: Stack,
    sweep: Sweep,
    number: int,
    value: float | None,
    account: Mapping[str, Any] = MappingProxyType({}),
    **changes: Any,
) -> str:
    """End a trial's Batch job; the id of its run. `account` is what its container says beside the metric."""
    run = stack.table.get(sweep.run_id(number))
    assert run
    metrics = {} if value is None else {"accuracy": value}
    outcome = {"batch_job_id": run.batch_job_id, "attempt": 1, "metrics": metrics, **account}
    key = f"runs/penguins/{run.run_id}/outcome.json"
    stack.s3.put_object(Bucket="data", Key=key, Body=json.dumps(outcome).encode())
    detail = job_detail("SUCCEEDED", jobName=run.job_name, jobId=run.batch_job_id, **TIMES)
    stack.track.event(detail | {"attempts": [TIMES]} | changes)
    return run.run_id


def fail(stack: Stack, sweep: Sweep, number: int) -> Run:
    """End a trial's Batch job by an error of its code."""
    failed = {**TIMES, "container": {"exitCode": 1}}
    return end(stack, sweep, number, None, status="FAILED", attempts=[failed], container={"exitCode": 1})
