"""The run's lease: of several Batch jobs for one run, one trains. S3's conditional writes decide."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from droptrain_container.exit_codes import EndError
from droptrain_container.s3 import Bucket, ConflictError, MissingError
from droptrain_container.settings import Settings

_TRIES = 8
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True)
class Lease:
    """This Batch job's lease; `is_first` if no attempt held it before."""

    is_first: bool


def take(bucket: Bucket, settings: Settings) -> Lease:
    """Take the lease, or retake it as a later attempt of the same Batch job.

    EndError (superseded) if another Batch job holds it.
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
            job_id, etag = held
            if job_id != settings.job_id:
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


def _held(bucket: Bucket, key: str) -> tuple[str, str] | None:
    """(job id, ETag) of the lease; None if it is gone again. A lease that can't be read is nobody's job."""
    try:
        content, etag = bucket.get_tagged(key)
    except MissingError:
        return None
    try:
        job_id = json.loads(content)["batch_job_id"]
    except (ValueError, KeyError, TypeError):
        job_id = "(unreadable)"
    return str(job_id), etag


def _document(settings: Settings) -> bytes:
    taken_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lease = {
        "schema": 1,
        "batch_job_id": settings.job_id,
        "attempt": settings.attempt,
        "taken_at": taken_at,
    }
    return json.dumps(lease).encode()
