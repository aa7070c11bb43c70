"""Submits exactly one Batch job for each claimed run, even across crashes."""

from collections.abc import Callable
from datetime import datetime, timedelta

from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.errors import BusyError, Cause, DeniedError, RejectedError, UnsureError
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs.job_request import script_environment
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.run import Run, Status

# Another process takes over a claim without a Batch job after this long. By then its holder can't submit any
# more, and a job that it submitted last can be found by its name.
CLAIM_IS_OLD = timedelta(seconds=60)
# After this long the holder gives up, so that two processes never submit.
HOLD_IS_OVER = timedelta(seconds=30)


class Submit:
    """Submits the Batch jobs of claims: the first one and those after it."""

    def __init__(
        self,
        table: RunTable,
        jobs: JobQueue,
        bucket_name: str,
        policy: LaunchPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._jobs = jobs
        self._bucket_name = bucket_name
        self._policy = policy
        self._clock = clock

    def now(self, run: Run) -> Run:
        """Submit the job of a claim that the caller has just made; returns the record after that.

        A claim that waits for another run's data has no job yet. BusyError, UnsureError and DeniedError mean
        that the claim stays, and another process finishes it.
        """
        if run.waits_for:
            return run
        try:
            if self._clock() - times.from_text(run.claimed_at) >= HOLD_IS_OVER:
                raise BusyError(f"{run.run_id} took too long to launch")
            job_id = self._jobs.submit(run, script_environment(run, self._bucket_name))
        except RejectedError as error:
            status: Status = "FAILED" if run.next_job else "REJECTED"
            self._table.write(transitions.ended(run, status, error.cause, self._text()))
            return runs.rejected(run, error.cause)
        except (BusyError, DeniedError):
            # Certainly, nothing was submitted.
            self._table.write(transitions.held(run, transitions.RELEASED))
            raise
        return self._record(run, job_id)

    def or_leave(self, run: Run) -> Run:
        """Submit. If Batch can't take the job now, the claim stays and the reconciler finishes it."""
        if run.ended:
            return run
        try:
            return self.now(run)
        except (BusyError, UnsureError):
            return run

    def finish(self, run: Run) -> Run | None:
        """Finish an old claim: adopt the Batch job with its name, or submit one now.

        Returns a claim that waits for another run's data: it has no job yet. BusyError if another process is
        finishing it, or the stack is paused.
        """
        self._policy.check_running()
        claim = self._table.write(transitions.held(run, self._text()))
        held = claim.run
        if held and held.waits_for:
            return held
        if claim.outcome != "applied" or held is None:
            raise BusyError(f"{run.run_id} is being launched by another process")
        following = held.next_job
        still_runs = following is not None and not following.previous.has_ended
        if following and still_runs:
            self._jobs.end(following.previous.job_id, following.why)
        job_id = self._jobs.find(held)
        if job_id:
            self._record(held, job_id)
        elif held.cancelled_by and following and still_runs:
            self._table.write(transitions.returned(held, following, self._text()))
        elif held.cancelled_by:
            self._table.write(
                transitions.ended(held, "CANCELLED", cancelled(held.cancelled_by), self._text())
            )
        else:
            self.now(held)
        return None

    def is_old_claim(self, run: Run) -> bool:
        """Whether the run is a claim whose holder must have died before it recorded a Batch job."""
        return run.is_claim and self._clock() - times.from_text(run.claimed_at) >= CLAIM_IS_OLD

    def _record(self, run: Run, job_id: str) -> Run:
        """Record the Batch job; end it at once if the run was cancelled meanwhile or has another job."""
        recorded = self._table.write(transitions.submitted(run, job_id, self._text())).run or run
        if recorded.batch_job_id != job_id:
            self._jobs.end(job_id, f"superseded: {run.run_id} has the Batch job {recorded.batch_job_id}")
        elif recorded.cancelled_by:
            self._jobs.end(job_id, cancelled(recorded.cancelled_by).message)
        return recorded

    def _text(self) -> str:
        return times.to_text(self._clock())


def cancelled(caller: str) -> Cause:
    """The cause of a run that `caller` cancelled."""
    return Cause("cancelled", f"Cancelled by {caller}.", "If this was a mistake, launch the dataset again.")
