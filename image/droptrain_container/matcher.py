"""A process of its own that applies metric definitions to lines: a regex without end stalls only this one.

Standard input is the definitions, a JSON list of [name, regex] in a line, then the lines; standard output has
a JSON object of numbers, also NaN and infinity, for each line in which something is found, and a JSON list
`[name, why]` for each definition that is given up.
"""

import json
import re
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

# Seconds of processor time, so that a busy machine makes no regex slow: to compile one, and for one line.
_MAX_SECONDS = 0.25

Value = TypeVar("Value")


class _TooSlowError(Exception):
    """A regex took too long."""


class _Watch:
    """Interrupts the regex at work; the interpreter's compiler and matcher look for signals meanwhile."""

    def __init__(self) -> None:
        self._is_armed = False
        signal.signal(signal.SIGVTALRM, self._ring)

    def limit(self, act: Callable[[str], Value], text: str) -> Value:
        """What `act` makes of the text; _TooSlowError if that takes longer."""
        self._is_armed = True
        signal.setitimer(signal.ITIMER_VIRTUAL, _MAX_SECONDS)
        try:
            return act(text)
        finally:
            self._is_armed = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._is_armed:
            raise _TooSlowError


def main() -> None:  # noqa: C901  one branch for each word of the protocol
    """Read lines until the end of standard input."""
    watch = _Watch()
    patterns = {}
    for name, regex in json.loads(sys.stdin.buffer.readline()):
        try:
            pattern = watch.limit(re.compile, regex)
        except _TooSlowError:
            _give_up(name, "takes too long to compile; write it with smaller ranges of characters")
        except (re.error, OverflowError, RecursionError) as error:
            _give_up(name, f"can't be read here: {error}")
        else:
            if pattern.groups:
                patterns[name] = pattern
            else:
                _give_up(name, "has no group for the value")
    for line in sys.stdin.buffer:
        text = line.decode(errors="replace").rstrip("\n")
        found: dict[str, float] = {}
        for name, pattern in list(patterns.items()):
            try:
                match = watch.limit(pattern.search, text)
            except _TooSlowError:
                del patterns[name]
                why = "takes too long for a line; write it without repetitions in repetitions, such as (a+)+"
                _give_up(name, why)
                continue
            value = _number(match[1]) if match else None
            if value is not None:
                found[name] = value
        if found:
            print(json.dumps(found), flush=True)


def _give_up(name: str, why: str) -> None:
    print(json.dumps([name, why]), flush=True)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


if __name__ == "__main__":
    main()
