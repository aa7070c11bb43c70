"""Notifications: a notice is published as an event for programs, and as a message for people."""

from typing import TYPE_CHECKING, Literal

from droptrain_core.aws.event_bus import EventBus
from droptrain_core.aws.notices import NoticeTopic

if TYPE_CHECKING:
    from droptrain_core.domain.notices.notice import Notice

Published = Literal["published", "muted"]


class Notifications:
    """Publishes notices to the event bus and to the topic.

    With `has_slack`, what people get goes to the bus too, as the webhook's body for Slack.
    """

    def __init__(self, bus: EventBus, topic: NoticeTopic, *, has_slack: bool = False) -> None:
        self._bus = bus
        self._topic = topic
        self._has_slack = has_slack

    def publish(self, notice: "Notice", *, to_people: bool = True) -> Published:
        """Publish to programs, and to people; without `to_people`, as where `notify` excludes it, "muted"."""
        if notice.event:
            self._bus.put(notice.event)
        if not to_people:
            return "muted"
        if self._has_slack:
            self._bus.put_slack(notice.slack)
        self._topic.publish(notice)
        return "published"

    def subscribers(self) -> int:
        """The number of the topic's confirmed subscribers."""
        return self._topic.confirmed()
