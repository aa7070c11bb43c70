"""The uploads queue in virtual time: visibility, receive counts and redrive as SQS has them."""

import heapq
from dataclasses import dataclass
from typing import Any

from droptrain_local.intrinsics import Intrinsics, pseudo_parameters
from droptrain_local.render import find_root, render

QUEUE = "UploadsQueue"


@dataclass(frozen=True)
class QueueSettings:
    """How the uploads queue feeds its function; `lanes` is how many batches are handled at a time."""

    delay_seconds: int
    visibility_seconds: int
    max_receives: int
    batch_size: int
    lanes: int
    reports_items: bool
    function_seconds: int


def settings_of_template() -> QueueSettings:
    """The settings in the rendered template, with its parameters' defaults."""
    template = render(find_root(), {})
    values = {
        **pseudo_parameters("burst"),
        **{name: name for name in template.resources},
        **template.parameters,
    }
    intrinsics = Intrinsics(values, lambda name, _: name, template.conditions, template.mappings)

    def properties(resource: Any) -> Any:
        return intrinsics.resolve(resource["Properties"])

    queue = properties(template.resources[QUEUE])
    mappings = (
        properties(resource)
        for resource in template.resources.values()
        if resource["Type"] == "AWS::Lambda::EventSourceMapping"
    )
    (mapping,) = (it for it in mappings if it["EventSourceArn"] == QUEUE)
    function = properties(template.resources[mapping["FunctionName"]])
    return QueueSettings(
        delay_seconds=int(queue["DelaySeconds"]),
        visibility_seconds=int(queue["VisibilityTimeout"]),
        max_receives=int(queue["RedrivePolicy"]["maxReceiveCount"]),
        batch_size=int(mapping["BatchSize"]),
        lanes=int(mapping["ScalingConfig"]["MaximumConcurrency"]),
        reports_items="ReportBatchItemFailures" in mapping["FunctionResponseTypes"],
        function_seconds=int(function["Timeout"]),
    )


@dataclass
class Message:
    """A message, and how often it was received."""

    number: int
    body: str
    receives: int = 0


class UploadsQueue:
    """`messages` are those that still wait or are being handled, in the order in which they were sent."""

    def __init__(self, settings: QueueSettings) -> None:
        self._settings = settings
        self.messages: dict[int, Message] = {}
        self.sent = 0
        self.dead_letters: list[Message] = []
        self.most_receives = 0
        self.changed_at = 0.0
        self._visible_at: list[tuple[float, int]] = []

    def send(self, body: str, visible_at: float) -> None:
        """Put a message on the queue that is visible from that moment on."""
        self.sent += 1
        self.messages[self.sent] = Message(self.sent, body)
        heapq.heappush(self._visible_at, (visible_at, self.sent))

    def receive(self, now: float) -> list[Message]:
        """A batch of what is visible; what was received too often goes to the dead letters instead."""
        batch: list[Message] = []
        while len(batch) < self._settings.batch_size and self.next_visible_at() <= now:
            message = self.messages[heapq.heappop(self._visible_at)[1]]
            if message.receives == self._settings.max_receives:
                self.dead_letters.append(message)
                self.delete(message, now)
                continue
            message.receives += 1
            self.most_receives = max(self.most_receives, message.receives)
            heapq.heappush(self._visible_at, (now + self._settings.visibility_seconds, message.number))
            batch.append(message)
        return batch

    def delete(self, message: Message, now: float) -> None:
        """Take the message off the queue."""
        del self.messages[message.number]
        self.changed_at = now

    def next_visible_at(self) -> float:
        """The moment at which the next message is visible; infinity where there is none."""
        while self._visible_at and self._visible_at[0][1] not in self.messages:
            heapq.heappop(self._visible_at)
        return self._visible_at[0][0] if self._visible_at else float("inf")
