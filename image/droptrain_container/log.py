"""The training's log: every line at once on standard output, and the bounded text of log.txt."""

import sys
import threading
import time
from collections import deque
from typing import BinaryIO, Literal

# log.txt keeps this much of a log's beginning and of its end; what lies between is left out, and said so.
HEAD_BYTES = 4 << 20
TAIL_BYTES = 4 << 20
_TAIL_LINE_CHARACTERS = 500
_CUT = " ... "
_MARK = "[droptrain] "

Phase = Literal["fetch", "train", "sync"]


class Log:
    """A log of lines, safe for threads."""

    def __init__(
        self, stream: BinaryIO | None = None, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES
    ) -> None:
        self._stream = stream if stream is not None else sys.stdout.buffer
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._left_out = 0
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self.changes = 0
        self.phase: Phase = "fetch"

    def say(self, text: str) -> None:
        """A line of the container's own, with the phase and the seconds since the container began."""
        elapsed = time.monotonic() - self._started
        self.write(f"{_MARK}{self.phase} {elapsed:.1f} s: {text}\n".encode(errors="replace"))

    def write(self, line: bytes) -> None:
        """A line of the script, with its line feed; also part of one."""
        with self._lock:
            self._keep(line)
            try:
                self._stream.write(line)
                self._stream.flush()
            except OSError:
                # Whoever read our output is gone; the training isn't.
                return

    def begin_attempt(self, attempt: int, earlier: bytes) -> None:
        """Put the log of earlier attempts, and a line that says which begins, before what is there."""
        with self._lock:
            since = bytes(self._head)
            self._head.clear()
            for line in earlier.splitlines(keepends=True):
                self._keep(line)
            if earlier and not earlier.endswith(b"\n"):
                self._keep(b"\n")
            self._keep(f"--- attempt {attempt} ---\n".encode())
            self._keep(since)

    def content(self) -> bytes:
        """What log.txt holds."""
        with self._lock:
            gap = f"\n{_MARK}{self._left_out} bytes are left out here; the job's own log has them.\n"
            return bytes(self._head) + (gap.encode() if self._left_out else b"") + b"".join(self._tail)

    def last_lines(self, count: int) -> list[str]:
        """The last lines, each cut to a bearable length."""
        with self._lock:
            end = b"".join(self._tail) if self._tail_size > 1 << 16 else bytes(self._head[-(1 << 18) :])
            if self._tail and self._tail_size <= 1 << 16:
                end += b"".join(self._tail)
        lines = end.decode(errors="replace").removesuffix("\n").split("\n")[-count:]
        return [_cut(_last_state(line)) for line in lines] if end else []

    def _keep(self, line: bytes) -> None:
        self.changes += 1
        if not self._tail and len(self._head) + len(line) <= self._head_bytes:
            self._head += line
            return
        self._tail.append(line)
        self._tail_size += len(line)
        while self._tail_size > self._tail_bytes and len(self._tail) > 1:
            gone = self._tail.popleft()
            self._tail_size -= len(gone)
            self._left_out += len(gone)


def _last_state(line: str) -> str:
    """Of a line that a progress bar wrote again and again, what a terminal shows at last."""
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")


def _cut(line: str) -> str:
    """The line, of bearable length: an error's type stands at its beginning, its reason often at its end."""
    if len(line) <= _TAIL_LINE_CHARACTERS:
        return line
    half = (_TAIL_LINE_CHARACTERS - len(_CUT)) // 2
    return line[:half] + _CUT + line[-half:]
