"""Track: apply the states of Batch jobs to the runs' records, for every order of events."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.price_table import PriceTable
from droptrain_core.aws.queue_watch import QueueWatch
from droptrain_core.aws.run_table import Applied, History, RunTable
from droptrain_core.continue_run import ContinueRun
from droptrain_core.domain import diagnosis, times
from droptrain_core.domain.costs import cost as costs
from droptrain_core.domain.costs.cost import Eligible
from droptrain_core.domain.costs.estimate import remember
from droptrain_core.domain.costs.project_reading import ProjectReading
from droptrain_core.domain.errors import BusyError, Cause
from droptrain_core.domain.runs import batch_job, next_job, transitions
from droptrain_core.domain.runs import outcome as outcomes
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.compute import StackCompute
from droptrain_core.domain.runs.outcome import Outcome
from droptrain_core.domain.runs.prepare_end import prepared_by, without_success
from droptrain_core.domain.runs.run import Cost, EarlierJob, NextJob, Run, ranking_of
from droptrain_core.domain.runs.transitions import End
from droptrain_core.prepare_once import PrepareOnce
from droptrain_core.submit import cancelled

Change = Applied | Literal["foreign"]


class Track:
    """Applies states of Batch jobs to the table."""

    def __init__(
        self,
        bucket: Bucket,
        table: RunTable,
        prices: PriceTable,
        queues: QueueWatch,
        compute: StackCompute,
        continue_run: Callable[[], ContinueRun],
        prepare_once: Callable[[], PrepareOnce],
        clock: Callable[[], datetime],
    ) -> None:
        self._bucket = bucket
        self._table = table
        self._prices = prices
        self._queues = queues
        self._compute = compute
        self._continue_run = continue_run
        self._prepare_once = prepare_once
        self._clock = clock

    def event(self, detail: Mapping[str, Any]) -> Change:
        """Apply an event's detail; "foreign" if the job isn't a run's."""
        job = batch_job.read(detail)
        return self.apply(job) if job else "foreign"

    def apply(self, job: JobState) -> Applied:
        """Apply a job's state; an end also sets the cause, the metrics and the cost.

        BusyError means: deliver the event again later.
        """
        now = times.to_text(self._clock())
        applied = self._apply(job, now)
        # A stale event may be the first that a function handles to its end.
        starts = job.state == "STARTING" and applied == "applied"
        if moved_at := now if starts else job.moved_at:
            self._queues.note_move(job.queue, moved_at)
        return applied

    def _apply(self, job: JobState, now: str) -> Applied:
        if not job.ended and not _was_reclaimed(job):
            return self._observe(job, now)
        project = self._project(job)
        if project is None:
            return "unknown"
        if not job.ended:
            return self._apply_reclaim(job, project, now)
        if job.superseded and (trains := self._superseded_by(job, project)):
            return self._table.write(transitions.followed(job, trains, now)).outcome
        return self._apply_end(job, project, now)

    def _observe(self, job: JobState, now: str) -> Applied:
        """Apply a state before the job's end; the record names the attempts of all the run's jobs."""
        run = self._table.get(job.run_id) if job.job_number > 1 else None
        earlier = run.next_job.earlier_attempts if run and run.next_job else ()
        return self._table.write(transitions.observed(job, now, earlier=earlier)).outcome

    def _apply_end(self, job: JobState, project: str, now: str) -> Applied:
        document = self._bucket.outcome(project, job.run_id)
        account = outcomes.read(document)
        reading = self._prices.read(project, job.run_id)
        outcome = account if account and _is_of_the_end(account, job) else None
        run = self._with_its_job(reading.run, job, now)
        reading = replace(reading, run=run)
        earlier = self._earlier_jobs(job, run)
        cost = self._cost(job, document, reading, earlier)
        prepared = prepared_by(run, job, outcome, self._clock()) if run else None
        if run and prepared is None:
            job = without_success(run, job)
        cause = self._cause(job, outcome, run)
        if run and run.batch_job_id == job.job_id:
            following = next_job.after_end(run, job, cause)
            if following and self._continue_run().with_job(following, run, cost, prepared):
                return "applied"
            if prepared:
                raise BusyError(f"{run.run_id} has changed since its data were prepared")
        end = _end(job, run, outcome, cost, cause)
        before = tuple(attempt for each in earlier for attempt in each.attempts)
        transition = transitions.observed(job, now, end, before)
        history = _history(job, cost, project, reading, outcome)
        if history:
            return self._table.write_with_history(transition, history, now).outcome
        written = self._table.write(transition)
        if written.outcome == "applied" and written.run and written.run.awaited_by:
            self._prepare_once().wake(written.run)
        return written.outcome

    def _with_its_job(self, run: Run | None, job: JobState, now: str) -> Run | None:
        """The run; its claim gets the job whose end came before its submission was recorded."""
        if run is None or not run.is_claim or run.waits_for or run.job_number != job.job_number:
            return run
        return self._table.write(transitions.submitted(run, job.job_id, now)).run or run

    def _cause(self, job: JobState, outcome: Outcome | None, run: Run | None) -> Cause | None:
        if run and run.cancelled_by and job.status == "CANCELLED":
            return cancelled(run.cancelled_by)
        warnings = run.warnings if run else ()
        cause = diagnosis.explain(job, outcome, _lifecycle(job, run), warnings)
        return diagnosis.of_step(cause, run.step_of(job.job_number)) if cause and run else cause

    def fall_back(self, job: JobState, waited: timedelta) -> bool:
        """Fall back if the run's job has waited too long for a Spot instance; False if the run may not."""
        project = self._project(job)
        if project is None:
            return False
        return self._leave_spot(job, project, lambda run: next_job.while_waiting(run, job, waited))

    def _apply_reclaim(self, job: JobState, project: str, now: str) -> Applied:
        """Apply that a job waits for its next attempt on Spot, if Spot is still cheaper."""
        applied = self._observe(job, now)
        if applied == "applied":
            self._leave_spot(
                job,
                project,
                lambda run: next_job.after_reclaim(
                    run, job, self._bucket.last_checkpoint_at(project, job.run_id, run.step)
                ),
            )
        return applied

    def _leave_spot(self, job: JobState, project: str, decide: Callable[[Run], NextJob | None]) -> bool:
        """Continue a run on demand whose job waits, if `decide` says how; False if the run has moved on."""
        reading = self._prices.read(project, job.run_id)
        run = reading.run
        if run is None or run.job is None or run.job.spot != "auto" or run.progress != job.progress:
            return False
        following = decide(run)
        if following is None:
            return False
        cost = self._cost(job, self._bucket.outcome(project, job.run_id), reading)
        return self._continue_run().with_job(following, run, cost)

    def _superseded_by(self, job: JobState, project: str) -> str | None:
        """The run's Batch job that has the lease, if it isn't this one; the record has to follow that job."""
        holder = self._bucket.lease_holder(project, job.run_id)
        return holder if holder != job.job_id else None

    def _project(self, job: JobState) -> str | None:
        if job.project:
            return job.project
        run = self._table.get(job.run_id)
        return run.project if run else None

    def _earlier_jobs(self, job: JobState, run: Run | None) -> tuple[EarlierJob, ...]:
        """The run's Batch jobs before this one."""
        following = run.next_job if run else None
        if following is None or following.number != job.job_number:
            return ()
        return self._continue_run().earlier_jobs(following)

    def _cost(
        self,
        job: JobState,
        document: object,
        reading: ProjectReading,
        earlier: tuple[EarlierJob, ...] | None = None,
    ) -> Cost | None:
        run = reading.run
        if run is None:
            return None
        eligible = Eligible.of(run, reading.prices, self._compute)
        return costs.of_run(run, job, document, eligible, self._clock(), earlier)


def _was_reclaimed(job: JobState) -> bool:
    """Whether the job waits for another attempt because its instance was taken away."""
    waits = job.state in ("SUBMITTED", "PENDING", "RUNNABLE")
    return waits and bool(job.attempts) and batch_job.lost_its_instance(job.attempts[-1])


def _lifecycle(job: JobState, run: Run | None) -> str | None:
    """How the last attempt's instance was bought, according to its job's queue."""
    if run is None or run.job is None:
        return None
    return "spot" if run.is_on_spot(job.job_number) else "on-demand"


def _is_of_the_end(account: Outcome, job: JobState) -> bool:
    """Whether a report is about the last attempt's end; an earlier attempt's report doesn't count."""
    is_last = account.job_id == job.job_id and account.attempt == len(job.attempts)
    return is_last and account.ended


def _end(
    job: JobState, run: Run | None, outcome: Outcome | None, cost: Cost | None, cause: Cause | None
) -> End:
    """The facts of the end of the run's last Batch job."""
    outcome = outcome or Outcome(job.job_id, 0)
    has_succeeded = job.status == "SUCCEEDED"
    end = End(
        cause=cause,
        metrics=outcome.metrics,
        cost=cost,
        gpu=outcome.gpu,
        stopped_early=outcome.stopped_early if has_succeeded else None,
        timing=outcome.timing,
        advice=outcome.advice,
        warnings=outcome.warnings if has_succeeded else (),
    )
    if run and has_succeeded and run.metric and run.metric in end.metrics:
        return replace(end, ranking=ranking_of(run.project, run.metric), headline=end.metrics[run.metric])
    return end


def _history(
    job: JobState, cost: Cost | None, project: str, reading: ProjectReading, outcome: Outcome | None
) -> History | None:
    """The project's history including this run and its training data, if it trained to its end."""
    if job.status != "SUCCEEDED" or not job.attempts or (outcome and outcome.stopped_early):
        return None
    seconds = costs.seconds_of(cost, "train") if cost else 0
    if not seconds and reading.summary is None:
        return None
    saved = outcome.left_checkpoint if outcome and seconds else None
    took = remember(reading.history, seconds) if seconds else reading.history
    return History(project, took, saved, reading.summary)
