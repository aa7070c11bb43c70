"""A script's output as a terminal would show it: without what carriage returns and colours draw over."""

import re
from collections.abc import Iterator

# A progress bar may draw over one line for an hour, so an unfinished line is bounded as well.
_PENDING_BYTES = 1 << 16
LINE_CHARACTERS = 4096
_ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """Turns chunks of output into finished lines of at most LINE_CHARACTERS."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that `chunk` finishes, each as it looks when its line feed comes."""
        *finished, rest = (self._pending + chunk).split(b"\n")
        self._pending = rest if len(rest) <= _PENDING_BYTES else _shown(rest)[:_PENDING_BYTES]
        for line in finished:
            yield _clean(_shown(line))


def _shown(line: bytes) -> bytes:
    """What stands after the last carriage return that something follows."""
    return line.rstrip(b"\r").rpartition(b"\r")[2]


def _clean(line: bytes) -> str:
    if b"\x1b" in line:
        line = _ESCAPE.sub(b"", line)
    if b"\b" in line:
        line = line.replace(b"\b", b"")
    return line[: 4 * LINE_CHARACTERS].decode(errors="replace")[:LINE_CHARACTERS]
