"""Rules on what AWS says: the strongest evidence, since a killed container can't tell and a log may lie."""

from droptrain.domain.batch_job import OVER_RESERVATION, TIMED_OUT
from droptrain.domain.diagnosis import kinds
from droptrain.domain.diagnosis.facts import Facts
from droptrain.domain.diagnosis.rule import Found, Rule, batch_says

_STUCK = "https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html"
_CAPACITY = "https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_capacity.html"
_RETRIES = "https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html"
_TERMINATE = "https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html"
_TIMEOUTS = "https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html"
_STOPPED = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"
_PULL = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
_START = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html"
_RATE = "https://repost.aws/knowledge-center/ecs-pull-container-error-rate-limit"
_RECLAIMED_EXIT_CODE = 75
_LIMIT = r"JobStateTimeLimit.*"
_NOT_PULLED = r"CannotPull(?:Container|ECRContainer|Image)(?:Error)?\b(?s:.*)"
_NOT_STARTED = r"(?:CannotStartContainer|CannotCreateContainer|ResourceInitialization)Error(?s:.*)"


def _cancelled(facts: Facts) -> Found | None:
    if facts.job.status != "CANCELLED":
        return None
    said = facts.job.status_reason.rstrip(".") or "The Batch job was stopped"
    return Found(said, (facts.job.status_reason,) if facts.job.status_reason else ())


def _over_reservation(facts: Facts) -> Found | None:
    said = facts.job.status_reason
    if not said.startswith(OVER_RESERVATION):
        return None
    return Found(said.removeprefix(OVER_RESERVATION), (said,))


def _reclaimed(facts: Facts) -> Found | None:
    job = facts.job
    if not job.status_reason.startswith("Host EC2") and job.exit_code != _RECLAIMED_EXIT_CODE:
        return None
    tries, said = max(len(job.attempts), 1), job.status_reason or "exit code 75"
    reasons = tuple(f"attempt {n}: {each.reason}" for n, each in enumerate(job.attempts, 1) if each.reason)
    return Found(f"{tries} attempt{'s' if tries > 1 else ''} ({said})", reasons or (said,))


RULES = (
    Rule(kinds.TOO_MANY_VCPUS, batch_says(_LIMIT + "COMPUTE_ENVIRONMENT_MAX_RESOURCE"), _STUCK),
    Rule(kinds.TOO_LARGE, batch_says(_LIMIT + "JOB_RESOURCE_REQUIREMENT"), _STUCK),
    Rule(
        kinds.NO_QUOTA, batch_says(_LIMIT + "(?:VcpuLimitExceeded|vCPU limit|MaxSpotInstanceCount)"), _STUCK
    ),
    Rule(kinds.MISCONFIGURED, batch_says(_LIMIT + "MISCONFIGURATION"), _STUCK),
    Rule(kinds.NO_CAPACITY, batch_says(_LIMIT + "CAPACITY:"), _CAPACITY),
    Rule(kinds.NOT_PLACED, batch_says(_LIMIT), _STUCK),
    Rule(kinds.OVER_RESERVATION, _over_reservation, _TERMINATE),
    Rule(kinds.CANCELLED, _cancelled, _TERMINATE),
    Rule(kinds.TIMEOUT, batch_says(f"^{TIMED_OUT}"), _TIMEOUTS),
    Rule(kinds.OUT_OF_MEMORY, batch_says("^OutOfMemoryError"), _STOPPED),
    Rule(kinds.RECLAIMED, _reclaimed, _RETRIES),
    Rule(kinds.IMAGE_RATE_LIMITED, batch_says(_NOT_PULLED + "(?i:toomanyrequests|too many requests)"), _RATE),
    Rule(kinds.IMAGE_TOO_LARGE, batch_says(_NOT_PULLED + "(?i:no space left on device)"), _PULL),
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
        kinds.IMAGE_DENIED,
        batch_says(
            _NOT_PULLED
            + r"(?i:access ?denied|not authorized|unauthorized|no basic auth|403|401|authorization failed"
            "|denied:|no pull access|AccessDeniedException)"
        ),
        _PULL,
    ),
    Rule(
        kinds.IMAGE_MISSING,
        batch_says(
            _NOT_PULLED
            + "(?i:not found|manifest unknown|does not exist|name unknown|no such image|invalid reference"
            "|no matching manifest|does not contain descriptor)"
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
    Rule(kinds.DISK_FULL, batch_says(_NOT_STARTED + "(?i:no space left on device)"), _STOPPED),
    Rule(
        kinds.NO_NETWORK,
        batch_says(
            r"ResourceInitializationError(?s:.*)(?i:timeout|deadline exceeded|no such host|unreachable)"
        ),
        _STOPPED,
    ),
    Rule(kinds.NOT_STARTED, batch_says(_NOT_STARTED + "|^(?:Docker|ContainerRuntime)TimeoutError"), _START),
)
