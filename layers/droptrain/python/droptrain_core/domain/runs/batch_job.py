"""A Batch job's state: one reader for state-change events and for DescribeJobs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from droptrain_core.domain import event_field, times
from droptrain_core.domain.datasets.dataset import PROJECT_NAME
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.identity import split_job_name
from droptrain_core.domain.runs.run import Attempt, EarlierJob, Run, Status
from droptrain_core.domain.text import plain

# A retry goes back to RUNNABLE, so a state's rank counts only among equal numbers of ended attempts.
# PENDING means waiting for other jobs. Ours never do, so it counts as SUBMITTED.
_RANKS: Mapping[str, int] = {
    "SUBMITTED": 0, "PENDING": 0, "RUNNABLE": 2, "STARTING": 3, "RUNNING": 4, "SUCCEEDED": 9, "FAILED": 9,
}  # fmt: skip
_STATUSES: Mapping[str, Status] = {
    "SUBMITTED": "SUBMITTED", "PENDING": "SUBMITTED", "RUNNABLE": "RUNNABLE", "STARTING": "STARTING",
    "RUNNING": "RUNNING", "SUCCEEDED": "SUCCEEDED", "FAILED": "FAILED",
}  # fmt: skip
_ABSORBING = 99
_SUPERSEDED_EXIT_CODE = 73
# The container's exit code when Spot takes its instance away, and how AWS Batch words, in statusReason, that
# the instance was gone (user guide: job retries). Only these two are tried again.
RECLAIMED_EXIT_CODE = 75
HOST_GONE = "Host EC2"
# How AWS Batch words, in statusReason, that a job outlived its timeout, or waited too long in RUNNABLE for
# the reason that follows (user guide: job timeouts, jobs stuck in RUNNABLE).
TIMED_OUT = "Job attempt duration exceeded timeout"
WAITED_TOO_LONG = "JobStateTimeLimit"
# The beginning of droptrain's reason when it ends a job: its run costs more than its reservation, has trained
# for all of its `timeout`, or its instance never joined the cluster.
OVER_RESERVATION = "over_reservation: "
OUT_OF_TIME = "out_of_time: "
NEVER_JOINED = "instance_not_joined: "
# How droptrain words that a preparation step ended well without a report of its data.
NOTHING_PREPARED = "nothing_prepared: "
# An instance that has not joined its cluster after this long won't, and it is billed.
NO_INSTANCE = timedelta(minutes=30)
_MAX_ATTEMPTS_KEPT = 10
_MAX_REASON = 1024
_YEARS = range(2016, 2100)  # since AWS Batch exists; a cost is computed from two times


@frozen
class JobState:
    """The state of one Batch job at one time; `queue` is the name of its job queue."""

    run_id: str
    job_id: str
    job_number: int
    state: str
    attempts: tuple[Attempt, ...] = ()
    started_at: str | None = None
    stopped_at: str | None = None
    log_stream: str | None = None
    status_reason: str = ""
    container_reason: str = ""
    exit_code: int | None = None
    stopped_by_user: bool = False
    project: str | None = None
    queue: str = ""

    @property
    def status(self) -> Status:
        """The run's status that follows from the Batch job's state."""
        if self.state == "FAILED" and self.stopped_by_user and not self._stopped_by_a_limit:
            return "CANCELLED"
        return _STATUSES[self.state]

    @property
    def superseded(self) -> bool:
        """Whether the job ended because another Batch job of its run has the lease."""
        return self.state == "FAILED" and self.exit_code == _SUPERSEDED_EXIT_CODE

    @property
    def _stopped_by_a_limit(self) -> bool:
        """Whether a limit of AWS Batch or of the stack ended the job, and not a person."""
        limits = (TIMED_OUT, OVER_RESERVATION, OUT_OF_TIME, NEVER_JOINED)
        return self.status_reason.startswith(limits) or WAITED_TOO_LONG in self.status_reason

    @property
    def ended(self) -> bool:
        return self.state in ("SUCCEEDED", "FAILED")

    @property
    def moved_at(self) -> str | None:
        """The last time at which an attempt started or ended; None if none has started."""
        tries = [*self.attempts, Attempt(self.started_at, self.stopped_at, None, None, None)]
        moves = [at for each in tries if each.started_at for at in (each.started_at, each.stopped_at) if at]
        return max(moves, default=None)

    @property
    def progress(self) -> str:
        """Sorts as text by (Batch job, attempts ended, rank of the state); after an end, no event of the job
        is higher. Events may come in any order: the record keeps the highest.
        """
        attempts = _ABSORBING if self.ended else min(len(self.attempts), _ABSORBING - 1)
        return f"{self.job_number:02d}.{attempts:02d}.{_RANKS[self.state]}"


def submitted(job_number: int) -> str:
    """The progress of a run's Batch job when it is recorded, before any event of it."""
    return f"{job_number:02d}.00.0"


def expected(job_number: int) -> str:
    """The progress of a run before that Batch job is recorded: above every event of the previous job."""
    return f"{job_number:02d}."


def identify(detail: Mapping[str, Any]) -> tuple[str, str, str]:
    """(name, id, state) of the job in an event's detail, also if it isn't a run's; UnreadableError."""
    name, job_id, state = (event_field.text(detail, each) for each in ("jobName", "jobId", "status"))
    return name, job_id, state


def read(detail: Mapping[str, Any]) -> JobState | None:
    """The state in an event's `detail`, or in a job of DescribeJobs; None if it isn't a run's.

    Fields that are missing, unknown or of another type than documented are left out, never an error.
    """
    name, job_id, state = detail.get("jobName"), detail.get("jobId"), detail.get("status")
    ours = split_job_name(name) if isinstance(name, str) else None
    if ours is None or not isinstance(job_id, str):
        return None
    if not isinstance(state, str) or state not in _RANKS:
        return None
    container = _mapping(detail.get("container"))
    attempts = detail.get("attempts")
    return JobState(
        run_id=ours[0],
        job_id=job_id,
        job_number=ours[1],
        state=state,
        attempts=tuple(
            _attempt(item) for item in (attempts if isinstance(attempts, list) else [])[-_MAX_ATTEMPTS_KEPT:]
        ),
        started_at=_moment(detail.get("startedAt")),
        stopped_at=_moment(detail.get("stoppedAt")),
        log_stream=_text(container.get("logStreamName")) or None,
        status_reason=_text(detail.get("statusReason")),
        container_reason=_text(container.get("reason")),
        exit_code=_integer(container.get("exitCode")),
        stopped_by_user=detail.get("isCancelled") is True or detail.get("isTerminated") is True,
        project=_project(_mapping(detail.get("tags")).get("droptrain:project")),
        queue=queue_name(_text(detail.get("jobQueue"))),
    )


def queue_name(arn: str) -> str:
    """The name of a job queue, from its ARN or from the name itself."""
    return arn.rpartition("/")[2]


def attempts_until(job: JobState, now: datetime) -> tuple[Attempt, ...]:
    """The job's attempts, each with the time until which AWS charges for it; a running one ends `now`.

    `attempts` of the job are those that have ended; `started_at` is the start of the last one.
    """
    tries = list(job.attempts)
    if job.started_at and all(job.started_at > (each.started_at or "") for each in tries):
        tries.append(Attempt(job.started_at, job.stopped_at, None, None, job.log_stream))
    stops = [*(each.started_at for each in tries[1:]), job.stopped_at]
    return tuple(
        replace(each, stopped_at=each.stopped_at or stop or times.to_text(now))
        for each, stop in zip(tries, stops, strict=False)
    )


def as_reported(job: EarlierJob, state: JobState | None, now: datetime) -> EarlierJob:
    """The earlier job with the attempts in its state; with its own if AWS Batch no longer knows it."""
    found = attempts_until(state, now) if state else ()
    return replace(job, attempts=max(job.attempts, found, key=len))


def lost_its_instance(attempt: Attempt) -> bool:
    """Whether the attempt ended because its instance went away: on Spot, it was reclaimed."""
    return attempt.exit_code == RECLAIMED_EXIT_CODE or (attempt.reason or "").startswith(HOST_GONE)


def count_reclaimed(run: Run) -> int:
    """The number of the run's attempts that Spot ended."""
    earlier = run.next_job.earlier if run.next_job else ()
    ended = sum(len(job.attempts) for job in earlier)
    on_spot = [each for job in earlier if job.on_spot for each in job.attempts]
    if run.is_on_spot(run.job_number):
        on_spot += run.attempts[ended:]
    return sum(map(lost_its_instance, on_spot))


def count_preparing(run: Run) -> int:
    """How many of the run's attempts, the first ones, are of its preparation step."""
    if run.is_preparing:
        return len(run.attempts)
    earlier = run.next_job.earlier if run.next_job else ()
    return sum(len(job.attempts) for job in earlier if job.step == "prepare")


def trained_seconds(attempt: Attempt) -> int:
    """AWS Batch's seconds, including the upload of the last checkpoint; 0 if it never started."""
    if not attempt.started_at or not attempt.stopped_at:
        return 0
    took = times.from_text(attempt.stopped_at) - times.from_text(attempt.started_at)
    return round(max(took.total_seconds(), 0.0))


def _attempt(value: object) -> Attempt:
    attempt = _mapping(value)
    container = _mapping(attempt.get("container"))
    return Attempt(
        started_at=_moment(attempt.get("startedAt")),
        stopped_at=_moment(attempt.get("stoppedAt")),
        exit_code=_integer(container.get("exitCode")),
        reason=_text(attempt.get("statusReason")) or _text(container.get("reason")) or None,
        log_stream=_text(container.get("logStreamName")) or None,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return plain(value[:_MAX_REASON]) if isinstance(value, str) else ""


def _project(value: object) -> str | None:
    return value if isinstance(value, str) and PROJECT_NAME.fullmatch(value) else None


def _integer(value: object) -> int | None:
    """A number from Batch, which has 32 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31:
        return value
    return None


def _moment(value: object) -> str | None:
    moment = times.from_epoch_ms(value)
    return times.to_text(moment) if moment and moment.year in _YEARS else None
