"""Reads a field of an AWS event; a field of another type than documented makes the event unreadable."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.errors import UnreadableError

# A key of S3 is the longest name in any event.
_LONGEST_NAME = 1024
_SHOWN = 50


def text(event: object, *path: str, most: int = _LONGEST_NAME) -> str:
    """The text at `path`, of at most that many bytes in UTF-8; UnreadableError."""
    found = _at(event, path)
    if not isinstance(found, str):
        raise _unlike(path, found, "text")
    try:
        size = len(found.encode())
    except UnicodeEncodeError:
        raise _unlike(path, found, "text in Unicode") from None
    if size > most:
        raise UnreadableError(f"{_called(path)} has {size} bytes; AWS allows {most}")
    return found


def mapping(event: object, *path: str) -> Mapping[str, Any]:
    """The object at `path`; UnreadableError."""
    found = _at(event, path)
    if not isinstance(found, Mapping):
        raise _unlike(path, found, "object")
    return found


def _at(event: object, path: tuple[str, ...]) -> object:
    for name in path:
        event = event.get(name) if isinstance(event, Mapping) else None
    return event


def _unlike(path: tuple[str, ...], found: object, documented: str) -> UnreadableError:
    return UnreadableError(f"{_called(path)} isn't {documented}: {found!r:.{_SHOWN}}")


def _called(path: tuple[str, ...]) -> str:
    return f"the event's {'.'.join(path)}" if path else "the event"
