"""The EC2 instances that AWS Batch has started for the stack's job queues."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class QueueInstances:
    """Instances by the tags of their compute environments (Batch API reference, ComputeResource, tags).

    `kinds` has the kind of instances of each queue, by the queue's name. The first question makes the client.
    """

    def __init__(
        self, make_client: "Callable[[], EC2Client]", stack_id: str, kinds: Mapping[str, str]
    ) -> None:
        self._make_client = make_client
        self._stack_id = stack_id
        self._kinds = kinds

    def newest_launch(self, queue: str) -> datetime | None:
        """When the newest instance of the queue that starts or runs was launched; None if there is none."""
        wanted = {
            "tag:droptrain:stack": [self._stack_id],
            "tag:droptrain:queue": [self._kinds[queue]],
            "instance-state-name": ["pending", "running"],
        }
        return max(_launches(self._make_client(), wanted), default=None)


def _launches(ec2_client: "EC2Client", wanted: Mapping[str, list[str]]) -> "Iterator[datetime]":
    pages = ec2_client.get_paginator("describe_instances").paginate(
        Filters=[{"Name": name, "Values": values} for name, values in wanted.items()]
    )
    for page in pages:
        for reservation in page["Reservations"]:
            yield from (instance["LaunchTime"] for instance in reservation["Instances"])
