"""Fall back: a run that Spot can't train continues as a new Batch job on an on-demand instance."""

from collections.abc import Callable
from datetime import datetime

from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.runs import batch_job, transitions
from droptrain_core.domain.runs.run import Attempt, Cost, Fallback, Run
from droptrain_core.submit import Submit


class FallBack:
    """Makes the record a claim for the next job, ends the previous job, and submits the next one.

    A process that dies in between leaves an old claim, which is finished like any other.
    """

    def __init__(
        self, table: RunTable, jobs: JobQueue, submit: Submit, clock: Callable[[], datetime]
    ) -> None:
        self._table = table
        self._jobs = jobs
        self._submit = submit
        self._clock = clock

    def to(self, fallback: Fallback, run: Run, cost: Cost | None) -> bool:
        """Continue the run with `fallback`'s job; False if it changed, ended or was cancelled meanwhile."""
        written = self._table.write(transitions.next_job(run, fallback, cost, times.to_text(self._clock())))
        claim = written.run
        if written.outcome != "applied" or claim is None:
            return False
        if not fallback.earlier_has_ended:
            self._jobs.end(fallback.earlier_job_id, fallback.why)
        self._submit.or_leave(claim)
        return True

    def earlier_attempts(self, fallback: Fallback) -> tuple[Attempt, ...]:
        """The attempts of the job before `fallback`'s, as AWS Batch reports them now.

        That job could begin another attempt until it was terminated, and its later events are stale for
        the record. If AWS Batch no longer knows the job, the attempts known at the fallback count.
        """
        state = self._jobs.describe([fallback.earlier_job_id]).get(fallback.earlier_job_id)
        found = batch_job.attempts_until(state, self._clock()) if state else ()
        return max(fallback.earlier_attempts, found, key=len)
