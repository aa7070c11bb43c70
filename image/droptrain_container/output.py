"""What a script prints, passed on while it comes: whole lines at once, the rest after a moment."""

import os
import select
import threading
import time
from collections.abc import Callable

# A progress bar's line ends with the training; so often what there is of it is passed on.
PART_SECONDS = 0.5
_QUIET_SECONDS = 2.0
_CHUNK_BYTES = 1 << 16


class Output:
    """A thread that reads a pipe to its end and calls `write` with what came; with b"" once nothing comes."""

    def __init__(self, number: int, write: Callable[[bytes], None]) -> None:
        """`number` is the file descriptor of the pipe."""
        self._number = number
        self._write = write
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def finish(self, seconds: float) -> None:
        """Wait at most so long for the end of the pipe, which a process left behind may keep open.

        Nothing that comes later is passed on.
        """
        self._thread.join(seconds)
        self._is_over = True

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._number, select.POLLIN)
        part, due, was_quiet = b"", 0.0, True
        while not self._is_over:
            pause = due - time.monotonic() if part else _QUIET_SECONDS
            if poll.poll(None if was_quiet and not part else max(pause, 0) * 1000):
                chunk = os.read(self._number, _CHUNK_BYTES)
                if not chunk:
                    break
                if not part:
                    due = time.monotonic() + PART_SECONDS
                part, was_quiet = self._pass_lines(part + chunk), False
            elif not part:
                self._pass_on(b"")
                was_quiet = True
            if part and time.monotonic() >= due:
                self._pass_on(part)
                part = b""
        if part:
            self._pass_on(part)

    def _pass_lines(self, data: bytes) -> bytes:
        """Pass on the whole lines of `data`; the rest."""
        cut = data.rfind(b"\n") + 1
        if len(data) - cut > _CHUNK_BYTES:
            cut = len(data)
        if cut:
            self._pass_on(data[:cut])
        return data[cut:]

    def _pass_on(self, data: bytes) -> None:
        if not self._is_over:
            self._write(data)
