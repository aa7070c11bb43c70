"""AWS Batch: submit a run's job once, find it by name, describe it, end it."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import BotoCoreError, ClientError

from droptrain_core.domain import times
from droptrain_core.domain.costs.estimate import OVERRUN_SECONDS
from droptrain_core.domain.errors import BusyError, Cause, DeniedError, RejectedError, UnsureError
from droptrain_core.domain.runs import batch_job, share
from droptrain_core.domain.runs.batch_job import HOST_GONE, RECLAIMED_EXIT_CODE, JobState
from droptrain_core.domain.runs.compute import StackCompute
from droptrain_core.domain.runs.run import Run

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

# Only a reclaim is worth another attempt; Batch retries when nothing matches, so the last rule ends the rest.
EVALUATE_ON_EXIT = [
    {"onStatusReason": f"{HOST_GONE}*", "action": "RETRY"},
    {"onExitCode": str(RECLAIMED_EXIT_CODE), "action": "RETRY"},
    {"onReason": "*", "action": "EXIT"},
]
_THROTTLES = {"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"}
_MAX_REASON = 1024
# A refusal that begins so is about the queue or the job definition, such as "JobDefinition … is not in ACTIVE
# status". There is no code for that. A queue that takes no further share refuses one project's jobs.
_OF_THE_STACK = r"(?is)Job ?(?:Queue|Definition)\b(?!.*\bshare)"
# The states of jobs whose shares count as active, for a day after they end.
_Active = Literal["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"]
_ACTIVE: tuple[_Active, ...] = get_args(_Active)


class JobQueue:
    """The stack's job queues, Spot and on-demand for each kind of instances, and their job definitions.

    Each job has `stack_id` as a tag: the functions may end the jobs of their own stack only.
    `submitter` must not retry by itself: SubmitJob has no idempotency token. `client` does everything else.
    """

    def __init__(
        self,
        client: "BatchClient",
        submitter: "BatchClient",
        compute: StackCompute,
        stack_id: str,
    ) -> None:
        self._client = client
        self._submitter = submitter
        self._compute = compute
        self._stack_id = stack_id

    def submit(self, run: Run, environment: Mapping[str, str]) -> str:
        """Submit the run's Batch job, the first or the next, and return its id.

        BusyError if Batch throttles, RejectedError if it refuses this job, DeniedError if it refuses the
        stack: nothing was submitted. UnsureError if it is open whether the job exists: look it up by name
        before submitting again.

        A queue has at most 500 active shares and refuses a job with another one (CreateJobQueue, Batch API
        reference). Such a job joins the closest share.
        """
        own = share.of_project(run.project)
        try:
            return self._submit(run, environment, own)
        except RejectedError:
            other = share.closest(own, self._active_shares(run))
            if other is None:
                raise
            return self._submit(run, environment, other)

    def _submit(self, run: Run, environment: Mapping[str, str], share_identifier: str) -> str:
        job = run.job_now
        assert job is not None
        requirements = [
            {"type": "VCPU", "value": str(job.vcpus)},
            {"type": "MEMORY", "value": str(job.memory_mib)},
        ]
        if job.gpus:
            requirements.append({"type": "GPU", "value": str(job.gpus)})
        request: Any = {
            "jobName": run.job_name,
            "jobQueue": self._queue_of(run),
            "jobDefinition": self._compute.of_step(run, run.step).job_definition,
            "shareIdentifier": share_identifier,
            # It orders the jobs of one share. A queue with shares refuses a job without it.
            "schedulingPriorityOverride": 0,
            "containerOverrides": {
                "environment": [{"name": name, "value": value} for name, value in environment.items()],
                "resourceRequirements": requirements,
            },
            "retryStrategy": {"attempts": job.attempts, "evaluateOnExit": EVALUATE_ON_EXIT},
            "timeout": {"attemptDurationSeconds": job.timeout_seconds + OVERRUN_SECONDS},
            "tags": {
                "droptrain:project": run.project, "droptrain:dataset": run.dataset,
                "droptrain:run_id": run.run_id, "droptrain:stack": self._stack_id,
            },
            "propagateTags": True,
        }  # fmt: skip
        try:
            return self._submitter.submit_job(**request)["jobId"]
        except ClientError as error:
            raise _meaning(run, error) from error
        except BotoCoreError as error:
            raise UnsureError(f"{run.run_id}: {error}") from error

    def _active_shares(self, run: Run) -> set[str]:
        """The shares of jobs in the run's queue, the newest of each state; a share is active for a day.

        BusyError if AWS Batch doesn't answer.
        """
        queue = self._queue_of(run)
        try:
            pages = [self._client.list_jobs(jobQueue=queue, jobStatus=state) for state in _ACTIVE]
        except ClientError as error:
            raise BusyError(f"{run.run_id}: {error}") from error
        return {job["shareIdentifier"] for page in pages for job in page["jobSummaryList"]}

    def find(self, run: Run) -> str | None:
        """The id of a Batch job with that name, whatever its state; the oldest, if there are several.

        ListJobs' JOB_NAME filter ignores case and job status (Batch API reference, ListJobs).
        """
        pages = self._client.get_paginator("list_jobs").paginate(
            jobQueue=self._queue_of(run), filters=[{"name": "JOB_NAME", "values": [run.job_name]}]
        )
        jobs = [job for page in pages for job in page["jobSummaryList"] if job["jobName"] == run.job_name]
        oldest = min(jobs, key=lambda job: (job.get("createdAt", 0), job["jobId"]), default=None)
        return oldest["jobId"] if oldest else None

    def describe(self, job_ids: Iterable[str]) -> dict[str, JobState]:
        """States by job id, of at most 100 jobs; ids that Batch doesn't know are left out."""
        answer = self._client.describe_jobs(jobs=list(job_ids))
        states = (batch_job.read(detail) for detail in answer["jobs"])
        return {state.job_id: state for state in states if state}

    def first(self, queue: str) -> tuple[str, datetime] | None:
        """The id of the waiting job that the queue places next, and since when it is that job; None if there
        is none (GetJobQueueSnapshot).
        """
        front = self._client.get_job_queue_snapshot(jobQueue=queue).get("frontOfQueue", {})
        for job in front.get("jobs", []):
            since = times.from_epoch_ms(job.get("earliestTimeAtPosition"))
            return (job["jobArn"].rpartition("/")[2], since) if since else None
        return None

    def end(self, job_id: str, reason: str) -> None:
        """End a Batch job in whatever state it is; CancelJob would pass over a running one in silence."""
        self._client.terminate_job(jobId=job_id, reason=reason[:_MAX_REASON])

    def _queue_of(self, run: Run) -> str:
        compute = self._compute.of_step(run, run.step)
        return compute.spot_queue if run.is_on_spot(run.job_number) else compute.on_demand_queue


def _meaning(run: Run, error: ClientError) -> Exception:
    """What an error that SubmitJob answered says of the run's job."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in _THROTTLES:
        return BusyError(f"{run.run_id}: {message}")
    if code == "ClientException" and not re.match(_OF_THE_STACK, message):
        fix = 'Correct what AWS Batch names, then launch with POST /runs and "rerun": true.'
        return RejectedError(Cause("refused_by_batch", f"AWS Batch refused the job: {message}", fix))
    if error.response["ResponseMetadata"]["HTTPStatusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeniedError(
            f"AWS Batch refused to take the job of {run.run_id} ({code}: {message}). "
            "The run is recorded and starts by itself when that is fixed."
        )
    return UnsureError(f"{run.run_id}: {error}")
