"""The schedules that functions make in EventBridge Scheduler: moto keeps them, and here they come due."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter

from droptrain_local.delivery import Delivery, queue_url
from droptrain_local.errors import TemplateError

_LOOK_SECONDS = 1.0
_ONCE = re.compile(r"at\((?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON = re.compile(r"cron\((?P<fields>.+)\)")
_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


class StoredSchedules:
    """The schedules of one group; their targets are queues.

    Each sends its message with its own role. `now` is the time in UTC.
    """

    def __init__(
        self,
        scheduler: Any,
        group: str,
        client: Callable[[str], Any],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._scheduler = scheduler
        self._group = group
        self._client = client
        self._now = now
        self._sent: dict[str, datetime] = {}
        self._closing = threading.Event()

    def start(self) -> Iterator[Delivery]:
        """Start the thread that waits for the next time of any of them."""
        yield Delivery(f"schedules of {self._group}", self._deliver)

    def stop(self) -> None:
        """End the waiting."""
        self._closing.set()

    def _deliver(self) -> None:
        if not self._closing.wait(_LOOK_SECONDS):
            self.send_due()

    def send_due(self) -> None:
        """Send the message of each schedule whose time has come; times missed meanwhile are one."""
        listed = self._scheduler.list_schedules(GroupName=self._group)["Schedules"]
        for each in listed:
            schedule = self._scheduler.get_schedule(GroupName=self._group, Name=each["Name"])
            since = max(schedule["LastModificationDate"], self._sent.get(each["Name"], _EPOCH))
            due_at = next_time(schedule, since)
            if due_at is None or due_at > self._now():
                continue
            self._send(schedule["Target"], due_at)
            self._sent[each["Name"]] = self._now()
            if schedule.get("ActionAfterCompletion") == "DELETE":
                self._scheduler.delete_schedule(GroupName=self._group, Name=each["Name"])

    def _send(self, target: Mapping[str, Any], due_at: datetime) -> None:
        sqs = self._client(target["RoleArn"])
        body = target["Input"].replace(_SCHEDULED_TIME, due_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        sqs.send_message(QueueUrl=queue_url(sqs, target["Arn"]), MessageBody=body)


_EPOCH = datetime.fromtimestamp(0, UTC)


def next_time(schedule: Mapping[str, Any], after: datetime) -> datetime | None:
    """The first time of a cron or one-time schedule after `after`, in UTC; None after the last one.

    TemplateError for another expression.
    """
    expression, zone = schedule["ScheduleExpression"], ZoneInfo(schedule["ScheduleExpressionTimezone"])
    if once := _ONCE.fullmatch(expression):
        at = datetime.fromisoformat(once["at"]).replace(tzinfo=zone).astimezone(UTC)
        return at if at > after else None
    recurring = _CRON.fullmatch(expression)
    if recurring is None:
        raise TemplateError(f"The laptop cloud doesn't know the schedule {expression}.")
    # The library knows UTC only: it gets the zone's clock as if that were UTC.
    clock = after.astimezone(zone).replace(tzinfo=UTC)
    found = AwsCroniter(recurring["fields"]).get_next(clock)[0]
    return found.replace(tzinfo=zone).astimezone(UTC) if found else None
