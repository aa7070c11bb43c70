"""Climb: a run that Spot can't train goes on as a new Batch job on demand."""

from collections.abc import Callable
from datetime import datetime

from droptrain.aws.job_queue import JobQueue
from droptrain.aws.run_table import RunTable
from droptrain.domain import times
from droptrain.domain.run import Cost, Run, Rung
from droptrain.submit import Submit


class Climb:
    """Takes the step: the record becomes a claim for the next job, that before is ended, the next submitted.

    Whoever dies in between leaves an old claim, which is finished as any other.
    """

    def __init__(
        self, table: RunTable, jobs: JobQueue, submit: Submit, clock: Callable[[], datetime]
    ) -> None:
        self._table = table
        self._jobs = jobs
        self._submit = submit
        self._clock = clock

    def to(self, rung: Rung, run: Run, cost: Cost | None) -> bool:
        """Let the run go on with `rung`'s job; False if others were faster, or it ended or was cancelled."""
        claim = self._table.climb(run, rung, cost, times.to_text(self._clock()))
        if claim is None:
            return False
        if not rung.earlier_has_ended:
            self._jobs.end(rung.earlier_job_id, rung.why)
        self._submit.or_leave(claim)
        return True
