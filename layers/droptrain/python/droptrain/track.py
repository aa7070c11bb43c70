"""Track: what AWS Batch says of a job becomes the run's record, in whatever order it comes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from droptrain.aws.bucket import Bucket
from droptrain.aws.run_table import Applied, RunTable
from droptrain.domain import batch_job, diagnosis, times
from droptrain.domain import cost as costs
from droptrain.domain import outcome as outcomes
from droptrain.domain.batch_job import JobState
from droptrain.domain.cost import Report
from droptrain.domain.outcome import Outcome
from droptrain.domain.pricing import PriceList
from droptrain.domain.run import Cost

Change = Applied | Literal["foreign"]


class Track:
    """Applies states of Batch jobs to the table."""

    def __init__(
        self,
        bucket: Bucket,
        table: RunTable,
        prices: PriceList,
        instance_types: tuple[str, ...],
        clock: Callable[[], datetime],
    ) -> None:
        self._bucket = bucket
        self._table = table
        self._prices = prices
        self._instance_types = instance_types
        self._clock = clock

    def event(self, detail: Mapping[str, Any]) -> Change:
        """Apply an event's detail; "foreign" if it is of no run's job."""
        job = batch_job.read(detail)
        return self.apply(job) if job else "foreign"

    def apply(self, job: JobState) -> Applied:
        """Apply a job's state; an end brings the cause, the metrics and the cost along."""
        now = times.to_text(self._clock())
        if not job.ended:
            return self._table.apply(job, now)
        if job.superseded and (trains := self._superseded_by(job)):
            return "applied" if self._table.follow(job.run_id, job.job_id, trains, now) else "stale"
        outcome = self._outcome(job)
        return self._table.apply(
            job,
            now,
            cause=diagnosis.explain(job, outcome),
            metrics=outcome.metrics if outcome else None,
            cost=self._cost(job, outcome),
            gpu=outcome.gpu if outcome else None,
            advice=outcome.advice if outcome else (),
        )

    def _cost(self, job: JobState, outcome: Outcome | None) -> Cost | None:
        reports: dict[int, Report] = {}
        if outcome:
            told = Report(job.job_id, outcome.attempt, instance_type=outcome.instance_type)
            reports[told.attempt] = told
        first = (self._prices.expand(self._instance_types) or self._instance_types)[0]
        return costs.of_attempts(
            job.attempts, reports, self._prices, batch_job=job.job_number, instance_type=first
        )

    def _superseded_by(self, job: JobState) -> str | None:
        """The run's Batch job that has the lease, if it isn't this one: the record has to follow that."""
        project = self._project(job)
        holder = self._bucket.lease_holder(project, job.run_id) if project else None
        return holder if holder != job.job_id else None

    def _project(self, job: JobState) -> str | None:
        if job.project:
            return job.project
        run = self._table.get(job.run_id)
        return run.project if run else None

    def _outcome(self, job: JobState) -> Outcome | None:
        """The last attempt's own account; an earlier attempt's says nothing about this end."""
        project = self._project(job)
        if project is None:
            return None
        outcome = outcomes.read(self._bucket.outcome(project, job.run_id))
        ours = outcome and outcome.job_id == job.job_id and outcome.attempt == len(job.attempts)
        return outcome if ours else None
