"""Virtual time: lanes take turns in the order of the moments that they wait for."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from greenlet import getcurrent, greenlet

START = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
CALL_SECONDS = 0.02
SUBMIT_SECONDS = 0.12


class VirtualTime:
    """Seconds since the start; a call of an in-memory adapter has its effect after the seconds it takes."""

    def __init__(self, start: datetime = START) -> None:
        self.now = 0.0
        self._start = start
        self._waiting: list[tuple[float, int, greenlet]] = []
        self._order = count()

    def clock(self) -> datetime:
        """The moment that it is, in UTC."""
        return self._start + timedelta(seconds=self.now)

    def start(self, at: float, work: Callable[[], object]) -> None:
        """Start a lane at that moment."""
        self._add(at, greenlet(work))

    def wait_until(self, moment: float) -> None:
        """Let others go on until that moment; a lane calls this."""
        lane = getcurrent()
        self._add(moment, lane)
        lane.parent.switch()

    def wait(self, seconds: float) -> None:
        """Let others go on for so long; a lane calls this."""
        self.wait_until(self.now + seconds)

    def reach(self, side: str, call: str) -> None:
        """A lane's call of an adapter stands before its effect, or after it."""
        if side == "before":
            self.wait(SUBMIT_SECONDS if call == "submit" else CALL_SECONDS)

    def run(self) -> None:
        """Let all lanes go on to their ends; what one raises comes out of here."""
        while self._waiting:
            self.now, _, lane = heapq.heappop(self._waiting)
            lane.switch()

    def _add(self, moment: float, lane: greenlet) -> None:
        heapq.heappush(self._waiting, (moment, next(self._order), lane))
