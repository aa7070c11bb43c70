"""A burst of uploads against AWS Batch's throttle, in virtual time."""

from dataclasses import dataclass

from chaos.burst.lanes import Lanes
from chaos.burst.memory import SUBMITS_PER_SECOND, ReadyDatasets
from chaos.burst.uploads_queue import QueueSettings
from chaos.burst.virtual_time import VirtualTime


@dataclass(frozen=True)
class Drained:
    """What became of a burst; `seconds` are from the end of the settle time to the empty queue."""

    lanes: int
    events: int
    seconds: float
    throttles: int
    most_receives: int
    dead_letters: int
    postponed: int
    submitted: tuple[str, ...]

    @property
    def lost(self) -> int:
        """How many datasets got no Batch job."""
        return self.events - len(set(self.submitted))


def limit_seconds(events: int) -> float:
    """The time that the throttle allows for so many jobs."""
    return events / SUBMITS_PER_SECOND


def drain(events: int, settings: QueueSettings) -> Drained:
    """Drop as many datasets at once, and handle their last files' events until none is left."""
    time = VirtualTime()
    lanes = Lanes(settings, time, ReadyDatasets(time))
    for number in range(events):
        lanes.drop("burst", f"set-{number}")
    lanes.run()
    queue, jobs = lanes.queue, lanes.jobs
    return Drained(
        lanes=settings.lanes,
        events=events,
        seconds=queue.changed_at - settings.delay_seconds,
        throttles=jobs.throttles,
        most_receives=queue.most_receives,
        dead_letters=len(queue.dead_letters),
        postponed=queue.sent - events,
        submitted=tuple(jobs.submitted),
    )
