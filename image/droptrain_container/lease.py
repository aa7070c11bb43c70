"""The run's lease: of several Batch jobs for one run, one trains. S3's conditional writes decide.

A run has one Batch job, or a second one that goes on where the first can't: that takes the lease from it.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from droptrain_container.exit_codes import EndError
from droptrain_container.s3 import Bucket, ConflictError, MissingError
from droptrain_container.settings import Settings

_TRIES = 8
_PAUSE_SECONDS = 0.25
_BEYOND_ALL = 100


@dataclass(frozen=True)
class Lease:
    """This Batch job's lease; `is_first` if no attempt held it before."""

    is_first: bool


def take(bucket: Bucket, settings: Settings) -> Lease:
    """Take the lease, retake it as a later attempt of the same Batch job, or replace that of an earlier job.

    EndError (superseded) if another Batch job holds it, unless that has a lower number.
    """
    key = settings.prefix + "lease"
    mine = _document(settings)
    for _ in range(_TRIES):
        try:
            bucket.put_new(key, mine)
            return Lease(is_first=True)
        except ConflictError:
            held = _held(bucket, key)
        if held:
            job_id, number, etag = held
            if job_id != settings.job_id and number >= settings.job_number:
                raise EndError(
                    "superseded",
                    f"Batch job {job_id} trains this run; {settings.job_id} ends and leaves it alone.",
                )
            try:
                bucket.replace(key, mine, etag)
                return Lease(is_first=False)
            except (ConflictError, MissingError):
                pass
        time.sleep(_PAUSE_SECONDS)
    raise EndError(
        "s3_unreachable", f"The lease s3://{bucket.name}/{key} changed at each of {_TRIES} tries to take it."
    )


def _held(bucket: Bucket, key: str) -> tuple[str, int, str] | None:
    """(job id, its number, ETag) of the lease; None if it is gone. An unreadable lease has no holder."""
    try:
        content, etag = bucket.get_tagged(key)
    except MissingError:
        return None
    try:
        lease = json.loads(content)
        return str(lease["batch_job_id"]), int(lease.get("job_number", 1)), etag
    except (AttributeError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "(unreadable)", _BEYOND_ALL, etag


def _document(settings: Settings) -> bytes:
    taken_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lease = {
        "schema": 1,
        "batch_job_id": settings.job_id,
        "job_number": settings.job_number,
        "attempt": settings.attempt,
        "taken_at": taken_at,
    }
    return json.dumps(lease).encode()
