"""Follows one run to its end: its record, and its log as it grows, across attempts."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from droptrain_core.domain.runs.log_line import LogLine
from droptrain_core.domain.runs.run import TERMINAL

from droptrain.api import Api, quoted
from droptrain.patience import Patience
from droptrain.stack import Stack

_LAPTOP_LOOK_SECONDS = 0.5
_AWS_LOOK_SECONDS = 3.0
_LAST_LINES_WITHIN_SECONDS = 60.0  # from the outcome; the log may be late, but not for ever


@dataclass(frozen=True)
class News:
    """What is new since the last look: the run if it changed, steps of its life, lines of its log."""

    run: dict[str, Any]
    changed: bool
    steps: tuple[dict[str, Any], ...]
    lines: tuple[LogLine, ...]


class LogTail:
    """New lines of a run's log, of all its steps or of one."""

    def __init__(self, api: Api, run_id: str, step: str | None = None) -> None:
        self._api = api
        self._path = f"/runs/{quoted(run_id)}/logs"
        self._step = step
        self._cursor: str | None = None
        self.done = False

    def page(self) -> tuple[LogLine, ...]:
        """The next lines that are there by now, if any; `done` once nothing more will come."""
        if self.done:
            return ()
        page = self._api.get(self._path, cursor=self._cursor, step=self._step)
        self.done = page["cursor"] is None
        self._cursor = page["cursor"] or self._cursor
        return tuple(LogLine(line["at"], line["attempt"], line["text"]) for line in page["lines"])


class RunFollower:
    """Reads a run repeatedly until it has ended and all of its log is shown."""

    def __init__(self, stack: Stack, api: Api, run_id: str, step: str | None = None) -> None:
        self._api = api
        self._path = f"/runs/{quoted(run_id)}"
        self._tail = LogTail(api, run_id, step)
        self._every_seconds = _LAPTOP_LOOK_SECONDS if stack.is_laptop else _AWS_LOOK_SECONDS
        self._etag: str | None = None
        self._run: dict[str, Any] = {}
        self._steps_told: set[tuple[str, ...]] = set()

    def news(self, *, with_log: bool = True) -> Iterator[News]:
        """News from now to the end; a look without any is one too. The last has the run as it ended."""
        give_up_at = float("inf")
        changed = self._read()  # without patience: it says whether there is anything to follow
        with_record, with_lines = Patience(), Patience()
        while True:
            yield News(self._run, changed, self._new_steps() if changed else (), ())
            while with_log:
                lines: tuple[LogLine, ...] = ()
                with with_lines.attempt():
                    lines = self._tail.page()
                if not lines:
                    break
                yield News(self._run, False, (), lines)
            if self._run["status"] in TERMINAL:
                give_up_at = min(give_up_at, time.monotonic() + _LAST_LINES_WITHIN_SECONDS)
                if self._tail.done or not with_log or time.monotonic() > give_up_at:
                    return
            time.sleep(self._every_seconds)
            changed = False
            with with_record.attempt():
                changed = self._read()

    def _read(self) -> bool:
        answer = self._api.call(
            "GET", self._path, headers={"If-None-Match": self._etag} if self._etag else {}
        )
        if answer.status == 304:
            return False
        self._etag = answer.headers.get("etag")
        changed = answer.body != self._run
        self._run = answer.body
        return changed

    def _new_steps(self) -> tuple[dict[str, Any], ...]:
        """Steps that weren't shown yet; a repeated state with the same text isn't shown again."""
        new = []
        last = None
        for step in self._run["history"]:
            key = (step["at"], *_words(step))
            if key not in self._steps_told and (last is None or _words(step) != _words(last)):
                new.append(step)
            self._steps_told.add(key)
            last = step
        return tuple(new)


def _words(step: dict[str, Any]) -> tuple[str, str]:
    return step["status"], step["note"]
