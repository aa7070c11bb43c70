"""One way to wait for what comes in its time: long enough that a busy machine fails no test."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
PATIENCE_SECONDS = 60.0
_LOOKS_EVERY_SECONDS = 0.02


def wait_for(what: str, look: Callable[[], Found | None], seconds: float = PATIENCE_SECONDS) -> Found:
    """Look until there is something; fails after `seconds`, naming what didn't come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(_LOOKS_EVERY_SECONDS)
    raise AssertionError(f"no {what} within {seconds:.0f} s")
