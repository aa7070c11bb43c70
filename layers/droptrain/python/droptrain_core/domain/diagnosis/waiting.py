"""Why a job that waits for an instance gets none, by the status reason that AWS Batch gives it."""

import re

from droptrain_core.domain.diagnosis import kinds
from droptrain_core.domain.diagnosis.kind import Kind
from droptrain_core.domain.errors import Cause

_WAITS_FOR_CAPACITY = Kind(
    "no_capacity", "AWS has no instance of the stack's types free at this moment.",
    "Wait; or set `spot: never` in train.yaml; or give the stack more instance types.", True,
)  # fmt: skip
_WAITS_LONG = Kind(
    "waits_long",
    "AWS Batch gives no reason{said}. Usual ones are a quota of 0 vCPUs for GPU instances in a new account, "
    "and a network without a way out.",
    "Look at the quotas of EC2 (docs/deploying.md) and at the compute environment.",
    None,
)  # fmt: skip
# https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
_REASONS = (
    ("VcpuLimitExceeded|vCPU limit|MaxSpotInstanceCountExceeded", kinds.NO_QUOTA),
    ("COMPUTE_ENVIRONMENT_MAX_RESOURCE", kinds.TOO_MANY_VCPUS),
    ("JOB_RESOURCE_REQUIREMENT", kinds.TOO_LARGE),
    ("MISCONFIGURATION|ACTION_REQUIRED", kinds.MISCONFIGURED),
    ("CAPACITY", _WAITS_FOR_CAPACITY),
)


def no_instance(said: str) -> Cause:
    """The cause that AWS Batch's reason means; `waits_long` where it gives none."""
    evidence = (said[:300],) if said else ()
    for pattern, kind in _REASONS:
        if re.search(pattern, said):
            return kind.cause(said, evidence)
    return _WAITS_LONG.cause(f": {said}" if said else "", evidence)
