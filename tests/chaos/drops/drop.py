"""A drop: what is uploaded when, and what becomes of each upload's event."""

from dataclasses import dataclass
from typing import Any

from chaos.drops.contents import Content


@dataclass(frozen=True)
class Put:
    """An upload, or a deletion where there is no `content`, `at` seconds after the start.

    An upload's event arrives as many times as there are `delays` (seconds, before the settle time). Without a
    delay it is lost.
    """

    at: float
    key: str
    content: Content | None
    delays: tuple[float, ...] = (0.0,)

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """Shows an upload in one line, as hypothesis prints it."""
        printer.text(f"Put({self.at:g}, {self.key!r}, {self.content}, {self.delays})")

    @property
    def arrivals(self) -> tuple[float, ...]:
        """When the event is put into the queue, in seconds after the start."""
        return tuple(self.at + delay for delay in self.delays)


@dataclass(frozen=True)
class Drop:
    """Everything that happens in one example.

    `lanes` is how many batches of events are handled at a time; AWS Batch takes no job for the first
    `throttled_seconds`. Each wake-up and each ended run's record comes `deliveries` times. S3's clock is
    `s3_clock` seconds ahead.
    """

    puts: tuple[Put, ...]
    lanes: int = 2
    throttled_seconds: int = 0
    deliveries: int = 1
    s3_clock: float = 0.0

    @property
    def last_at(self) -> float:
        """When the last upload or event comes, in seconds after the start."""
        return max((moment for put in self.puts for moment in (put.at, *put.arrivals)), default=0.0)

    @property
    def is_orderly(self) -> bool:
        """Whether every event comes once and within seconds, and AWS Batch takes every job."""
        return not self.throttled_seconds and all(
            put.content is None or (len(put.delays) == 1 and put.delays[0] < 10) for put in self.puts
        )
