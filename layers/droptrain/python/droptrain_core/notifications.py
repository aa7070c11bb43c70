"""Tell: a notice goes to programs as an event, and to people as a message if they want to hear of it."""

from droptrain_core.aws.event_bus import EventBus
from droptrain_core.aws.notices import NoticeTopic
from droptrain_core.domain.notices.notice import Notice


class Tell:
    """Everybody who hears of runs."""

    def __init__(self, bus: EventBus, topic: NoticeTopic) -> None:
        self._bus = bus
        self._topic = topic

    def everybody(self, notice: Notice) -> None:
        """Tell programs and people."""
        self.programs(notice)
        self._topic.publish(notice)

    def programs(self, notice: Notice) -> None:
        """Tell programs alone, as where the recipe's `notify` says that people don't want to hear."""
        if notice.event:
            self._bus.put(notice.event)

    def listeners(self) -> int:
        """How many people, chats and queues have confirmed that they want to hear."""
        return self._topic.confirmed()
