"""Reconcile: what should have moved and did not is compared with AWS Batch, and finished."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from droptrain.announce import Announce
from droptrain.aws.job_queue import JobQueue
from droptrain.aws.run_table import RunTable
from droptrain.domain import diagnosis, times
from droptrain.domain.errors import BusyError, UnsureError
from droptrain.domain.run import Run
from droptrain.launch import Launch, cancelled
from droptrain.track import Track

# Events normally come within seconds; a record that is younger is left to them.
QUIET = timedelta(minutes=2)
# Batch describes a job from its submission on; one that it doesn't know after this long, it has forgotten.
FORGOTTEN = timedelta(hours=1)


class Reconcile:
    """Goes through the runs that are active: one query a hundred, one DescribeJobs a hundred."""

    def __init__(
        self,
        table: RunTable,
        jobs: JobQueue,
        launch: Launch,
        track: Track,
        announce: Announce,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._jobs = jobs
        self._launch = launch
        self._track = track
        self._announce = announce
        self._clock = clock

    def all(self) -> Counter[str]:
        """One pass over the active runs: how many there are, and what was done by name."""
        done = Counter(active=0)
        for page in self._table.active():
            done["active"] += len(page)
            quiet = [run for run in page if self._clock() - times.from_text(run.updated_at) >= QUIET]
            for run in quiet:
                if run.ended:
                    done["announced"] += self._announce.ended(run.run_id) == "published"
                elif self._launch.is_old_claim(run):
                    done["finished"] += self._finish(run)
            self._compare([run for run in quiet if run.batch_job_id and not run.ended], done)
        return done

    def _finish(self, run: Run) -> bool:
        try:
            self._launch.finish(run)
        except (BusyError, UnsureError):
            return False  # the next pass looks again
        return True

    def _compare(self, runs: list[Run], done: Counter[str]) -> None:
        if not runs:
            return
        states = self._jobs.describe([run.batch_job_id for run in runs if run.batch_job_id])
        for run in runs:
            assert run.batch_job_id is not None
            state = states.get(run.batch_job_id)
            if state:
                done["applied"] += self._track.apply(state) == "applied"
                if run.cancelled_by and not state.ended:
                    # Whoever cancelled it noted so, and died before the job was told.
                    self._jobs.end(run.batch_job_id, cancelled(run.cancelled_by).message)
                    done["terminated"] += 1
            elif self._clock() - times.from_text(run.created_at) >= FORGOTTEN:
                cause = diagnosis.unknown_to_batch(run.batch_job_id)
                done["forgotten"] += self._table.end(run, "FAILED", cause, times.to_text(self._clock()))
