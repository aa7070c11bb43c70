"""Runs until somebody says stop: Ctrl-C, a signal, or a terminal that closes."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))


class Stopped:
    """Whether it was said."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def say(self, _number: int, _frame: FrameType | None) -> None:
        """Stop; a signal's handler."""
        self._event.set()

    def wait(self, seconds: float = math.inf) -> bool:
        """Until it is said, or for so long; whether it was said."""
        end = time.monotonic() + seconds
        # With a timeout, so that a signal's handler gets its turn.
        while not self._event.wait(max(min(end - time.monotonic(), 1), 0)):
            if time.monotonic() >= end:
                return False
        return True


@contextmanager
def stop_signals() -> Iterator[Stopped]:
    """Take the signals to stop while the context lasts; in the main thread."""
    stopped = Stopped()
    before = {number: signal.signal(number, stopped.say) for number in _SIGNALS}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
