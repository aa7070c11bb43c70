"""What the end of an attempt means for its job: success, another attempt, or failure; pure."""

from typing import Literal

from droptrain_local.batch.job import Attempt, Job, Place
from droptrain_local.batch.retry import read_strategy

ENDED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
NOT_STARTED = "Task failed to start"
_KILLED = 137

StoppedBy = Literal["reclaim", "timeout"]


def close_attempt(
    job: Job,
    place: Place,
    *,
    stopped_at: int,
    exit_code: int | None = None,
    not_started: str | None = None,
    stopped_by: StoppedBy | None = None,
) -> Job:
    """The job after its present attempt: SUCCEEDED, FAILED, or RUNNABLE for a retry.

    A container that exits 0 while its instance is reclaimed has succeeded. Jobs that were terminated or timed
    out are never retried (Automated job retries and Job timeouts, AWS Batch user guide).
    """
    reclaimed = stopped_by == "reclaim" and exit_code != 0
    if job.is_terminated:
        status_reason = job.status_reason or ""
    elif stopped_by == "timeout":
        status_reason = TIMED_OUT
    elif reclaimed:
        status_reason = f"Host EC2 (instance {place.instance_id}) terminated."
    else:
        status_reason = NOT_STARTED if not_started else ENDED
    attempt = Attempt(
        place=place,
        started_at=None if not_started else job.started_at,
        stopped_at=stopped_at,
        status_reason=status_reason,
        # Nobody is left to tell the exit code of a container that was killed with its host.
        exit_code=None if reclaimed and exit_code == _KILLED else exit_code,
        reason=not_started,
    )
    return job.attempt_ended(_next_state(job, attempt, stopped_by), attempt)


def _next_state(
    job: Job, attempt: Attempt, stopped_by: StoppedBy | None
) -> Literal["SUCCEEDED", "RUNNABLE", "FAILED"]:
    if job.is_terminated or stopped_by == "timeout":
        return "FAILED"
    if attempt.exit_code == 0:
        return "SUCCEEDED"
    again = read_strategy(job.retry_strategy).allows_another(
        len(job.attempts) + 1,
        status_reason=attempt.status_reason,
        reason=attempt.reason or "",
        exit_code=attempt.exit_code,
    )
    return "RUNNABLE" if again else "FAILED"
