"""Reconcile: what should have moved and did not is compared with AWS Batch, and finished."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from droptrain.aws.dataset_table import DatasetTable
from droptrain.aws.job_queue import JobQueue
from droptrain.aws.run_table import RunTable
from droptrain.climb import Climb
from droptrain.domain import diagnosis, ladder, times
from droptrain.domain.batch_job import JobState
from droptrain.domain.dataset_record import DatasetRecord
from droptrain.domain.errors import BusyError, Cause, UnsureError
from droptrain.domain.launched import Launched
from droptrain.domain.run import Run
from droptrain.spending import TellSpending
from droptrain.submit import Submit, cancelled
from droptrain.telemetry import logger
from droptrain.tell import Tell
from droptrain.track import Track

if TYPE_CHECKING:
    from droptrain.announce import Announce
    from droptrain.launch import LaunchUploads

# Events normally come within seconds; a record that is younger is left to them.
QUIET = timedelta(minutes=2)
# A healthy job can wait for minutes while its compute environment scales up from nothing.
STUCK = timedelta(minutes=10)
# The minutes of an hour: passes are five apart, so one of them looks, once an hour.
LOOKS_AT_LISTENERS_UNTIL = 5
INCOMPLETE = timedelta(hours=1)
# Batch describes a job from its submission on; one that it doesn't know after this long, it has forgotten.
FORGOTTEN = timedelta(hours=1)


class Reconcile:
    """Goes through the runs that are active: one query a hundred, one DescribeJobs a hundred."""

    def __init__(
        self,
        table: RunTable,
        datasets: DatasetTable,
        jobs: JobQueue,
        submit: Submit,
        launch: "Callable[[], LaunchUploads]",
        track: Track,
        climb: Climb,
        announce: "Callable[[], Announce]",
        spending: TellSpending,
        tell: Tell,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._datasets = datasets
        self._jobs = jobs
        self._submit = submit
        self._launch = launch
        self._track = track
        self._climb = climb
        self._announce = announce
        self._spending = spending
        self._tell = tell
        self._clock = clock

    def all(self) -> Counter[str]:
        """One pass over the active runs: how many there are, and what was done by name.

        "failed" counts what went wrong with one run or page; the others go on, and so does the next pass.
        """
        done = Counter(active=0)
        for page in self._table.active():
            done["active"] += len(page)
            quiet = [run for run in page if self._clock() - times.from_text(run.updated_at) >= QUIET]
            states = self._describe(quiet, done)
            for run in quiet:
                try:
                    done.update(self._settle(run, states))
                except Exception:
                    logger.exception("A run could not be reconciled", run_id=run.run_id)
                    done["failed"] += 1
        self._look_at_incomplete_datasets(done)
        self._look_at_spending(done)
        if self._clock().minute < LOOKS_AT_LISTENERS_UNTIL:
            self._look_at_listeners(done)
        return done

    def _look_at_incomplete_datasets(self, done: Counter[str]) -> None:
        """Notify of datasets that have waited for a file for an hour; launch those that are complete.

        A dataset whose notice is out is looked at again every hour, as its last event may be lost as well.
        """
        before = self._clock() - INCOMPLETE
        for notified in (False, True):
            for record in self._datasets.waiting(before, notified=notified):
                try:
                    done.update(self._settle_dataset(record, notified=notified))
                except (BusyError, UnsureError):
                    continue  # the next pass looks again
                except Exception:
                    logger.exception("A dataset could not be reconciled: %s", record)
                    done["failed"] += 1

    def _look_at_spending(self, done: Counter[str]) -> None:
        try:
            if self._spending.look():
                done["announced"] += 1
        except Exception:
            logger.exception("The budget could not be announced")
            done["failed"] += 1

    def _look_at_listeners(self, done: Counter[str]) -> None:
        """Count who hears notices, and be it nobody."""
        try:
            done["listeners"] = self._tell.listeners()
        except Exception:
            logger.exception("The subscribers of notices could not be counted")
            done["failed"] += 1

    def _settle_dataset(self, waiting: DatasetRecord, *, notified: bool) -> Iterator[str]:
        found = self._launch().revisit(waiting)
        if isinstance(found, Launched):
            if found.answer in ("launched", "rejected"):
                yield "finished"
        elif not found.record.present:
            self._datasets.forget(found.record)
        elif notified:
            self._datasets.mark_notified(found.record, self._clock())
        elif self._announce().incomplete(found.record, found.notify) == "published":
            yield "announced"

    def _describe(self, runs: list[Run], done: Counter[str]) -> Mapping[str, JobState] | None:
        """What Batch says of their jobs, by id; None if it can't be asked at this moment."""
        job_ids = [run.batch_job_id for run in runs if run.batch_job_id and not run.ended]
        if not job_ids:
            return {}
        try:
            return self._jobs.describe(job_ids)
        except Exception:
            logger.exception("AWS Batch did not describe %s jobs", len(job_ids))
            done["failed"] += 1
            return None

    def _settle(self, run: Run, states: Mapping[str, JobState] | None) -> Iterator[str]:
        """Do what is left to do for one run, and name it."""
        if run.ended:
            if self._announce().ended(run.run_id, run.project) == "published":
                yield "announced"
        elif run.batch_job_id is None:
            if self._submit.is_old_claim(run) and self._finish(run):
                yield "finished"
        elif states is not None:
            yield from self._compare(run, run.batch_job_id, states.get(run.batch_job_id))

    def _finish(self, run: Run) -> bool:
        try:
            self._submit.finish(run)
        except (BusyError, UnsureError):
            return False  # the next pass looks again
        return True

    def _compare(self, run: Run, job_id: str, state: JobState | None) -> Iterator[str]:
        if state is None:
            if self._clock() - times.from_text(run.created_at) >= FORGOTTEN:
                cause = diagnosis.unknown_to_batch(job_id)
                if self._table.end(run, "FAILED", cause, times.to_text(self._clock())):
                    yield "forgotten"
            return
        if state.progress > run.progress and self._track.apply(state) == "applied":
            yield "applied"
        if run.cancelled_by and not state.ended:
            # Whoever cancelled it noted so, and died before the job was told.
            self._jobs.end(job_id, cancelled(run.cancelled_by).message)
            yield "terminated"
        elif state.state == "RUNNABLE" and self._waited(run) >= STUCK:
            cause = diagnosis.no_instance(state.status_reason)
            if self._goes_on(run, cause):
                yield "climbed"
            elif cause.code not in run.told and self._announce().stuck(run.run_id, cause) == "published":
                yield "announced"

    def _waited(self, run: Run) -> timedelta:
        return self._clock() - times.from_text(run.updated_at)

    def _goes_on(self, waiting: Run, cause: Cause) -> bool:
        """Let a run that has waited too long for Spot go on on demand."""
        if cause.code != "no_capacity" or self._waited(waiting) < ladder.PATIENCE:
            return False
        run = self._table.get(waiting.run_id)
        rung = ladder.while_waiting(run, cause, self._waited(waiting)) if run else None
        return run is not None and rung is not None and self._climb.to(rung, run, run.cost)
