"""What is known to be secret, taken out of the script's output before anybody keeps or shows it."""

import json
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
# Whole values are masked from so many characters on, lines and the texts inside a JSON secret from more:
# a log without every `true` would tell more than it hides.
LEAST_CHARACTERS = 4
_LEAST_OF_A_PART = 8


class Mask:
    """Masks values in texts and in a stream of chunks; safe for threads.

    A value is masked as it is and as Python, JSON and URLs write it. Any other encoding of it isn't known.
    """

    def __init__(self) -> None:
        self._needles: tuple[bytes, ...] = ()
        self._held = b""
        self._lock = threading.Lock()

    def hide(self, values: Iterable[str]) -> None:
        """From now on mask these values."""
        forms = {form.encode(errors="replace") for value in values for form in _forms(value)}
        # The longest first: it may hold a shorter one.
        self._needles = tuple(sorted(forms, key=lambda form: (-len(form), form)))

    def text(self, text: str) -> str:
        """The text without what is masked."""
        if not self._needles:
            return text
        return self._masked(text.encode(errors="surrogateescape")).decode(errors="surrogateescape")

    def feed(self, chunk: bytes) -> bytes:
        """A chunk of a stream, masked; where it ends within a line, what may begin a value is held.

        No form of a value has a line break in it, so a chunk that ends with one is complete.
        """
        if not self._needles:
            return chunk
        with self._lock:
            masked = self._masked(self._held + chunk)
            held = 0 if chunk.endswith(b"\n") else len(self._needles[0]) - 1
            cut = max(len(masked) - held, 0)
            self._held = masked[cut:]
            return masked[:cut]

    def flush(self) -> bytes:
        """What is held, at the end of the stream."""
        with self._lock:
            held, self._held = self._held, b""
            return held

    def _masked(self, data: bytes) -> bytes:
        for needle in self._needles:
            if needle in data:
                data = data.replace(needle, MASK.encode())
        return data


def _forms(value: str) -> Iterator[str]:
    for part in _parts(value):
        yield part
        yield repr(part)[1:-1]
        yield json.dumps(part)[1:-1]
        yield quote(part, safe="")
        yield quote_plus(part)


def _parts(value: str) -> Iterator[str]:
    """The value's lines, as none is masked across a line's end; the texts in it where it is JSON."""
    lines = [line.strip() for line in value.splitlines()]
    least = LEAST_CHARACTERS if len(lines) == 1 else _LEAST_OF_A_PART
    yield from (line for line in lines if len(line) >= least)
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict | list):
        for text in _texts(document):
            yield from (line for line in text.splitlines() if len(line) >= _LEAST_OF_A_PART)


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for inner in document.values() if isinstance(document, dict) else document:
            yield from _texts(inner)
