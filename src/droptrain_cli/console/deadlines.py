"""How long a client may take: a slow or silent one holds a thread of the console for a limited time."""

import io
import math
import socket
import time
from typing import Any

# A browser keeps connections open between calls; none of the page's polls is that far apart.
IDLE_SECONDS = 75.0
HEAD_SECONDS = 10.0  # from the first byte of a request to the end of its headers
PIECE_SECONDS = 30.0  # for the next 256 KiB of a body; a small body is one piece
ANSWER_SECONDS = 60.0  # for the client to take more of the answer


class TimedStream(io.RawIOBase):
    """The bytes that come over a connection; TimeoutError once the time that is allowed for them is over."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._until = math.inf

    def allow(self, seconds: float) -> None:
        """Let reads from now on take so long together."""
        self._until = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
