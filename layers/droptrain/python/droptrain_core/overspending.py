"""Overspending: a run whose cost exceeds its reservation is ended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.costs import cost as costs
from droptrain_core.domain.costs.budget import dollars, reserved_for, to_micro
from droptrain_core.domain.costs.cost import Eligible
from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.runs.batch_job import OVER_RESERVATION, JobState
from droptrain_core.domain.runs.run import Run

# AWS Batch itself ends an attempt at its timeout, and that takes seconds.
_GRACE = timedelta(minutes=1)


@dataclass(frozen=True)
class Overspent:
    """A Batch job whose run costs more than its reservation, and the reason as text."""

    job_id: str
    reason: str


class Overspending:
    """Finds such runs by AWS Batch's times and the current prices, and ends their jobs."""

    def __init__(
        self,
        bucket: Bucket,
        table: RunTable,
        prices: PriceTable,
        jobs: JobQueue,
        instance_types: tuple[str, ...],
        clock: Callable[[], datetime],
    ) -> None:
        self._bucket = bucket
        self._table = table
        self._prices = prices
        self._jobs = jobs
        self._instance_types = instance_types
        self._clock = clock

    def prices(self) -> PriceList:
        """The current prices, read once for a pass."""
        return self._prices.current()

    def find(self, jobs: Sequence[JobState], prices: PriceList) -> Mapping[str, Overspent]:
        """By run id, those of at most 100 runs that cost more than their reservation."""
        by_run = {job.run_id: job for job in jobs}
        found = {}
        for run in self._table.get_many(by_run):
            job = by_run[run.run_id]
            if run.batch_job_id != job.job_id or run.cancelled_by or run.ended:
                continue
            eligible = Eligible.of(run, prices, self._instance_types)
            if overspent := self._judge(run, job, eligible):
                found[run.run_id] = overspent
        return found

    def end(self, overspent: Overspent) -> None:
        """End the Batch job; the event of its end records the cause and the true cost."""
        self._jobs.end(overspent.job_id, OVER_RESERVATION + overspent.reason)

    def _judge(self, run: Run, job: JobState, eligible: Eligible) -> Overspent | None:
        reserved = reserved_for(run)
        # Without a report every attempt has its highest price, so few reports have to be read.
        if reserved is None or self._spent(run, job, None, eligible) <= reserved:
            return None
        spent = self._spent(run, job, self._bucket.outcome(run.project, run.run_id), eligible)
        if spent <= reserved:
            return None
        reason = f"Its estimated cost is {dollars(spent)}; its launch reserved {dollars(reserved)}."
        return Overspent(job.job_id, reason)

    def _spent(self, run: Run, job: JobState, document: object, eligible: Eligible) -> int:
        """The cost in micro-USD; 0 if no price is known."""
        cost = costs.of_run(run, job, document, eligible, self._clock() - _GRACE)
        return to_micro(cost.estimate_usd) if cost else 0
