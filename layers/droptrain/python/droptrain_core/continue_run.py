"""Continue: a run gets its next Batch job: for the training, on demand, or as another try."""

from collections.abc import Callable
from datetime import datetime

from droptrain_core.aws.job_queue import JobQueue
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.runs import batch_job, transitions
from droptrain_core.domain.runs.preparation import Prepared
from droptrain_core.domain.runs.run import Cost, EarlierJob, NextJob, Run
from droptrain_core.prepare_once import PrepareOnce
from droptrain_core.submit import Submit


class ContinueRun:
    """Makes the record a claim for the next job, ends the previous job, and submits the next one.

    A process that dies in between leaves an old claim, which is finished like any other.
    """

    def __init__(
        self,
        table: RunTable,
        jobs: JobQueue,
        submit: Submit,
        prepare_once: PrepareOnce,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._jobs = jobs
        self._submit = submit
        self._prepare_once = prepare_once
        self._clock = clock

    def with_job(
        self, following: NextJob, run: Run, cost: Cost | None, prepared: Prepared | None = None
    ) -> bool:
        """Continue the run with that job; False if it changed, ended or was cancelled meanwhile.

        `prepared` are the data that the previous job has prepared; the runs that wait for them go on.
        """
        at = times.to_text(self._clock())
        written = self._table.write(transitions.next_job(run, following, cost, at, prepared))
        claim = written.run
        if written.outcome != "applied" or claim is None:
            return False
        if not following.previous.has_ended:
            self._jobs.end(following.previous.job_id, following.why)
        self._submit.or_leave(claim)
        if prepared:
            self._prepare_once.wake(claim)
        return True

    def earlier_jobs(self, following: NextJob) -> tuple[EarlierJob, ...]:
        """The jobs before that one, with their attempts as AWS Batch reports them now.

        A job could begin another attempt until it was terminated, and its later events are stale for
        the record. If AWS Batch no longer knows a job, the attempts in the record count.
        """
        states = self._jobs.describe([each.job_id for each in following.earlier])
        now = self._clock()
        return tuple(batch_job.as_reported(each, states.get(each.job_id), now) for each in following.earlier)
