"""Cancel: end a run in whatever state it is."""

from collections.abc import Callable
from datetime import datetime

from droptrain.aws.job_queue import JobQueue
from droptrain.aws.run_table import RunTable
from droptrain.domain import times
from droptrain.domain.errors import AlreadyFinishedError, NotFoundError
from droptrain.domain.run import Run
from droptrain.domain.runs import transitions


class Cancel:
    """Ends runs for their users."""

    def __init__(self, table: RunTable, jobs: JobQueue, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._jobs = jobs
        self._clock = clock

    def run(self, run_id: str, caller: str) -> Run:
        """Ask for the run's end: its Batch job is terminated; a claim without one ends when it is submitted.

        NotFoundError, AlreadyFinishedError.
        """
        at = times.to_text(self._clock())
        written = self._table.write(transitions.cancel_requested(run_id, caller, at))
        run = written.run
        if run is None:
            raise NotFoundError(f"There is no run {run_id!r}")
        if written.outcome != "applied":
            raise AlreadyFinishedError(f"The run {run_id} has ended; there is nothing to cancel")
        if run.batch_job_id:
            self._jobs.end(run.batch_job_id, f"Cancelled by {caller}.")
        return run
