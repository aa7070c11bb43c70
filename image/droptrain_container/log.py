"""The training's log: every line at once on standard output, and the bounded text of log.txt."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, Protocol

from droptrain_container.stdout import Stdout

# log.txt keeps this much of a log's beginning and of its end; a line says what was left out between them.
HEAD_BYTES = 4 << 20
TAIL_BYTES = 4 << 20
_TAIL_LINE_CHARACTERS = 500
# Of what is kept, as much as the last lines are looked for in.
_END_BYTES = 1 << 18
_LITTLE_BYTES = 1 << 16
_CUT = " ... "
_MARK = "[droptrain] "
_ATTEMPT = "--- attempt "

Phase = Literal["fetch", "train", "sync"]


class Stream(Protocol):
    """Where the log is shown while it grows."""

    def write(self, data: bytes, /) -> object: ...


class Log:
    """A log of lines, safe for threads. `clean` is applied to each line of the container's own."""

    def __init__(
        self, stream: Stream | None = None, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES
    ) -> None:
        self._stream = Stdout() if stream is None else stream
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0
        self._lock = threading.Lock()
        self._shows = threading.Lock()
        self._started = time.monotonic()
        self.changes = 0
        self.phase: Phase = "fetch"
        self.clean: Callable[[str], str] = str

    def say(self, text: str) -> None:
        """A line of the container's own, with the phase and the seconds since the container began."""
        elapsed = time.monotonic() - self._started
        line = f"{_MARK}{self.phase} {elapsed:.1f} s: {self.clean(text)}\n"
        self.write(line.encode(errors="replace"))

    def write(self, lines: bytes) -> None:
        """Lines of the script; also part of one."""
        with self._lock:
            self._keep(lines)
        # Apart, as a stream may make its writer wait: what is kept can be read meanwhile.
        with self._shows, suppress(OSError):  # The reader of our output is gone; the training continues.
            self._stream.write(lines)

    def begin_attempt(self, attempt: int, earlier: bytes) -> None:
        """Put the log of earlier attempts, and a line that says which begins, before what is there."""
        with self._lock:
            since = bytes(self._head)
            self._head.clear()
            for line in earlier.splitlines(keepends=True):
                self._keep(line)
            if earlier and not earlier.endswith(b"\n"):
                self._keep(b"\n")
            self._keep(f"{_ATTEMPT}{attempt} ---\n".encode())
            self._keep(since)

    def content(self) -> bytes:
        """What log.txt holds."""
        with self._lock:
            gap = f"\n{_MARK}{self._left_out} bytes are left out here; the job's own log has them.\n"
            return bytes(self._head) + (gap.encode() if self._left_out else b"") + bytes(self._tail)

    def last_lines(self, count: int) -> list[str]:
        """The last lines, each cut to a bearable length."""
        with self._lock:
            end = bytes(self._tail[-_END_BYTES:])
            if len(self._tail) <= _LITTLE_BYTES:
                end = bytes(self._head[-_END_BYTES:]) + end
        lines = end.decode(errors="replace").removesuffix("\n").split("\n")[-count:]
        return [_cut(_last_state(line)) for line in lines] if end else []

    def last_script_lines(self, count: int) -> list[str]:
        """Of the last lines those that this attempt's script printed."""
        lines = self.last_lines(count)
        starts = [number for number, line in enumerate(lines) if line.startswith(_ATTEMPT)]
        return [line for line in lines[starts[-1] + 1 if starts else 0 :] if not line.startswith(_MARK)]

    def _keep(self, lines: bytes) -> None:
        self.changes += 1
        if not self._tail and len(self._head) + len(lines) <= self._head_bytes:
            self._head += lines
            return
        self._tail += lines
        excess = len(self._tail) - self._tail_bytes
        if excess > 0:
            # Up to the end of a line, unless that is far away.
            cut = self._tail.find(b"\n", excess - 1, excess + _LITTLE_BYTES) + 1 or excess
            del self._tail[:cut]
            self._left_out += cut


def _last_state(line: str) -> str:
    """Of a line that a progress bar wrote again and again, what a terminal shows at last."""
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")


def _cut(line: str) -> str:
    """The line, of bearable length: an error's type stands at its beginning, its reason often at its end."""
    if len(line) <= _TAIL_LINE_CHARACTERS:
        return line
    half = (_TAIL_LINE_CHARACTERS - len(_CUT)) // 2
    return line[:half] + _CUT + line[-half:]
