"""Cancel: end a run in any state."""

from collections.abc import Callable
from datetime import datetime

from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.errors import AlreadyFinishedError, existing
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs.run import Run
from droptrain_core.prepare_once import PrepareOnce


class Cancel:
    """Ends runs for their users."""

    def __init__(
        self,
        table: RunTable,
        jobs: JobQueue,
        prepare_once: PrepareOnce,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._jobs = jobs
        self._prepare_once = prepare_once
        self._clock = clock

    def run(self, run_id: str, caller: str) -> Run:
        """Cancel the run: its Batch job is terminated. A claim without a job ends when it is submitted, and
        one that waits for another run's data at once.

        NotFoundError, AlreadyFinishedError.
        """
        at = times.to_text(self._clock())
        written = self._table.write(transitions.cancel_requested(run_id, caller, at))
        run = existing(written.run, "run", run_id)
        if written.outcome != "applied":
            raise AlreadyFinishedError(f"The run {run_id} has ended; there is nothing to cancel")
        if run.batch_job_id:
            self._jobs.end(run.batch_job_id, f"Cancelled by {caller}.")
        elif run.waits_for and self._prepare_once.settle(run):
            return self._table.get(run_id) or run
        return run
