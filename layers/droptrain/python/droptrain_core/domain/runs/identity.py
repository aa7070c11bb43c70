"""The names of runs and sweeps: each is made from what it names, so a repeat gets the same one."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from droptrain_core.domain.datasets.dataset import ObjectVersion, digest

_JOB_NAME = re.compile(r"(?P<run_id>[a-z0-9][a-z0-9_-]*-[0-9a-f]{12})(-(?P<number>\d{1,2}))?")


def identify(
    project: str,
    dataset: str,
    versions: Iterable[ObjectVersion],
    overrides: Mapping[str, Any],
    rerun: int,
    scheduled_at: str | None = None,
) -> str:
    """The run's id: project, dataset and 12 hex over inputs, recipe and code by key and version,
    overrides, rerun counter, and the time of the schedule; at most 100 characters of `[a-z0-9_-]`.
    """
    parts = sorted({item.identity for item in versions})
    if scheduled_at:
        parts.append(f"scheduled {scheduled_at}")
    whole = digest(json.dumps(overrides, sort_keys=True), str(rerun), *parts)
    return f"{_name(project, dataset)}-{whole[:12]}"


def order_key(created_at: datetime, run_id: str) -> str:
    """The sort key of lists: by creation time to the millisecond, then by id."""
    return f"{created_at.strftime('%Y-%m-%dT%H:%M:%S')}.{created_at.microsecond // 1000:03d}Z#{run_id}"


def identify_sweep(project: str, dataset: str, *parts: str) -> str:
    """A sweep's id: project, dataset and 12 hex over everything that makes it this sweep."""
    return f"{_name(project, dataset)}-sweep-{digest(*parts)[:12]}"


def identify_trial(project: str, dataset: str, sweep_id: str, number: int) -> str:
    """The id of a sweep's trial: known before the trial's parameters are, so that it has one launch."""
    return f"{_name(project, dataset)}-{digest(sweep_id, str(number))[:12]}"


def runs_prefix(project: str, dataset: str) -> str:
    """The prefix of the folders of a dataset's runs; other datasets with a similar name share it."""
    return f"runs/{project}/{_name(project, dataset)}-"


def split_job_name(job_name: str) -> tuple[str, int] | None:
    """(run id, number of the run's Batch job) in a Batch job's name; None if it isn't a run's."""
    match = _JOB_NAME.fullmatch(job_name)
    return (match["run_id"], int(match["number"] or 1)) if match else None


def _name(project: str, dataset: str) -> str:
    return f"{_slug(project)}-{_slug(dataset)}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower())[:40].strip("-_") or "unnamed"
