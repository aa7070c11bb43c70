"""Amounts in a log line: bytes, and numbers of files."""

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def size(count: int) -> str:
    """Bytes in the largest unit that they fill: `5.2 KiB`."""
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


def counted(number: int, thing: str) -> str:
    """A number of things: `1 file`, `3 files`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
