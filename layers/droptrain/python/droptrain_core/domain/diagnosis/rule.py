"""A rule of the table, and the ways in which rules find their evidence."""

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from droptrain_core.domain.diagnosis.evidence import Evidence
from droptrain_core.domain.diagnosis.findings import related
from droptrain_core.domain.diagnosis.kind import Kind
from droptrain_core.domain.diagnosis.python_errors import Raised
from droptrain_core.domain.frozen import frozen


@frozen
class Found:
    """A rule's finding: the detail for the message, and the lines that show it."""

    detail: str
    evidence: tuple[str, ...]


Find = Callable[[Evidence], Found | None]


@frozen
class Rule:
    """One row: the cause, the way to find it, and where the sign is documented or was seen."""

    kind: Kind
    find: Find
    source: str


def batch_says(pattern: str) -> Find:
    """Batch's status reason or the container's reason matches."""

    def find(facts: Evidence) -> Found | None:
        for text in facts.batch_reasons:
            if re.search(pattern, text):
                return Found(text.rstrip("."), facts.batch_reasons)
        return None

    return find


def container_names(code: str, exit_code: int | None = None, *, because: str = "", unless: str = "") -> Find:
    """The container names this cause, or left no report and ended with this cause's exit code.

    `because`: its message also matches that pattern; `unless`: and doesn't match this one.
    """

    def find(facts: Evidence) -> Found | None:
        if facts.outcome and facts.container_code == code:
            message = facts.outcome.cause_message
            if not re.search(because, message) or (unless and re.search(unless, message)):
                return None
            return Found(facts.outcome.cause_message or code, facts.telling[-3:])
        if exit_code is not None and facts.container_code is None and facts.job.exit_code == exit_code:
            return Found(f"exit code {exit_code}", (f"exit code {exit_code}",))
        return None

    return find


def script_exits(code: int) -> Find:
    """The script ended with this exit code: 128 and the signal's number, if a signal ended it."""

    def find(facts: Evidence) -> Found | None:
        if facts.script_exit_code != code:
            return None
        return Found(f"exit code {code}", (*facts.telling[-3:], f"exit code {code}"))

    return find


def raised(  # each is one condition of a rule's row
    pattern: str, *, within: str = "", at: str = "", outside: str = "", code: str = "", unless: str = ""
) -> Find:
    """The error that ended the script matches, as "Type: message", or an error that caused it.

    All are patterns. `within`: the script's own code called a file whose path matches, and the error came
    from there, not from code of the script that this file called in turn. `at`, `outside`: the path of
    the deepest file matches, doesn't match. `code`: the deepest line of code matches. `unless`: the error
    doesn't match.
    """

    def matches(error: Raised) -> bool:
        if not re.search(pattern, error.text, re.MULTILINE):
            return False
        paths = [frame.path for frame in error.frames]
        return (
            (not within or any(re.search(within, frame.path) for frame in error.called))
            and (not at or bool(paths and re.search(at, paths[-1])))
            and (not outside or not paths or not re.search(outside, paths[-1]))
            and (not code or bool(re.search(code, error.code)))
            and (not unless or not re.search(unless, error.text))
        )

    def find(facts: Evidence) -> Found | None:
        error = next((each for each in facts.raised if matches(each)), None)
        return _found(error, facts, pattern) if error else None

    return find


def raised_after(pattern: str, sign: str) -> Find:
    """The error that ended the script matches, and a log line with more detail matches `sign`."""
    plain = raised(pattern)

    def find(facts: Evidence) -> Found | None:
        found = plain(facts)
        line = next((line.strip() for line in facts.lines if re.search(sign, line)), None) if found else None
        return Found(f"{found.detail}; {line[:300]}", (*found.evidence, line)) if found and line else None

    return find


def quoting(find: Find, rules: Collection[str]) -> Find:
    """The finding of `find`, with preflight's warnings of these rules."""

    def with_findings(facts: Evidence) -> Found | None:
        found = find(facts)
        if found is None:
            return None
        if warned := related(facts.findings, rules, (*facts.lines, found.detail)):
            return replace(found, detail=f"{found.detail.rstrip('.')}. Preflight warned: {warned}")
        return found

    return with_findings


def line_says(pattern: str, *, last: int = 0, unless: str = "") -> Find:
    """One of the very last lines matches, and no Python error ended the script.

    `last` limits the number of lines; `unless`: the line doesn't match that pattern.
    """

    def find(facts: Evidence) -> Found | None:
        for line in reversed(facts.end[-last:]):
            if re.search(pattern, line) and not (unless and re.search(unless, line)):
                return Found(line.strip()[:300], (line.strip(),))
        return None

    return find


def _found(error: Raised, facts: Evidence, pattern: str) -> Found:
    where = next((each.where for each in (error, *facts.raised) if each.where), None)
    place = f"{where}: " if where else ""
    words = error.headline
    if not re.search(pattern, words):
        words = next((line.strip() for line in error.lines if re.search(pattern, line)), words)
    return Found(f"{place}{words}", error.evidence(pattern))
