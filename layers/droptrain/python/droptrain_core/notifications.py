"""Notifications: a notice is published as an event for programs, and as a message for people."""

from typing import TYPE_CHECKING

from droptrain_core.aws.event_bus import EventBus
from droptrain_core.aws.notices import NoticeTopic

if TYPE_CHECKING:
    from droptrain_core.domain.notices.notice import Notice


class Notifications:
    """Publishes notices to the event bus and to the topic."""

    def __init__(self, bus: EventBus, topic: NoticeTopic) -> None:
        self._bus = bus
        self._topic = topic

    def publish(self, notice: "Notice") -> None:
        """Publish to programs and to people."""
        self.publish_event(notice)
        self._topic.publish(notice)

    def publish_event(self, notice: "Notice") -> None:
        """Publish to programs only, because the recipe's `notify` excludes the notice."""
        if notice.event:
            self._bus.put(notice.event)

    def subscribers(self) -> int:
        """The number of the topic's confirmed subscribers."""
        return self._topic.confirmed()
