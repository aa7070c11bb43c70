"""A process of its own that applies metric definitions to lines: a regex without end stalls only this one.

Standard input is the definitions, a JSON list of [name, regex] in a line, then the lines; standard output has
a JSON object of numbers for each line in which something is found, and a JSON list `["slow", name]` for each
definition that is given up.
"""

import json
import math
import re
import signal
import sys
from types import FrameType

# Seconds of processor time for one line, so that a busy machine makes no regex slow.
_LINE_SECONDS = 0.25


class _TooSlowError(Exception):
    """A regex took too long for a line."""


class _Watch:
    """Interrupts the regex at work; the interpreter's matcher looks for signals while it goes on."""

    def __init__(self) -> None:
        self._is_armed = False
        signal.signal(signal.SIGVTALRM, self._ring)

    def search(self, pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
        """The first match in `line`; _TooSlowError if that takes longer than it may."""
        self._is_armed = True
        signal.setitimer(signal.ITIMER_VIRTUAL, _LINE_SECONDS)
        try:
            return pattern.search(line)
        finally:
            self._is_armed = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._is_armed:
            raise _TooSlowError


def main() -> None:
    """Read lines until the end of standard input."""
    watch = _Watch()
    patterns = {name: re.compile(regex) for name, regex in json.loads(sys.stdin.buffer.readline())}
    for line in sys.stdin.buffer:
        text = line.decode(errors="replace").rstrip("\n")
        found: dict[str, float] = {}
        for name, pattern in list(patterns.items()):
            try:
                match = watch.search(pattern, text)
            except _TooSlowError:
                del patterns[name]
                print(json.dumps(["slow", name]), flush=True)
                continue
            value = _number(match[1]) if match else None
            if value is not None:
                found[name] = value
        if found:
            print(json.dumps(found), flush=True)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


if __name__ == "__main__":
    main()
