"""A Batch job's state and the changes it can go through; pure, times in epoch milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

State = Literal["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"]
STATES: tuple[State, ...] = (
    "SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED",
)  # fmt: skip
# A retry goes back to RUNNABLE, also from STARTING, where a container could not be started.
_NEXT: Mapping[State, tuple[State, ...]] = {
    "SUBMITTED": ("PENDING", "FAILED"),
    "PENDING": ("RUNNABLE", "FAILED"),
    "RUNNABLE": ("STARTING", "FAILED"),
    "STARTING": ("RUNNING", "RUNNABLE", "FAILED"),
    "RUNNING": ("SUCCEEDED", "RUNNABLE", "FAILED"),
    "SUCCEEDED": (),
    "FAILED": (),
}


@dataclass(frozen=True)
class Place:
    """Where an attempt runs, and the names that ECS and CloudWatch Logs give it."""

    environment_arn: str
    environment_name: str
    instance_id: str
    container_instance_arn: str
    task_arn: str
    log_group: str
    log_stream: str


@dataclass(frozen=True)
class Attempt:
    """One ended try of a job. A try whose container never ran has no `started_at`."""

    place: Place
    started_at: int | None
    stopped_at: int
    status_reason: str
    exit_code: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Job:
    """A Batch job. `container` are the definition's container properties with the overrides merged in.

    `share` is its share identifier, empty in a queue without a scheduling policy.
    """

    job_id: str
    arn: str
    name: str
    number: int
    queue_arn: str
    definition_arn: str
    created_at: int
    container: Mapping[str, Any]
    retry_strategy: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int | None = None
    propagate_tags: bool = False
    share: str = ""
    priority: int = 0
    state: State = "SUBMITTED"
    status_reason: str | None = None
    attempts: tuple[Attempt, ...] = ()
    place: Place | None = None
    started_at: int | None = None
    stopped_at: int | None = None
    exit_code: int | None = None
    reason: str | None = None
    is_cancelled: bool = False
    is_terminated: bool = False

    @property
    def ended(self) -> bool:
        return self.state in ("SUCCEEDED", "FAILED")

    @property
    def placed(self) -> bool:
        """True where a container is being started or runs."""
        return self.state in ("STARTING", "RUNNING")

    def pending(self) -> "Job":
        return self._to("PENDING")

    def runnable(self) -> "Job":
        return self._to("RUNNABLE")

    def waiting_because(self, status_reason: str | None) -> "Job":
        """Say why the job waits; the state stays."""
        return replace(self, status_reason=status_reason)

    def starting(self, place: Place) -> "Job":
        """A container of this attempt is being started; what the last attempt said of itself goes."""
        return replace(self._to("STARTING"), place=place, status_reason=None, exit_code=None, reason=None)

    def running(self, now: int) -> "Job":
        return replace(self._to("RUNNING"), started_at=now)

    def attempt_ended(self, state: Literal["SUCCEEDED", "RUNNABLE", "FAILED"], attempt: Attempt) -> "Job":
        """Close the present attempt and go to `state`: RUNNABLE is a retry."""
        return replace(
            self._to(state),
            attempts=(*self.attempts, attempt),
            status_reason=attempt.status_reason,
            exit_code=attempt.exit_code,
            reason=attempt.reason,
            stopped_at=None if state == "RUNNABLE" else attempt.stopped_at,
        )

    def cancelled(self, reason: str) -> "Job":
        """A cancellation was accepted."""
        return replace(self, is_cancelled=True, status_reason=reason)

    def terminated(self, reason: str) -> "Job":
        """A termination was accepted."""
        return replace(self, is_terminated=True, status_reason=reason)

    def failed_before_start(self, now: int) -> "Job":
        """A job that was stopped before any container of this attempt."""
        return replace(self._to("FAILED"), stopped_at=now)

    def tagged(self, tags: Mapping[str, str]) -> "Job":
        return replace(self, tags=tags)

    def _to(self, state: State) -> "Job":
        if state not in _NEXT[self.state]:
            raise ValueError(f"a job can't go from {self.state} to {state}")
        return replace(self, state=state)
