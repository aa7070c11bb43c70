"""SageMaker's metric definitions: names and regexes that find numbers in the script's lines."""

import json
import math
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from droptrain_container import matcher
from droptrain_container.plan import MetricDefinition
from droptrain_container.points import Points

# A definition of this name finds the axis of the others.
AXIS = "step"
_LINES_WAITING = 10_000
_LAST_LINES_SECONDS = 2.0


class Definitions:
    """Definitions at work: lines go to a process beside, what it finds comes back as points.

    The nth value of a name is its nth step, counted on from `last_step` of earlier attempts; where a
    definition `step` has found a number, that is the step.
    """

    def __init__(
        self,
        definitions: Sequence[MetricDefinition],
        points: Points,
        say: Callable[[str], None],
        last_step: float = 0,
    ) -> None:
        self._points = points
        self._say = say
        self._counted_from = last_step
        self._counts: dict[str, int] = {}
        self._step: float | None = None
        self._passed_over = 0
        self._waiting: queue.Queue[str | None] = queue.Queue(_LINES_WAITING)
        self._is_finishing = False
        self._process = subprocess.Popen(
            [sys.executable, "-IS", matcher.__file__],  # it needs the standard library alone
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # a TERM to ours isn't for it: it ends with its input
        )
        first = json.dumps([[each.name, each.regex] for each in definitions])
        self._waiting.put(first)
        self._reader = threading.Thread(target=self._read, name="metric values", daemon=True)
        self._reader.start()
        threading.Thread(target=self._write, name="metric lines", daemon=True).start()

    def read(self, line: str) -> None:
        """Hand on one line. Never waits: lines that come too fast are passed over and counted."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._passed_over += 1

    def finish(self) -> None:
        """Wait two seconds at most for the values of the last lines, then end the process."""
        self._is_finishing = True
        with suppress(queue.Full):
            self._waiting.put(None, timeout=_LAST_LINES_SECONDS / 2)
        self._reader.join(_LAST_LINES_SECONDS / 2)
        self._process.kill()
        self._process.wait()
        if self._passed_over:
            self._say(
                f"metric_definitions: {self._passed_over} lines were passed over, since they came faster "
                "than the regexes could read them."
            )

    def _write(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as lines:
            while (line := self._waiting.get()) is not None:
                lines.write(line.encode(errors="replace") + b"\n")
                if self._waiting.empty():
                    lines.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = json.loads(line)
            if isinstance(found, list):
                name, why = found
                self._say(f"metric_definitions: the regex of {name} {why}. It is no longer used.")
            else:
                self._add(found)
        if not self._is_finishing:
            self._say("metric_definitions: their process has ended, so no more values are found.")

    def _add(self, found: dict[str, float]) -> None:
        at = found.pop(AXIS, math.nan)
        if math.isfinite(at):
            self._step = at
        for name, value in found.items():
            self._counts[name] = self._counts.get(name, 0) + 1
            step = self._counted_from + self._counts[name] if self._step is None else self._step
            self._points.add(name, step, value)
