"""Whether a job queue makes progress: runs that wait their turn are normal, a stuck queue is not."""

from dataclasses import replace
from datetime import datetime, timedelta

from droptrain_core.domain import diagnosis, times
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.batch_job import NO_INSTANCE, JobState

# A healthy job can wait for minutes while its compute environment scales up from zero.
NO_PROGRESS = timedelta(minutes=10)
# The next run of a queue has at least the time in which an instance starts.
_IS_NEXT = timedelta(minutes=15)
# The cause if AWS Batch gives none.
_ANY = "waits_long"
# A job with one of these reasons stays at the head of the queue, even while other jobs run. No other reason
# means that the queue is stuck while runs train in it: capacity and quota then limit how many train at once.
_BLOCKS_THE_HEAD = {"does_not_fit", "free_plan", "misconfigured"}


@frozen
class Stuck:
    """A queue where runs have waited since `since` without any start: the cause, and a run with that cause.

    `moved_at` is the last start or end of a job in it; empty if none is known.
    """

    since: str
    moved_at: str
    cause: Cause
    run_id: str


@frozen
class _Waits:
    since: str
    run_id: str
    cause: Cause


@frozen
class QueueView:
    """A view of a queue's runs; `started_at` is the newest start among them."""

    waits_since: str | None = None
    shown_by: _Waits | None = None
    started_at: str = ""
    is_busy: bool = False

    def with_job(self, job: JobState, since: str) -> "QueueView":
        """The view with one more Batch job; `since` is when its run's record changed last."""
        if job.state in ("STARTING", "RUNNING"):
            started_at = job.started_at if job.state == "RUNNING" and job.started_at else since
            return replace(self, is_busy=True, started_at=max(self.started_at, started_at))
        if job.state != "RUNNABLE":
            return self
        waits = _Waits(since, job.run_id, diagnosis.no_instance(job.status_reason))
        shown_by = min(self.shown_by or waits, waits, key=lambda each: (each.cause.code == _ANY, each.since))
        return replace(self, waits_since=min(self.waits_since or since, since), shown_by=shown_by)

    def lacks_instance(self, now: datetime) -> bool:
        """Whether runs have waited for long without a reason from AWS Batch, and none is active."""
        if self.is_busy or self.waits_since is None or self.shown_by is None:
            return False
        waited = now - times.from_text(self.waits_since)
        return self.shown_by.cause.code == _ANY and waited >= NO_INSTANCE

    def stuck(self, last_move: str | None, now: datetime) -> Stuck | None:
        """Why the queue makes no progress; None if it does, or has not been stuck for long.

        `last_move` is the last start or end of a job in the queue, according to events.
        """
        if self.waits_since is None or self.shown_by is None:
            return None
        moved_at = max(self.started_at, last_move or "")
        since = max(self.waits_since, moved_at)
        if now - times.from_text(since) < NO_PROGRESS:
            return None
        cause = self.shown_by.cause
        if self.is_busy and cause.code not in _BLOCKS_THE_HEAD:
            return None
        return Stuck(since, moved_at, cause, self.shown_by.run_id)


def never_joins(launched_at: datetime, is_next_since: datetime, last_move: str | None, now: datetime) -> bool:
    """Whether the newest instance of a queue never joins it, though a run is the next one for it.

    An instance that is older than the queue's last start or end may have joined.
    """
    has_joined = last_move is not None and times.from_text(last_move) >= launched_at
    return not has_joined and now - launched_at >= NO_INSTANCE and now - is_next_since >= _IS_NEXT
