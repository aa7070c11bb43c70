"""Settle runs: compare the active runs with AWS Batch, and finish everything that lost events left undone."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import diagnosis, times
from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.diagnosis.queue_progress import QueueView
from droptrain_core.domain.runs import next_job, transitions
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.run import Run, Status
from droptrain_core.limits import Exceeded, Limits
from droptrain_core.prepare_once import PrepareOnce
from droptrain_core.report_stuck_queue import ReportStuckQueue
from droptrain_core.submit import Submit, cancelled
from droptrain_core.telemetry import logger
from droptrain_core.track import Track

if TYPE_CHECKING:
    from datetime import datetime

    from droptrain_core.notify import Notify

# Events normally arrive within seconds; a younger record is left to them. Limits hold for it too.
QUIET = timedelta(minutes=2)
# Batch describes a job from its submission on. If it doesn't know a job after this long, it has forgotten it.
FORGOTTEN = timedelta(hours=1)

Work = Callable[[], Iterable[str]]


@dataclass
class Seen:
    """A pass's findings: the number of active runs by status, each queue's state, the current prices."""

    active: Counter[Status] = field(default_factory=Counter)
    queues: dict[str, QueueView] = field(default_factory=dict)
    prices: PriceList | None = None
    failed: int = 0


class SettleRuns:
    """Goes through the active runs: one query and one DescribeJobs a hundred, and calls for each action."""

    def __init__(  # noqa: PLR0913  one parameter for each use case that it calls
        self,
        table: RunTable,
        jobs: JobQueue,
        submit: Submit,
        prepare_once: PrepareOnce,
        track: Track,
        notify: "Callable[[], Notify]",
        limits: Limits,
        report_stuck_queue: ReportStuckQueue,
        clock: "Callable[[], datetime]",
    ) -> None:
        self._table = table
        self._jobs = jobs
        self._submit = submit
        self._prepare_once = prepare_once
        self._track = track
        self._notify = notify
        self._limits = limits
        self._report_stuck_queue = report_stuck_queue
        self._clock = clock

    def items(self, seen: Seen, after: str, until: str) -> Iterator[tuple[str, Work | None]]:
        """(place, action) of the runs between two places; a page ends with its place and no action."""
        for page in self._table.active(after, until):
            seen.active.update(run.status for run in page)
            states = self._describe(page, seen)
            exceeded = self._find_exceeded(states, seen)
            for run in page:
                self._look_at_queue(run, states, seen)
            for run in page:
                if work := self._due(run, states, exceeded.get(run.run_id)):
                    yield run.created_order, work
            if page:
                yield page[-1].created_order, None

    def judge_queues(self, seen: Seen) -> Iterator[str]:
        """Publish why a queue makes no progress, and end a run whose instance never joins; once for a pass.

        Nothing happens unless all runs of the queues were seen.
        """
        while seen.queues:
            queue, view = seen.queues.popitem()
            if seen.failed:
                continue
            if self._report_stuck_queue.judge(queue, view, seen.active) == "published":
                yield "notified"
            if self._limits.end_without_instance(queue, view):
                yield "never_joined"

    def _describe(self, runs: Iterable[Run], seen: Seen) -> Mapping[str, JobState] | None:
        """The states of their jobs in Batch, by id; None if Batch does not answer."""
        job_ids = [run.batch_job_id for run in runs if run.batch_job_id and not run.ended]
        if not job_ids:
            return {}
        try:
            return self._jobs.describe(job_ids)
        except Exception:
            logger.exception("AWS Batch did not describe %s jobs", len(job_ids))
            seen.failed += 1
            return None

    def _find_exceeded(self, states: Mapping[str, JobState] | None, seen: Seen) -> Mapping[str, Exceeded]:
        trains = [job for job in (states or {}).values() if job.state == "RUNNING"]
        if not trains:
            return {}
        try:
            seen.prices = seen.prices or self._limits.prices()
            return self._limits.find(trains, seen.prices)
        except Exception:
            logger.exception("The limits of %s runs could not be checked", len(trains))
            seen.failed += 1
            return {}

    def _look_at_queue(self, run: Run, states: Mapping[str, JobState] | None, seen: Seen) -> None:
        state = states.get(run.batch_job_id) if states and run.batch_job_id else None
        if state is None:
            return
        # A change that isn't in the record yet counts as happening now.
        is_noted = state.progress == run.progress
        since = run.updated_at if is_noted else times.to_text(self._clock())
        seen.queues[state.queue] = seen.queues.get(state.queue, QueueView()).with_job(state, since)

    def _due(self, run: Run, states: Mapping[str, JobState] | None, exceeded: Exceeded | None) -> Work | None:
        """The action for a run; None if there is none, as for a run that waits or trains."""
        if not exceeded and self._waited(run) < QUIET:
            return None
        if run.ended:
            return partial(self._notify_of_end, run)
        if run.batch_job_id is None:
            return partial(self._finish, run) if self._submit.is_old_claim(run) else None
        if states is None:
            return None
        state = states.get(run.batch_job_id)
        if state is None:
            claimed_at = times.from_text(max(run.created_at, run.claimed_at))
            is_old = self._clock() - claimed_at >= FORGOTTEN
            return partial(self._end_forgotten, run) if is_old else None
        is_due = (
            state.progress > run.progress
            or exceeded
            or (run.cancelled_by and not state.ended)
            or self._has_waited_too_long(run, state)
        )
        return partial(self._compare, run, state, exceeded) if is_due else None

    def _notify_of_end(self, run: Run) -> Iterator[str]:
        if self._notify().ended(run.run_id, run.project).answer == "published":
            yield "notified"

    def _finish(self, run: Run) -> Iterator[str]:
        waiting = self._submit.finish(run)
        if waiting is None:
            yield "finished"
        elif self._prepare_once.settle(waiting):
            yield "woken"

    def _end_forgotten(self, run: Run) -> Iterator[str]:
        cause = diagnosis.unknown_to_batch(str(run.batch_job_id))
        ended = transitions.ended(run, "FAILED", cause, times.to_text(self._clock()))
        if self._table.write(ended).outcome == "applied":
            yield "forgotten"

    def _compare(self, run: Run, state: JobState, exceeded: Exceeded | None) -> Iterator[str]:
        applied = state.progress > run.progress and self._track.apply(state) == "applied"
        if applied:
            yield "applied"
        if run.cancelled_by and not state.ended:
            # The function that recorded the cancel died before it terminated the job.
            self._jobs.end(state.job_id, cancelled(run.cancelled_by).message)
            yield "terminated"
        elif exceeded:
            self._limits.end(exceeded)
            yield exceeded.limit
        elif self._has_waited_too_long(run, state) and self._track.fall_back(state, self._waited(run)):
            yield "fell_back"

    def _has_waited_too_long(self, run: Run, state: JobState) -> bool:
        """Whether the run's job gets no instance; one on Spot can fall back."""
        if state.state != "RUNNABLE" or state.progress != run.progress:
            return False
        return next_job.is_too_long(diagnosis.no_instance(state.status_reason), self._waited(run))

    def _waited(self, run: Run) -> timedelta:
        return self._clock() - times.from_text(run.updated_at)
