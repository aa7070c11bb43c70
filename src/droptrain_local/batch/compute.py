"""Compute environments and job queues, and which environment has room for a job; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# statusReasons of a job that no environment of its queue can ever run (JobDetail, Batch API reference).
MAX_RESOURCE = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - "
    "All compute environments have a maxvCpus setting that is smaller than the job requirements."
)
JOB_RESOURCE = (
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - "
    "All compute environments have no connected instances that meet the job requirements."
)
_GPU_FAMILIES = ("g", "p")


@dataclass(frozen=True)
class Needs:
    """What a job asks of an instance."""

    vcpus: int
    gpus: int = 0


@dataclass(frozen=True)
class ComputeEnvironment:
    """A compute environment; `settings` are its parameters as they were given."""

    name: str
    arn: str
    max_vcpus: int
    settings: Mapping[str, Any]
    enabled: bool = True
    instance_types: tuple[str, ...] = ()

    @property
    def has_gpus(self) -> bool:
        """True if an instance type is of a GPU family; where none is named, GPUs are taken to be there."""
        types = self.instance_types
        return not types or any(name.startswith(_GPU_FAMILIES) for name in types)


@dataclass(frozen=True)
class JobQueue:
    """A job queue; `environments` are ARNs in the order in which they are tried."""

    name: str
    arn: str
    priority: int
    environments: tuple[str, ...]
    settings: Mapping[str, Any]
    enabled: bool = True

    @property
    def policy_arn(self) -> str | None:
        """The ARN of its scheduling policy; None if jobs go first in, first out."""
        return self.settings.get("schedulingPolicyArn")


def needs_of(container: Mapping[str, Any]) -> Needs:
    """What a job's container properties ask for; the deprecated `vcpus` counts where VCPU isn't given."""
    asked = {item["type"]: item["value"] for item in container.get("resourceRequirements", ())}
    vcpus = asked.get("VCPU", container.get("vcpus", 1))
    return Needs(vcpus=int(vcpus), gpus=int(asked.get("GPU", 0)))


def misconfiguration(needs: Needs, environments: Sequence[ComputeEnvironment]) -> str | None:
    """Why none of the environments can ever run the job; None if one can."""
    large_enough = [item for item in environments if item.max_vcpus >= needs.vcpus]
    if not large_enough:
        return MAX_RESOURCE
    if needs.gpus and not any(item.has_gpus for item in large_enough):
        return JOB_RESOURCE
    return None


def choose(
    needs: Needs, environments: Iterable[ComputeEnvironment], used_vcpus: Mapping[str, int]
) -> ComputeEnvironment | None:
    """The first environment, in the queue's order, that has room now; None if the job has to wait."""
    for environment in environments:
        room = environment.max_vcpus - used_vcpus.get(environment.arn, 0)
        if environment.enabled and needs.vcpus <= room and (not needs.gpus or environment.has_gpus):
            return environment
    return None
