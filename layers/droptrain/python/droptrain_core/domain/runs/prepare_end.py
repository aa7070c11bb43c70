"""The end of a preparation step's Batch job: the data that it has prepared, or why it counts as failed."""

from dataclasses import replace
from datetime import datetime

from droptrain_core.domain import times
from droptrain_core.domain.runs.batch_job import NOTHING_PREPARED, JobState, attempts_until
from droptrain_core.domain.runs.job_request import result_folder
from droptrain_core.domain.runs.next_job import seconds_trained
from droptrain_core.domain.runs.outcome import Outcome
from droptrain_core.domain.runs.preparation import Prepared
from droptrain_core.domain.runs.run import Run


def prepared_by(run: Run, job: JobState, outcome: Outcome | None, now: datetime) -> Prepared | None:
    """The data that the run's job has prepared; None for another step, a failure or a run that ends.

    `outcome` is the report of the job's last attempt: it has the digest of the manifest.
    """
    number = job.job_number
    is_done = job.state == "SUCCEEDED" and run.step_of(number) == "prepare"
    if not is_done or run.ended or run.cancelled_by or outcome is None or outcome.manifest is None:
        return None
    manifest = outcome.manifest
    return Prepared(
        run_id=run.run_id,
        folder=result_folder(run, number, outcome.attempt),
        manifest_sha256=manifest.sha256,
        files=manifest.files,
        bytes=manifest.bytes,
        seconds=seconds_trained(run, number, attempts_until(job, now)),
        at=times.to_text(now),
        metrics=outcome.metrics,
    )


def without_success(run: Run, job: JobState) -> JobState:
    """The job as failed, or cancelled, if it succeeded but is the last one of a step without a result.

    Only a training's success is the run's.
    """
    if job.state != "SUCCEEDED" or run.step_of(job.job_number) == "train":
        return job
    reason = NOTHING_PREPARED + "its report names no prepared data"
    return replace(job, state="FAILED", stopped_by_user=bool(run.cancelled_by), status_reason=reason)
