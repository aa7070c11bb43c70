"""What the checks of a stack look at, and what they find."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from droptrain.stack import Stack

Verdict = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True)
class Finding:
    """What a check found; `fix` says what to do, empty where nothing is."""

    title: str
    verdict: Verdict
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class StackSnapshot:
    """The stack that is looked at: its outputs and parameters, and physical ids by type and logical id.

    On a laptop outputs and parameters are empty.
    """

    stack: Stack
    status: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of_type(self, kind: str) -> Mapping[str, str]:
        """Physical ids by logical id of the resources of a type."""
        return self.resources.get(kind, {})


Check = Callable[[StackSnapshot], Iterator[Finding]]


def read_snapshot(stack: Stack) -> StackSnapshot:
    """Read what the checks need to know of a stack."""
    if stack.is_laptop:
        return StackSnapshot(
            stack, resources={"AWS::SQS::Queue": _laptop_queues(stack), **_laptop_batch(stack)}
        )
    client = stack.client("cloudformation")
    found = client.describe_stacks(StackName=stack.name)["Stacks"][0]
    resources: dict[str, dict[str, str]] = {}
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack.name):
        for item in page["StackResourceSummaries"]:
            if item.get("PhysicalResourceId"):
                resources.setdefault(item["ResourceType"], {})[item["LogicalResourceId"]] = item[
                    "PhysicalResourceId"
                ]
    return StackSnapshot(
        stack,
        status=found["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        parameters={each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])},
        resources=resources,
    )


def _laptop_queues(stack: Stack) -> dict[str, str]:
    urls = stack.client("sqs").list_queues().get("QueueUrls", [])
    return {url.rpartition("-")[2]: url for url in urls}


def _laptop_batch(stack: Stack) -> dict[str, dict[str, str]]:
    batch = stack.client("batch")
    environments = batch.describe_compute_environments()["computeEnvironments"]
    queues = batch.describe_job_queues()["jobQueues"]
    names = [each["computeEnvironmentName"] for each in environments]
    return {
        "AWS::Batch::ComputeEnvironment": dict(zip(names, names, strict=True)),
        "AWS::Batch::JobQueue": {each["jobQueueName"]: each["jobQueueName"] for each in queues},
    }
