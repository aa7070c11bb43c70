"""What the API and the events say of a job: JobDetail and JobSummary of the Batch API reference."""

from typing import Any

from droptrain_local.batch.job import Attempt, Job

# Lists that AWS shows even where they are empty.
_CONTAINER_LISTS = (
    "command", "volumes", "environment", "mountPoints", "ulimits", "networkInterfaces",
    "resourceRequirements", "secrets",
)  # fmt: skip


def job_detail(job: Job) -> dict[str, Any]:
    """A job as DescribeJobs and the state-change events show it; times in epoch milliseconds."""
    return _given(
        jobArn=job.arn,
        jobName=job.name,
        jobId=job.job_id,
        jobQueue=job.queue_arn,
        status=job.state,
        shareIdentifier=job.share or None,
        schedulingPriority=job.priority if job.share else None,
        statusReason=job.status_reason,
        attempts=[_attempt(attempt) for attempt in job.attempts],
        createdAt=job.created_at,
        startedAt=job.started_at,
        stoppedAt=job.stopped_at,
        retryStrategy={"attempts": 1, "evaluateOnExit": [], **job.retry_strategy},
        dependsOn=[],
        jobDefinition=job.definition_arn,
        parameters=dict(job.parameters),
        container=_container(job),
        timeout=None if job.timeout_seconds is None else {"attemptDurationSeconds": job.timeout_seconds},
        tags={"resourceArn": job.arn, **job.tags},
        propagateTags=job.propagate_tags,
        platformCapabilities=["EC2"],
        isCancelled=job.is_cancelled,
        isTerminated=job.is_terminated,
    )


def job_summary(job: Job) -> dict[str, Any]:
    """A job as ListJobs shows it."""
    return _given(
        jobArn=job.arn,
        jobId=job.job_id,
        jobName=job.name,
        createdAt=job.created_at,
        shareIdentifier=job.share or None,
        status=job.state,
        statusReason=job.status_reason,
        startedAt=job.started_at,
        stoppedAt=job.stopped_at,
        container=_given(exitCode=job.exit_code, reason=job.reason),
        jobDefinition=job.definition_arn,
        isCancelled=job.is_cancelled or None,
        isTerminated=job.is_terminated or None,
    )


def _container(job: Job) -> dict[str, Any]:
    shown: dict[str, Any] = {**{name: [] for name in _CONTAINER_LISTS}, **job.container}
    if job.place:
        shown["containerInstanceArn"] = job.place.container_instance_arn
        shown["taskArn"] = job.place.task_arn
    # The stream is named from RUNNING on; while the next attempt starts there is none.
    if job.place and job.state != "STARTING" and job.started_at is not None:
        shown["logStreamName"] = job.place.log_stream
    return {**shown, **_given(exitCode=job.exit_code, reason=job.reason)}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    container = _given(
        containerInstanceArn=attempt.place.container_instance_arn,
        taskArn=attempt.place.task_arn,
        exitCode=attempt.exit_code,
        reason=attempt.reason,
        logStreamName=attempt.place.log_stream if attempt.started_at is not None else None,
        networkInterfaces=[],
    )
    return _given(
        container=container,
        startedAt=attempt.started_at,
        stoppedAt=attempt.stopped_at,
        statusReason=attempt.status_reason,
        taskProperties=[],
    )


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
