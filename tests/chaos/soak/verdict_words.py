"""How a verdict names what breaks a promise."""

from collections.abc import Iterable, Iterator

_SHOWN = 5


def named(what: str, names: Iterable[str]) -> Iterator[str]:
    """How many there are, and the first ones; nothing if there is none."""
    found = sorted(names)
    if found:
        shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        yield f"{len(found)} {what}: {shown}"
