"""What is known to be secret, taken out of the script's output before anybody keeps or shows it."""

import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice

from droptrain_container.needle import LEAST_OF_A_PART, Needle, Span, needles_of

MASK = b"***"
# Where the output ends within a line, the beginning of a value is masked from so many bytes on.
_LEAST_BEGINNING = 4
_MOST_HELD = 1 << 16
# What no reader sees: readers take it out, and so would join the parts of a value that it stands between.
_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n"))
# Control characters of two bytes, and a terminal's sequences, also one that the data ends within: colours,
# titles and links, character sets, and the rest of two characters (ECMA-48).
_SEQUENCES = (
    rb"\xc2(?:[\x80-\x9f]|\Z)|\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|\Z)|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\|\Z)"
    rb"|[ -/]+(?:[0-~]|\Z)|[@-Z\\^_]|\Z)"
)


class Mask:
    """Masks values in texts and in a stream of chunks; safe for threads.

    A value is masked in every form that `quoting` knows and in base64, also with control characters, colours
    or a line's end between its characters, as a terminal's wrapping leaves them.
    """

    def __init__(self) -> None:
        self._needles: list[Needle] = []
        # Those that may go on in the next line, and those that are too short for that.
        self._long: list[Needle] = []
        self._short: list[Needle] = []
        self._held = b""
        self._lock = threading.Lock()

    def hide(self, values: Iterable[str]) -> None:
        """From now on mask these values."""
        self._needles = needles_of(values)
        self._long = [each for each in self._needles if each.length >= LEAST_OF_A_PART]
        self._short = [each for each in self._needles if each.length < LEAST_OF_A_PART]

    def text(self, text: str) -> str:
        """The text without what is masked, and without what no encoding takes."""
        content = text.encode(errors="replace")
        return _masked(content, _found(self._views(content))).decode() if self._needles else content.decode()

    def feed(self, chunk: bytes) -> bytes:
        """A chunk of a stream, masked; what may be the beginning of a value at its end is held."""
        if not self._needles:
            return chunk
        with self._lock:
            data = self._held + chunk
            views = self._views(data)
            found = _found(views)
            cut = _outside(found, _open_at(data, views))
            if len(data) - cut > _MOST_HELD:
                return self._release_all(data)
            return self._release(data, found, cut)

    def settle(self) -> bytes:
        """What is held of finished lines, once nothing has come for a moment."""
        with self._lock:
            found = _found(self._views(self._held))
            return self._release(self._held, found, _outside(found, self._held.rfind(b"\n") + 1))

    def flush(self) -> bytes:
        """What is held, at the end of the stream; the beginning of a value is masked as well."""
        with self._lock:
            return self._release_all(self._held)

    def _release_all(self, data: bytes) -> bytes:
        views = self._views(data)
        found, begun = _found(views), _open_at(data, views)
        if begun + _LEAST_BEGINNING <= len(data) and b"\n" not in data[begun:]:
            found = _merged([*found, (begun, len(data))])
        return self._release(data, found, len(data))

    def _release(self, data: bytes, found: Sequence[Span], cut: int) -> bytes:
        self._held = data[cut:]
        return _masked(data[:cut], [span for span in found if span[1] <= cut])

    def _views(self, data: bytes) -> list["_View"]:
        """What is to be searched for which needles."""
        views = []
        for sequences in (b"",) if data.isascii() and b"\x1b" not in data else (b"", _SEQUENCES):
            if self._short:
                views.append(_View(data, _CONTROLS, sequences, self._short))
            if self._long:
                views.append(_View(data, _CONTROLS + b"\n", sequences, self._long))
        return views


class _View:
    """Data without `unseen` bytes and `sequences`, where in the data the others are, and what to look for."""

    def __init__(self, data: bytes, unseen: bytes, sequences: bytes, needles: Sequence[Needle]) -> None:
        self.needles = needles
        self._data = data
        self._pattern = b"%s[%s]" % (sequences and sequences + b"|", re.escape(unseen))
        kept = re.sub(sequences, b"", data) if sequences else data
        self.seen = kept.translate(None, unseen)

    def place(self, start: int, end: int) -> Span:
        """The span of the data that `start` to `end` of what is seen comes from."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, index: int) -> int:
        starts, removed = self._kept
        return index + removed[bisect_right(starts, index) - 1]

    @cached_property
    def _kept(self) -> tuple[list[int], list[int]]:
        """Where in what is seen a kept part begins, and how many bytes of the data were removed before."""
        starts, removed = [0], [0]
        for match in re.finditer(self._pattern, self._data):
            gone = removed[-1] + len(match[0])
            starts.append(match.end() - gone)
            removed.append(gone)
        return starts, removed


def _found(views: Iterable[_View]) -> list[Span]:
    """Where values are, in order; spans that overlap are one."""
    return _merged(
        view.place(*span) for view in views for needle in view.needles for span in needle.find(view.seen)
    )


def _open_at(data: bytes, views: Iterable[_View]) -> int:
    """From where on `data` may be the beginning of a value; its length if it ends with none."""
    starts = (
        view.place(start, start + 1)[0]
        for view in views
        for needle in view.needles
        for start in islice(needle.begin(view.seen), 1)
    )
    return min(starts, default=len(data))


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _outside(spans: Sequence[Span], cut: int) -> int:
    """`cut`, or the beginning of the span that it would cut in two."""
    return next((start for start, end in spans if start < cut < end), cut)


def _masked(data: bytes, spans: Iterable[Span]) -> bytes:
    parts, at = [], 0
    for start, end in spans:
        parts += [data[at:start], MASK]
        at = end
    return b"".join([*parts, data[at:]])
