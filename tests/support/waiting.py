"""One way to wait for what comes in its time: long enough that a busy machine fails no test."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
PATIENCE_SECONDS = 60.0
# Each look takes processor time from what the test waits for, so the pauses grow.
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.1


def wait_for(what: str, look: Callable[[], Found | None], seconds: float = PATIENCE_SECONDS) -> Found:
    """Look until there is something; fails after `seconds`, naming what didn't come."""
    end, pause = time.monotonic() + seconds, _FIRST_PAUSE_SECONDS
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(pause)
        pause = min(1.2 * pause, _LONGEST_PAUSE_SECONDS)
    raise AssertionError(f"no {what} within {seconds:.0f} s")
