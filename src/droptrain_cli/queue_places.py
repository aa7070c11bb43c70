"""The places of waiting runs in the stack's job queues, as AWS Batch lists them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from droptrain.aws_errors import is_denied
from droptrain.stack import Stack

_LISTED = 100  # GetJobQueueSnapshot, Batch API reference
_OUTPUTS = ("SpotJobQueueArn", "OnDemandJobQueueArn", "CpuSpotJobQueueArn", "CpuOnDemandJobQueueArn")


@dataclass(frozen=True)
class Place:
    """A place in a queue of that kind: 1 is next; None is beyond those that AWS Batch lists."""

    number: int | None
    kind: str

    @property
    def is_behind_others(self) -> bool:
        """Whether other runs are placed first."""
        return self.number != 1

    def __str__(self) -> str:
        where = f"beyond the first {_LISTED}" if self.number is None else f"number {self.number}"
        return f"{where} in the {self.kind} queue"


class QueuePlaces:
    """Reads each job queue once; `queues` are their ARNs or names, which contain the logical ids."""

    def __init__(self, stack: Stack, queues: Iterable[str]) -> None:
        self._stack = stack
        self._queues = tuple(queues)

    def of(self, run: Mapping[str, Any]) -> Place | None:
        """The place of a run that waits; None if AWS Batch doesn't list it as waiting."""
        job_id = run.get("batch_job_id")
        if run.get("status") != "RUNNABLE" or not job_id:
            return None
        for queue, waiting in self._fronts.items():
            if job_id in waiting:
                return Place(waiting.index(job_id) + 1, _kind(queue))
        full = [_kind(queue) for queue, waiting in self._fronts.items() if len(waiting) >= _LISTED]
        return Place(None, " or ".join(full)) if full else None

    @cached_property
    def _fronts(self) -> dict[str, list[str]]:
        """The ids of the first waiting jobs of each queue, in order."""
        batch = self._stack.client("batch")
        found: dict[str, list[str]] = {}
        for queue in self._queues:
            front = batch.get_job_queue_snapshot(jobQueue=queue).get("frontOfQueue", {})
            found[queue] = [job["jobArn"].rpartition("/")[2] for job in front.get("jobs", [])]
        return found


def describe(stack: Stack, run: Mapping[str, Any]) -> str | None:
    """The place of a run in words; None if it doesn't wait in a queue."""
    if run["status"] != "RUNNABLE":
        return None
    try:
        place = QueuePlaces(stack, _queues(stack)).of(run)
    except ClientError as error:
        if not is_denied(error):
            raise
        return f"unknown: these credentials may not call {error.operation_name}"
    return str(place) if place else None


def _queues(stack: Stack) -> list[str]:
    if stack.is_laptop:
        queues = stack.client("batch").describe_job_queues()["jobQueues"]
        return [queue["jobQueueArn"] for queue in queues]
    found = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return [outputs[name] for name in _OUTPUTS if name in outputs]


def _kind(queue: str) -> str:
    bought = "on-demand" if "OnDemandJobQueue" in queue else "Spot"
    return f"CPU {bought}" if "CpuSpotJobQueue" in queue or "CpuOnDemandJobQueue" in queue else bought
