"""Fair shares: how many upload lanes one project may use for expensive uploads."""

from datetime import datetime, timedelta
from zlib import crc32

# A launch takes 0.4 s of a lane. Only uploads that take longer than this count: a burst may use every lane.
EXPENSIVE_SECONDS = 1.0
_SHORTEST_BASE, _LONGEST_BASE = 60, 450  # seconds; twice the longest is SQS's longest delay


def minutes(now: datetime) -> tuple[str, str]:
    """The names of the current minute and of the one before."""
    return _minute(now), _minute(now - timedelta(minutes=1))


def recent(this_minute: float, last_minute: float, now: datetime) -> float:
    """The load of the last sixty seconds, as if the previous minute's load were spread evenly over it."""
    return this_minute + last_minute * (60 - now.second) / 60


def share_seconds(lanes: int) -> float:
    """How many seconds of a lane a project's expensive uploads may take in a minute: a fifth of all lanes.

    A lane handles one upload at a time; the stack's parameter UploadConcurrency says how many there are.
    """
    return lanes * 60 / 5


def is_exceeded(load: float, lanes: int) -> bool:
    """Whether a project with this load, in seconds of a lane, has to wait."""
    return load >= share_seconds(lanes)


def delay_seconds(name: str, since: datetime, now: datetime) -> int:
    """The further delay of an upload that waits since `since`: the same time again, 1 to 15 minutes.

    `name` spreads simultaneous uploads over that time.
    """
    waited = (now - since).total_seconds()
    base = min(max(waited, _SHORTEST_BASE), _LONGEST_BASE)
    return int(base * (1 + crc32(name.encode()) / 2**32))


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")
