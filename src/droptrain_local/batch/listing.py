"""ListJobs: which jobs it names, in which order, and its pages; pure."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from droptrain_local.batch.arns import short_name
from droptrain_local.batch.details import job_summary
from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.job import Job

_FILTERS = ("JOB_NAME", "JOB_DEFINITION", "BEFORE_CREATED_AT", "AFTER_CREATED_AT")
_PAGE, _FILTERED_PAGE = 1000, 100


def list_jobs(jobs: Iterable[Job], request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of ListJobs for the jobs of one queue, newest first.

    A filter ignores the status asked for; without either, RUNNING jobs are listed (ListJobs, Batch API
    reference). RefusedError for a filter that isn't emulated and for a token that isn't ours.
    """
    filters = request.get("filters", ())
    if len(filters) > 1:
        raise RefusedError("ListJobs takes one filter at a time.")
    if filters:
        chosen = [job for job in jobs if _passes(job, filters[0])]
    else:
        chosen = [job for job in jobs if job.state == request.get("jobStatus", "RUNNING")]
    chosen.sort(key=lambda job: -job.number)
    most = _FILTERED_PAGE if filters else _PAGE
    return _page(chosen, min(request.get("maxResults", most), most), request.get("nextToken"))


def _passes(job: Job, condition: Mapping[str, Any]) -> bool:
    name, values = condition.get("name"), condition.get("values", ())
    if name not in _FILTERS:
        raise RefusedError(f"Filter {name!r} isn't one of {', '.join(_FILTERS)}; names are case sensitive.")
    if name == "JOB_NAME":
        return any(_name_matches(job.name.lower(), value.lower()) for value in values)
    if name == "JOB_DEFINITION":
        definition = short_name(job.definition_arn)
        return any(short_name(value) in (definition, definition.partition(":")[0]) for value in values)
    if not all(value.isdecimal() for value in values):
        raise RefusedError(f"Filter {name} takes epoch milliseconds.")
    moments = [int(value) for value in values]
    if name == "BEFORE_CREATED_AT":
        return any(job.created_at < moment for moment in moments)
    return any(job.created_at > moment for moment in moments)


def _name_matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _page(jobs: Sequence[Job], size: int, token: str | None) -> dict[str, Any]:
    if size < 1:
        raise RefusedError("maxResults must be at least 1.")
    if token is not None:
        before = _read_token(token)
        jobs = [job for job in jobs if job.number < before]
    answer: dict[str, Any] = {"jobSummaryList": [job_summary(job) for job in jobs[:size]]}
    if len(jobs) > size:
        answer["nextToken"] = base64.urlsafe_b64encode(f"before:{jobs[size - 1].number}".encode()).decode()
    return answer


def _read_token(token: str) -> int:
    try:
        kind, _, number = base64.b64decode(token, altchars=b"-_", validate=True).decode().partition(":")
    except ValueError:
        kind, number = "", ""
    if kind != "before" or not number.isdecimal():
        raise RefusedError("nextToken isn't one that ListJobs answered.")
    return int(number)
