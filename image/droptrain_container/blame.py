"""Why a script failed, in one line: what it wrote to a failure file, or the end of its traceback."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

_MOST_CHARACTERS = 1024  # of a failure file, as SageMaker takes them
_RAISED = re.compile(r"^((?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit|Warning)\b(?::.*)?)$")
_WHERE = re.compile(r'^\s*File "(.+?)", line (\d+)')


def of_files(paths: Iterable[Path], masked: Callable[[str], str]) -> str | None:
    """What the script left in the first of the files that has something, `masked`; None if nothing."""
    for path in paths:
        try:
            with path.open("rb") as file:
                said = file.read(4 * _MOST_CHARACTERS).decode("utf-8", "replace").strip()
        except OSError:
            continue
        if said:
            return masked(said)[:_MOST_CHARACTERS]
    return None


def of_traceback(lines: Sequence[str], code: Path) -> str | None:
    """The error that ended Python, with the deepest line in the project's own code; None if none did."""
    for number in reversed(range(len(lines))):
        raised = _RAISED.match(lines[number])
        if raised:
            where = _where(lines[:number], code)
            return f"{raised[1][:_MOST_CHARACTERS]}{f' ({where})' if where else ''}"
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
