"""Why a script failed, in one line: what it wrote to a failure file, or the end of its traceback."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from droptrain_container.folder import open_trusted
from droptrain_container.layout import Layout

_MOST_CHARACTERS = 1024  # of a failure file, as SageMaker takes them
_MOST_BYTES = 1 << 16
_RAISED = re.compile(r"^((?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit|Warning)\b(?::.*)?)$")
_TRACEBACK = "Traceback (most recent call last):"
_IGNORED = "Exception ignored in"  # Python says so while it ends, and goes on
_LINES_AFTER = 20
_WHERE = re.compile(r'^\s*File "(.+?)", line (\d+)')


def of_files(layout: Layout, masked: Callable[[str], str]) -> str | None:
    """What the script left in the first failure file that has something, `masked`; None if nothing."""
    for path in layout.failure_files:
        try:
            with open_trusted(path, layout.trusted) as file:
                reason = file.read(_MOST_BYTES).decode("utf-8", "replace").strip()
        except OSError:
            continue
        if reason:
            return masked(reason)[:_MOST_CHARACTERS]
    return None


def of_traceback(lines: Sequence[str], code: Path) -> str | None:
    """The error that ended Python, with the deepest line in the project's own code; None if none did."""
    for number in reversed(range(len(lines))):
        raised = _RAISED.match(lines[number])
        if raised:
            where = _where(lines[:number], code)
            return f"{raised[1][:_MOST_CHARACTERS]}{f' ({where})' if where else ''}"
    return None


def of_log_end(lines: Sequence[str], code: Path) -> str | None:
    """The error of a traceback within the last lines, with the deepest line in the project's own code."""
    for number in reversed(range(len(lines))):
        if not lines[number].endswith(_TRACEBACK):
            continue
        if number and lines[number - 1].startswith(_IGNORED):
            return None
        frames = [line for line in lines[number + 1 :] if line.strip()]
        end = next((place for place, line in enumerate(frames) if not line.startswith(" ")), None)
        if end is None or len(frames) - end > _LINES_AFTER:
            return None
        where = _where(frames[:end], code)
        return f"{frames[end][:_MOST_CHARACTERS]}{f' ({where})' if where else ''}"
    return None


def _where(lines: Sequence[str], code: Path) -> str | None:
    for line in reversed(lines):
        if line.startswith("Traceback "):
            return None
        found = _WHERE.match(line)
        if found and (Path(found[1]).is_relative_to(code) or not Path(found[1]).is_absolute()):
            path = Path(found[1])
            name = path.relative_to(code) if path.is_absolute() else path
            return f"{name}, line {found[2]}"
    return None
