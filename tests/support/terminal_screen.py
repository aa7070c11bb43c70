"""A terminal in place of stdout and stderr, and the lines that a person sees on it."""

import os
import pty
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

_COLUMNS = 80
_SIGN = re.compile(
    r"\x1b\[(?P<count>\d*)(?P<move>[AK])|\x1b\[[0-?]*[ -/]*[@-~]|(?P<end>[\r\n])|(?P<text>[^\x1b\r\n]+)"
)


class TerminalScreen:
    """What programs have written to a terminal."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.transcript = ""

    def read(self, descriptor: int) -> None:
        """Keep what comes until the terminal is closed."""
        while True:
            try:
                chunk = os.read(descriptor, 65536)
            except OSError:  # Linux's answer once nothing has the other end open
                break
            if not chunk:
                break
            self._written.append(chunk)
        self.transcript = b"".join(self._written).decode()

    @property
    def lines(self) -> list[str]:
        """The lines that are left, as the cursor's moves made them."""
        lines, row, column = [""], 0, 0
        for sign in _SIGN.finditer(self.transcript):
            if text := sign["text"]:
                line = lines[row].ljust(column)
                lines[row] = line[:column] + text + line[column + len(text) :]
                column += len(text)
            elif sign["end"] == "\r":
                column = 0
            elif sign["end"] == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif sign["move"] == "A":
                row = max(0, row - int(sign["count"] or 1))
            elif sign["move"] == "K":
                lines[row] = "" if sign["count"] == "2" else lines[row][:column]
        return [line.rstrip() for line in lines]


@contextmanager
def terminal_screen() -> Iterator[TerminalScreen]:
    """Let stdout and stderr be a terminal of 80 columns; the screen is complete when the block has ended."""
    ours, theirs = pty.openpty()
    screen = TerminalScreen()
    reader = threading.Thread(target=screen.read, args=(ours,))
    reader.start()
    try:
        with (
            os.fdopen(theirs, "w", encoding="utf-8") as stream,
            patch.dict(os.environ, {"TERM": "xterm", "COLUMNS": str(_COLUMNS)}),
            patch.object(sys, "stdout", stream),
            patch.object(sys, "stderr", stream),
        ):
            yield screen
    finally:
        reader.join()
        os.close(ours)
