"""Rules on AWS's reasons: the strongest evidence, as a killed container can't report and a log may lie."""

from droptrain_core.domain.diagnosis import kinds
from droptrain_core.domain.diagnosis.evidence import Evidence
from droptrain_core.domain.diagnosis.rule import Find, Found, Rule, batch_says
from droptrain_core.domain.runs.batch_job import (
    HOST_GONE,
    NEVER_JOINED,
    NOTHING_PREPARED,
    OUT_OF_TIME,
    OVER_RESERVATION,
    RECLAIMED_EXIT_CODE,
    TIMED_OUT,
    JobState,
)

_STUCK = "https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html"
_CAPACITY = "https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_capacity.html"
_RETRIES = "https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html"
_TERMINATE = "https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html"
_TIMEOUTS = "https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html"
_STOPPED = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"
_PULL = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
_START = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html"
_RATE = "https://repost.aws/knowledge-center/ecs-pull-container-error-rate-limit"
_FREE = "https://github.com/aws/karpenter-provider-aws/pull/9004"
_PREPARE = "docs/prepare.md"
_SPOT = "spot"
_LIMIT = r"JobStateTimeLimit.*"
_NOT_PULLED = r"CannotPull\w+(?s:.*)"
_NOT_STARTED = r"(?:CannotStartContainer|CannotCreateContainer|ResourceInitialization)Error(?s:.*)"
_LOGS = r"(?:logging driver|logger args|Cloudwatch log)(?s:.*)"
_NO_SPACE = r"(?i:no space left on device|free data blocks which is less than)"
_UNREACHABLE = (
    r"(?i:i/o time|timeout|timed out|deadline exceeded|no such host|unreachable|connection re"
    r"|send request failed|request send failed|network configuration)"
)
# Long reasons are cut, often before the name of the error. A denied call isn't repeated.
_THROTTLED = r"(?:Throttling|Rate exceeded|exceeded maximum number of attempts)"
_REFUSED = r"(?i:access ?denied|not authorized|unauthorized)"


def _cancelled(facts: Evidence) -> Found | None:
    if facts.job.status != "CANCELLED":
        return None
    detail = facts.job.status_reason.rstrip(".") or "The Batch job was stopped"
    return Found(detail, (facts.job.status_reason,) if facts.job.status_reason else ())


def _lost(facts: Evidence) -> Found | None:
    job = facts.job
    if not _host_is_gone(job) or facts.lifecycle in (None, _SPOT):
        return None
    return Found(job.status_reason.rstrip("."), (job.status_reason,))


def _lost_after_end(facts: Evidence) -> Found | None:
    """The container reported that it had ended well, and was lost before AWS Batch knew its exit code."""
    if facts.outcome is None or facts.container_code or facts.job.exit_code is not None:
        return None
    return Found("; ".join(facts.batch_reasons).rstrip("."), facts.batch_reasons)


def _ended_with(prefix: str) -> Find:
    """The stack itself ended the job, with a reason that begins so."""

    def find(facts: Evidence) -> Found | None:
        detail = facts.job.status_reason
        return Found(detail.removeprefix(prefix), (detail,)) if detail.startswith(prefix) else None

    return find


def _reclaimed(facts: Evidence) -> Found | None:
    job = facts.job
    if not _host_is_gone(job) and job.exit_code != RECLAIMED_EXIT_CODE:
        return None
    tries, detail = max(len(job.attempts), 1), job.status_reason or f"exit code {RECLAIMED_EXIT_CODE}"
    reasons = tuple(f"attempt {n}: {each.reason}" for n, each in enumerate(job.attempts, 1) if each.reason)
    return Found(f"{tries} attempt{'s' if tries > 1 else ''} ({detail})", reasons or (detail,))


def _never_started(facts: Evidence) -> Found | None:
    """The task ended before its container ran, for a reason that no other rule knows."""
    if facts.job.status_reason != "Task failed to start" or facts.job.exit_code is not None:
        return None
    return Found("; ".join(facts.batch_reasons).rstrip("."), facts.batch_reasons)


def _host_is_gone(job: JobState) -> bool:
    return job.status_reason.startswith(HOST_GONE)


RULES = (
    Rule(kinds.FREE_PLAN, batch_says(_LIMIT + "(?i:eligible for free tier)"), _FREE),
    Rule(kinds.TOO_MANY_VCPUS, batch_says(_LIMIT + "COMPUTE_ENVIRONMENT_MAX_RESOURCE"), _STUCK),
    Rule(kinds.TOO_LARGE, batch_says(_LIMIT + "JOB_RESOURCE_REQUIREMENT"), _STUCK),
    Rule(
        kinds.NO_QUOTA, batch_says(_LIMIT + "(?:VcpuLimitExceeded|vCPU limit|MaxSpotInstanceCount)"), _STUCK
    ),
    Rule(kinds.MISCONFIGURED, batch_says(_LIMIT + "MISCONFIGURATION"), _STUCK),
    Rule(kinds.NO_CAPACITY, batch_says(_LIMIT + "CAPACITY:"), _CAPACITY),
    Rule(kinds.NOT_PLACED, batch_says(_LIMIT), _STUCK),
    Rule(kinds.OVER_RESERVATION, _ended_with(OVER_RESERVATION), _TERMINATE),
    Rule(kinds.CANCELLED, _cancelled, _TERMINATE),
    Rule(kinds.NOTHING_PREPARED, _ended_with(NOTHING_PREPARED), _PREPARE),
    Rule(kinds.TIMEOUT, batch_says(f"^(?:{TIMED_OUT}|{OUT_OF_TIME})"), _TIMEOUTS),
    Rule(kinds.NEVER_JOINED, _ended_with(NEVER_JOINED), _STUCK),
    Rule(kinds.OUT_OF_MEMORY, batch_says("^OutOfMemoryError"), _STOPPED),
    Rule(kinds.LOST_AFTER_END, _lost_after_end, "https://github.com/aws/amazon-ecs-agent/issues/2312"),
    Rule(kinds.INSTANCE_LOST, _lost, _RETRIES),
    Rule(kinds.RECLAIMED, _reclaimed, _RETRIES),
    Rule(kinds.IMAGE_RATE_LIMITED, batch_says(_NOT_PULLED + "(?i:toomanyrequests|too many requests)"), _RATE),
    Rule(kinds.IMAGE_TOO_LARGE, batch_says(_NOT_PULLED + _NO_SPACE), _PULL),
    Rule(
        kinds.IMAGE_WITH_PROVENANCE,
        batch_says(_NOT_PULLED + r"(?i:in-toto|unsupported media type|no processor for media-type)"),
        "https://github.com/Mangio621/Mangio-RVC-Fork/issues/97",
    ),
    Rule(
        kinds.IMAGE_OF_OTHER_PLATFORM,
        batch_says(
            _NOT_PULLED + r"(?i:matching platform|match for platform|no matching manifest|for platform)"
            "|" + _NOT_STARTED + "exec format error"
        ),
        "https://github.com/aws/containers-roadmap/issues/1120",
    ),
    Rule(
        kinds.IMAGE_UNREACHABLE,
        batch_says(
            _NOT_PULLED
            + "(?i:timeout|timed out|deadline exceeded|context canceled|no such host|connection re"
            "|TLS handshake|request canceled|failed to do request|unreachable)"
        ),
        _PULL,
    ),
    Rule(
        kinds.IMAGE_MISSING,
        batch_says(_NOT_PULLED + r"API error \(404\)"),
        "https://github.com/RafalWilinski/deploy-with-serverless/issues/11",
    ),
    Rule(
        kinds.IMAGE_DENIED,
        batch_says(
            _NOT_PULLED
            + r"(?i:access ?denied|not authorized|unauthorized|no basic auth|\b40[13]\b|authorization failed"
            "|denied:|no pull access|credentials: not found)"
        ),
        _PULL,
    ),
    Rule(
        kinds.IMAGE_MISSING,
        batch_says(
            _NOT_PULLED
            + "(?i:not found|manifest unknown|does not exist|name unknown|no such image|invalid reference)"
        ),
        _PULL,
    ),
    Rule(kinds.IMAGE_NOT_PULLED, batch_says(_NOT_PULLED), _PULL),
    Rule(
        kinds.CUDA_MISMATCH,
        batch_says(_NOT_STARTED + r"nvidia-container-cli: requirement error"),
        "https://github.com/NVIDIA/nvidia-docker/issues/1442",
    ),
    Rule(
        kinds.GPU_NOT_VISIBLE,
        batch_says(_NOT_STARTED + r"(?:nvidia-container-cli|capabilities: \[\[gpu\]\])"),
        "https://github.com/NVIDIA/libnvidia-container/issues/103",
    ),
    Rule(kinds.DISK_FULL, batch_says(_NOT_STARTED + _NO_SPACE), _STOPPED),
    Rule(
        kinds.NO_PROGRAM,
        batch_says(
            _NOT_STARTED
            + r'exec: \\*"[^"]{1,200}": (?:executable file not found|stat /|permission denied|no such)'
        ),
        "https://github.com/nextflow-io/nextflow/issues/5657",
    ),
    Rule(kinds.NO_NETWORK, batch_says(_NOT_STARTED + _LOGS + _UNREACHABLE), _START),
    Rule(
        kinds.NOT_STARTED,
        batch_says(_NOT_STARTED + _LOGS + _THROTTLED),
        "https://github.com/moby/moby/issues/42088",
    ),
    Rule(
        kinds.LOGS_DENIED,
        batch_says(_NOT_STARTED + _LOGS),
        "https://github.com/cn-terraform/terraform-aws-ecs-fargate-task-definition/issues/1",
    ),
    Rule(
        kinds.SECRET_DENIED,
        batch_says(_NOT_STARTED + r"(?:retrieve|fetch) secrets?(?s:.*)" + _REFUSED),
        "https://github.com/GiamPy5/terraform-aws-directus/issues/10",
    ),
    Rule(kinds.IMAGE_DENIED, batch_says(_NOT_STARTED + r"ecr registry auth(?s:.*)" + _REFUSED), _PULL),
    Rule(kinds.NO_NETWORK, batch_says("ResourceInitializationError(?s:.*)" + _UNREACHABLE), _STOPPED),
    Rule(
        kinds.ROLE_DENIED,
        batch_says("unable to assume the role"),
        "https://github.com/nextflow-io/nextflow/pull/2146",
    ),
    Rule(
        kinds.CONTAINER_LOST,
        batch_says("Cannot(?:Inspect|Stop)ContainerError|TimeoutError: Could not transition to stopped"),
        "https://github.com/aws/amazon-ecs-agent/issues/2312",
    ),
    Rule(
        kinds.NOT_STARTED,
        batch_says(_NOT_STARTED + "|^(?:Docker|ContainerRuntime)TimeoutError|^CgroupError"),
        _START,
    ),
    Rule(
        kinds.NOT_STARTED,
        batch_says("TaskFailedToStart: (?:AGENT|RESOURCE|ATTRIBUTE|MemberOf)"),
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html",
    ),
    Rule(kinds.NOT_STARTED, _never_started, _STOPPED),
)
