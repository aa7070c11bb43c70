"""Why a waiting job gets no instance, by the status reason of AWS Batch."""

import re

from droptrain_core.domain.diagnosis import kinds
from droptrain_core.domain.diagnosis.kind import Kind
from droptrain_core.domain.errors import Cause

_WAITS_FOR_CAPACITY = Kind(
    "no_capacity", "AWS currently has no free instance of the stack's types.",
    "Wait; or set `spot: never` in train.yaml; or give the stack more instance types.", True,
)  # fmt: skip
_WAITS_LONG = Kind(
    "waits_long",
    "AWS Batch gives no reason{detail}. Usual reasons are a new account's Free plan or its quota of 0 vCPUs "
    "for GPU instances, and a network without outbound access.",
    "Run `droptrain doctor`, which checks plan and quotas (docs/deploying.md), and check the compute "
    "environment.",
    None,
)  # fmt: skip
# https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
_REASONS = (
    ("(?i:eligible for free tier)", kinds.FREE_PLAN),
    ("VcpuLimitExceeded|vCPU limit|MaxSpotInstanceCountExceeded", kinds.NO_QUOTA),
    ("COMPUTE_ENVIRONMENT_MAX_RESOURCE", kinds.TOO_MANY_VCPUS),
    ("JOB_RESOURCE_REQUIREMENT", kinds.TOO_LARGE),
    ("MISCONFIGURATION|ACTION_REQUIRED", kinds.MISCONFIGURED),
    ("CAPACITY", _WAITS_FOR_CAPACITY),
)


def no_instance(detail: str) -> Cause:
    """The cause for AWS Batch's reason; `waits_long` if it gives none."""
    evidence = (detail[:300],) if detail else ()
    detail = detail.rstrip(".")
    for pattern, kind in _REASONS:
        if re.search(pattern, detail):
            return kind.cause(detail, evidence)
    return _WAITS_LONG.cause(f": {detail}" if detail else "", evidence)
