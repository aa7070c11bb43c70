"""The container's own standard output: written as far as somebody reads it, without ever waiting for long."""

import os
import select
import sys

# Who takes the output may pause, but the training does not wait for longer than this.
STALL_SECONDS = 10.0


class Stdout:
    """Standard output. Output that isn't read for STALL_SECONDS is left out, until it is read again."""

    def __init__(self, number: int | None = None, stall_seconds: float = STALL_SECONDS) -> None:
        self._number = sys.stdout.fileno() if number is None else number
        self._stall_seconds = stall_seconds
        self._poll = select.poll()
        self._poll.register(self._number, select.POLLOUT)
        self._left_out = 0

    def write(self, data: bytes) -> None:
        """Write what can be written; OSError if there is no reader any more."""
        if self._left_out and self._takes(0):
            note = f"\n[droptrain] {self._left_out} bytes are left out here: nothing read them.\n".encode()
            self._left_out = 0
            data = note + data
        # A pipe that can take anything takes this much at once (POSIX: PIPE_BUF).
        for start in range(0, len(data), select.PIPE_BUF):
            if not self._takes(0 if self._left_out else self._stall_seconds):
                self._left_out += len(data) - start
                return
            os.write(self._number, data[start : start + select.PIPE_BUF])

    def _takes(self, seconds: float) -> bool:
        return bool(self._poll.poll(seconds * 1000))
