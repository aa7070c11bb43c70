"""A container's report of when each part of an attempt was over; checked, as user code can write it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from droptrain_core.domain import times
from droptrain_core.domain.frozen import frozen

_YEARS = range(2016, 2100)  # since AWS Batch exists
_MAX_ID = 200
_MAX_TEXT = 40


@frozen
class ContainerTimes:
    """The times of attempt `attempt` (from 1) of a Batch job, as the contract's texts; None if unknown."""

    job_id: str
    attempt: int
    instance_launched_at: str | None = None
    image_pull_started_at: str | None = None
    image_pulled_at: str | None = None
    started_at: str | None = None
    script_started_at: str | None = None
    first_output_at: str | None = None
    first_metric_at: str | None = None
    script_ended_at: str | None = None


def read(document: object) -> ContainerTimes | None:
    """The times in a parsed `outcome.json` or `timing.json`; None if it isn't one."""
    account = _mapping(document)
    job_id, attempt = account.get("batch_job_id"), account.get("attempt")
    if not isinstance(job_id, str) or not isinstance(attempt, int) or len(job_id) > _MAX_ID:
        return None
    reported = {
        **_mapping(account.get("timing")),
        "started_at": account.get("started_at"),
        "instance_launched_at": _mapping(account.get("instance")).get("launched_at"),
    }
    names = [each.name for each in fields(ContainerTimes) if each.name.endswith("_at")]
    return ContainerTimes(job_id, attempt, **{name: _moment(reported.get(name)) for name in names})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _moment(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        return None
    try:
        moment = times.from_text(value)
    except (ValueError, OverflowError):
        return None
    return times.to_text(moment) if moment.year in _YEARS else None
