"""How long a client may take: a slow or silent one holds a thread of the console for a limited time."""

import io
import math
import socket
import time
from typing import Any

# A browser keeps connections open between calls; none of the page's polls is that far apart.
IDLE_SECONDS = 75.0
HEAD_SECONDS = 10.0  # from the first byte of a request to the end of its headers
PIECE_SECONDS = 30.0  # for each 256 KiB of a large body, and for all of a small one
ANSWER_SECONDS = 60.0  # for the client to take more of the answer


class TimedStream(io.RawIOBase):
    """The bytes of a connection; reading raises TimeoutError when the allowed time is over."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._until = math.inf

    def allow(self, seconds: float) -> None:
        """Set the time for all reads from now on, together."""
        self._until = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
