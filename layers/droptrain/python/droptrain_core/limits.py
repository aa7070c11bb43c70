"""Limits: a run is ended that exceeds its training time or its reservation, or whose instance never joins."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.aws.queue_instances import QueueInstances
from droptrain_core.aws.queue_watch import QueueWatch
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.costs import cost as costs
from droptrain_core.domain.costs.budget import dollars, reserved_for, to_micro
from droptrain_core.domain.costs.cost import Eligible
from droptrain_core.domain.costs.estimate import SAVE_SECONDS
from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.diagnosis.queue_progress import QueueView, never_joins
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import batch_job, next_job
from droptrain_core.domain.runs.batch_job import (
    NEVER_JOINED,
    OUT_OF_TIME,
    OVER_RESERVATION,
    JobState,
    attempts_until,
)
from droptrain_core.domain.runs.compute import StackCompute
from droptrain_core.domain.runs.run import Run

# The container itself ends the code when the time is up, and saves what it left.
_GRACE = timedelta(seconds=SAVE_SECONDS)


@frozen
class Exceeded:
    """A Batch job whose run exceeds a limit, and the reason that AWS Batch gets."""

    job_id: str
    limit: Literal["over_reservation", "out_of_time"]
    reason: str


class Limits:
    """Finds such runs by AWS Batch's times and the current prices, and ends their jobs."""

    def __init__(
        self,
        bucket: Bucket,
        table: RunTable,
        prices: PriceTable,
        jobs: JobQueue,
        queues: QueueWatch,
        instances: QueueInstances,
        compute: StackCompute,
        clock: Callable[[], datetime],
    ) -> None:
        self._bucket = bucket
        self._table = table
        self._prices = prices
        self._jobs = jobs
        self._queues = queues
        self._instances = instances
        self._compute = compute
        self._clock = clock

    def prices(self) -> PriceList:
        """The current prices, read once for a pass."""
        return self._prices.current()

    def find(self, jobs: Sequence[JobState], prices: PriceList) -> Mapping[str, Exceeded]:
        """By run id, those of at most 100 runs that exceed a limit."""
        by_run = {job.run_id: job for job in jobs}
        found = {}
        for run in self._as_reported(self._table.get_many(by_run)):
            job = by_run[run.run_id]
            if run.batch_job_id != job.job_id or run.cancelled_by or run.ended:
                continue
            eligible = Eligible.of(run, prices, self._compute)
            if exceeded := self._judge_time(run, job) or self._judge_cost(run, job, eligible):
                found[run.run_id] = exceeded
        return found

    def end(self, exceeded: Exceeded) -> None:
        """End the Batch job; the event of its end records the cause and the true cost."""
        self._jobs.end(exceeded.job_id, exceeded.reason)

    def end_without_instance(self, queue: str, view: QueueView) -> bool:
        """End the run that the queue places next, if its instance never joins; whether one was ended.

        Runs behind it are healthy: one of them is next in a later pass.
        """
        now = self._clock()
        if not view.lacks_instance(now):
            return False
        launched_at, found = self._instances.newest_launch(queue), self._jobs.first(queue)
        if launched_at is None or found is None:
            return False
        job_id, since = found
        if not never_joins(launched_at, since, self._queues.last_move(queue), now):
            return False
        job = self._jobs.describe([job_id]).get(job_id)
        run = self._table.get(job.run_id) if job else None
        if job is None or run is None or run.batch_job_id != job_id or run.progress != job.progress:
            return False
        minutes = int((now - launched_at).total_seconds()) // 60
        reason = f"The newest one was started {minutes} minutes ago, and this run was the next of the queue."
        self._jobs.end(job.job_id, NEVER_JOINED + reason)
        return True

    def _as_reported(self, runs: Sequence[Run]) -> Iterator[Run]:
        """The runs, with the attempts that AWS Batch reports now of jobs that had to be terminated.

        A run has at most one such job: the one that waited for Spot.
        """
        job_ids = [
            each.job_id
            for run in runs
            for each in (run.next_job.earlier if run.next_job else ())
            if not each.has_ended
        ]
        states = self._jobs.describe(job_ids) if job_ids else {}
        for run in runs:
            following = run.next_job and replace(
                run.next_job,
                earlier=tuple(
                    batch_job.as_reported(each, states.get(each.job_id), self._clock())
                    for each in run.next_job.earlier
                ),
            )
            yield replace(run, next_job=following)

    def _judge_time(self, run: Run, job: JobState) -> Exceeded | None:
        attempts = attempts_until(job, self._clock() - _GRACE)
        seconds = next_job.seconds_trained(run, job.job_number, attempts)
        request = run.request_of(run.step_of(job.job_number))
        if request is None or seconds <= request.timeout_seconds:
            return None
        reason = f"{OUT_OF_TIME}{seconds} s in all attempts, of {request.timeout_seconds} s"
        return Exceeded(job.job_id, "out_of_time", reason)

    def _judge_cost(self, run: Run, job: JobState, eligible: Eligible) -> Exceeded | None:
        reserved = reserved_for(run)
        # Without a report every attempt has its highest price, so few reports have to be read.
        if reserved is None or self._spent(run, job, None, eligible) <= reserved:
            return None
        spent = self._spent(run, job, self._bucket.outcome(run.project, run.run_id), eligible)
        if spent <= reserved:
            return None
        reason = f"Its estimated cost is {dollars(spent)}; its launch reserved {dollars(reserved)}."
        return Exceeded(job.job_id, "over_reservation", OVER_RESERVATION + reason)

    def _spent(self, run: Run, job: JobState, document: object, eligible: Eligible) -> int:
        """The cost in micro-USD; 0 if no price is known."""
        cost = costs.of_run(run, job, document, eligible, self._clock())
        return to_micro(cost.estimate_usd) if cost else 0
