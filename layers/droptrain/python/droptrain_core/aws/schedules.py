"""Schedules in EventBridge Scheduler: each sends a message to the uploads queue when its time comes."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.retraining import cooldown_message, cooldown_schedule

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

# Scheduler's own default, and the longest that it tries.
_RETRY_POLICY = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


class Schedules:
    """The schedules of the stack's own group: they send to its uploads queue, with a role of its own.

    A message that can't be sent goes to the dead letters of uploads. The client is made for the first call.
    """

    def __init__(
        self,
        make_client: "Callable[[], EventBridgeSchedulerClient]",
        stack_id: str,
        group: str,
        role: str,
        queue_url: str,
        dead_letters: str,
    ) -> None:
        self._make_client = make_client
        self._stack_id = stack_id
        self._group = group
        self._role = role
        self._queue = queue_url.rpartition("/")[2]
        self._dead_letters = dead_letters

    def put(self, name: str, expression: str, timezone: str, message: Mapping[str, Any]) -> None:
        """Make a schedule, or change it; BusyError if another process does so at the same time."""
        _put(self._make_client(), self._group, name, expression, timezone, self._target(message))

    def put_cooldown(self, project: str, until: str) -> None:
        """Let a message say that the project's cooldown is over, once, at `until`."""
        target = self._target(cooldown_message(project))
        _put_once(self._make_client(), self._group, cooldown_schedule(project, until), until, target)

    def remove(self, name: str) -> None:
        """Remove a schedule, if it exists; BusyError if another process changes it at the same time."""
        _remove(self._make_client(), self._group, name)

    def _target(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Where a message goes; queues and role have the stack's partition, region and account."""
        _, partition, _, region, account, *_ = self._stack_id.split(":")
        queues = f"arn:{partition}:sqs:{region}:{account}:"
        return {
            "Arn": queues + self._queue,
            "RoleArn": f"arn:{partition}:iam::{account}:role/{self._role}",
            "Input": json.dumps(message),
            "DeadLetterConfig": {"Arn": queues + self._dead_letters},
            "RetryPolicy": _RETRY_POLICY,
        }


def _put(
    client: "EventBridgeSchedulerClient",
    group: str,
    name: str,
    expression: str,
    timezone: str,
    target: Any,
) -> None:
    schedule: Any = {
        "GroupName": group,
        "Name": name,
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": timezone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        "ActionAfterCompletion": "NONE",
    }
    errors = client.exceptions
    try:
        try:
            client.update_schedule(**schedule)
        except errors.ResourceNotFoundException:
            client.create_schedule(**schedule)
    except errors.ConflictException as error:
        raise BusyError(f"the schedule {name} is being changed by another process") from error


def _put_once(client: "EventBridgeSchedulerClient", group: str, name: str, until: str, target: Any) -> None:
    """Make a schedule for one time, unless there is one of this name, which names the time."""
    with suppress(client.exceptions.ConflictException):
        client.create_schedule(
            GroupName=group,
            Name=name,
            ScheduleExpression=f"at({until.removesuffix('Z')})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
            ActionAfterCompletion="DELETE",
        )


def _remove(client: "EventBridgeSchedulerClient", group: str, name: str) -> None:
    try:
        client.delete_schedule(GroupName=group, Name=name)
    except client.exceptions.ResourceNotFoundException:
        return
    except client.exceptions.ConflictException as error:
        raise BusyError(f"the schedule {name} is being changed by another process") from error
