"""What can end a training before its script: TERM from AWS Batch, Spot, the timeout, early stopping."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Literal

from droptrain_container.exit_codes import EndError

Stop = Literal["terminated", "reclaimed", "out_of_time"]
Event = Literal["terminated", "reclaimed", "out_of_time", "stopped_early", "ended"]

_MESSAGES: dict[Stop, str] = {
    "terminated": "The container was stopped (TERM) before its work was done.",
    "reclaimed": "Spot takes the instance away; what CHECKPOINT_DIR held is saved for the next attempt.",
    "out_of_time": "The code has run for all of its timeout; what CHECKPOINT_DIR held is saved.",
}


class StoppedError(BaseException):
    """The container was stopped. Not an Exception: botocore treats those as lost answers."""


class Stops:
    """Signals and the reclaim notice, as events that one reader takes in order.

    Within `raising`, a TERM raises StoppedError in the main thread; that also ends a wait for S3.
    """

    def __init__(self) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.is_reclaimed = False
        self.is_terminated = False
        self.is_out_of_time = False
        self._raises = False

    def catch_signals(self) -> None:
        """From here on TERM and INT end the training in order; only from the main thread."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """For what takes long without looking at events: a TERM raises StoppedError, also one from before."""
        self._raises = True
        try:
            if self.is_terminated:
                raise StoppedError
            yield
        finally:
            self._raises = False

    def reclaim(self) -> None:
        """Spot's notice has come."""
        self.is_reclaimed = True
        self.events.put("reclaimed")

    def stop_early(self) -> None:
        """The trial isn't among the best of its sweep."""
        self.events.put("stopped_early")

    def end_after(self, seconds: float) -> None:
        """End the training when so many seconds have passed; at once if there are none left."""
        timer = threading.Timer(max(seconds, 0), self._on_time)
        timer.daemon = True
        timer.start()

    def wait_for_term(self, seconds: float) -> None:
        """Wait until TERM has come, or for `seconds`; not within `raising`."""
        deadline = time.monotonic() + seconds
        with suppress(Empty):
            while not self.is_terminated:
                self.events.get(timeout=max(deadline - time.monotonic(), 0))

    def end(self) -> EndError:
        """Why the training was stopped."""
        stop: Stop = "reclaimed" if self.is_reclaimed else "terminated"
        if self.is_out_of_time:
            stop = "out_of_time"  # nothing is left for another attempt
        return EndError(stop, _MESSAGES[stop])

    def _on_time(self) -> None:
        self.is_out_of_time = True
        self.events.put("out_of_time")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.is_terminated = True
        if self._raises:
            self._raises = False
            raise StoppedError
        self.events.put("terminated")
