"""A rule of the table, and the ways in which rules find their evidence."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from droptrain.domain.diagnosis.facts import Facts
from droptrain.domain.diagnosis.kind import Kind
from droptrain.domain.diagnosis.python_errors import Raised


@dataclass(frozen=True)
class Found:
    """What a rule found: in words for the message, and the lines that show it."""

    said: str
    evidence: tuple[str, ...]


Find = Callable[[Facts], Found | None]


@dataclass(frozen=True)
class Rule:
    """One row: the cause, how it is found, and where the sign is documented or was seen."""

    kind: Kind
    find: Find
    source: str


def batch_says(pattern: str) -> Find:
    """Batch's status reason or the container's reason matches."""

    def find(facts: Facts) -> Found | None:
        for text in facts.said_by_batch:
            if re.search(pattern, text):
                return Found(text.rstrip("."), facts.said_by_batch)
        return None

    return find


def container_names(code: str, exit_code: int | None = None) -> Find:
    """The container names this cause, or left no account and ended with the exit code that is its own."""

    def find(facts: Facts) -> Found | None:
        if facts.outcome and facts.container_code == code:
            return Found(facts.outcome.cause_message or code, facts.outcome.log_tail[-3:])
        if exit_code is not None and facts.container_code is None and facts.job.exit_code == exit_code:
            return Found(f"exit code {exit_code}", (f"exit code {exit_code}",))
        return None

    return find


def script_exits(code: int) -> Find:
    """The script ended with this exit code: 128 and the signal's number, if a signal ended it."""

    def find(facts: Facts) -> Found | None:
        if facts.script_exit_code != code:
            return None
        return Found(f"exit code {code}", (*facts.lines[-3:], f"exit code {code}"))

    return find


def raised(pattern: str, *, within: str = "") -> Find:
    """The error that ended the script matches, as "Type: message", or else one that led to it.

    With `within`, the error came out of a library whose path has that.
    """

    def matches(error: Raised) -> bool:
        if not re.search(pattern, error.text, re.MULTILINE):
            return False
        return not within or any(within in frame.path for frame in error.frames)

    def find(facts: Facts) -> Found | None:
        error = next((each for each in facts.raised if matches(each)), None)
        return _found(error, facts, pattern) if error else None

    return find


def _found(error: Raised, facts: Facts, pattern: str) -> Found:
    where = next((each.where for each in (error, *facts.raised) if each.where), None)
    place = f"{where}: " if where else ""
    words = error.headline
    if not re.search(pattern, words):
        words = next((line.strip() for line in error.lines if re.search(pattern, line)), words)
    return Found(f"{place}{words}", error.evidence(pattern))


def line_says(pattern: str) -> Find:
    """One of the very last lines matches, and no Python error ended the script."""

    def find(facts: Facts) -> Found | None:
        for line in reversed(facts.end):
            if re.search(pattern, line):
                return Found(line.strip()[:300], (line.strip(),))
        return None

    return find
