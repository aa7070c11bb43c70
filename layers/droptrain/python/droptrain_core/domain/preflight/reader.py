"""Reads a CSV's bytes into the facts for the rules."""

import io
from collections.abc import Iterable, Mapping
from typing import IO, Any

from droptrain_core.domain.preflight.facts import RANGE_BYTES, FileFacts, Piece, Place
from droptrain_core.domain.preflight.rows import MAX_ROW_CHARACTERS, Rows, to_text
from droptrain_core.domain.preflight.text import (
    encoding_of,
    is_binary,
    is_blank,
    is_gzip,
    json_document,
    not_utf8_at,
    stand_in,
)

_MAX_CARRIED_BYTES = 1 << 20


def of_pieces(
    name: str, channel: str, size: int, pieces: Iterable[Piece], says: Mapping[str, Any], steps: int
) -> FileFacts:
    """The facts of a file of which some ranges were read, the first from its start, in about `steps`."""
    read = tuple(pieces)
    head = read[0].data if read else b""
    facts = FileFacts(name, channel, size, whole=len(head) == size)
    _look_at_bytes(facts, head)
    facts.blank = facts.blank and all(is_blank(piece.data) for piece in read[1:])
    trouble = Trouble(facts)
    for piece in read:
        trouble.look_at(piece, at_end=piece.start + len(piece.data) == size)
    if facts.is_text:
        rows = Rows(facts, says, _sample(facts, head, facts.whole), steps)
        lines = head if facts.whole else head[: _last_end(facts, head)]
        rows.read(io.StringIO(to_text(lines), newline=""))
        if head and not lines:
            facts.stopped = "long row"
        for piece in read[1:]:
            rows.read_middle(piece, at_end=piece.start + len(piece.data) == size)
        rows.finish()
    return facts


def of_stream(name: str, channel: str, size: int, stream: IO[bytes], says: Mapping[str, Any]) -> FileFacts:
    """The facts of a whole file, read from its start to its end and never held in memory.

    A file with a row of more than MAX_ROW_CHARACTERS is read up to that row, and isn't `whole`.
    """
    facts = FileFacts(name, channel, size, whole=True)
    head = stream.read(RANGE_BYTES)
    _look_at_bytes(facts, head)
    facts.blank = facts.blank and len(head) == size
    if not facts.is_text:
        return facts
    if b"\n" not in head and facts.line_end == "\n":
        head += stream.readline(MAX_ROW_CHARACTERS)
    trouble = Trouble(facts)
    start, rest = 0, head
    carried, is_long = b"", False
    while rest:
        after = stream.read(RANGE_BYTES)
        data = carried + rest
        cut = len(data) if not after else _last_end(facts, data)
        if not cut and len(data) > _MAX_CARRIED_BYTES:
            cut, is_long = len(data), True
        trouble.look_at(Piece(start, data[:cut]), at_end=not after)
        start, carried, rest = start + cut, data[cut:], after
    stream.seek(0)
    rows = Rows(facts, says, _sample(facts, head, len(head) == size))
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    # readline returns a long line in pieces, but takes longer.
    rows.read(iter(lambda: text.readline(MAX_ROW_CHARACTERS + 1), "") if is_long else text)
    text.detach()
    rows.finish()
    return facts


class Trouble:
    """Finds bytes that aren't text, piece by piece, and counts the characters before them."""

    def __init__(self, facts: FileFacts) -> None:
        self._facts = facts
        self._end = 0
        # None after a gap.
        self._characters: int | None = 0

    def look_at(self, piece: Piece, *, at_end: bool) -> None:
        """Check the next piece."""
        facts = self._facts
        if piece.start != self._end:
            self._characters = None
        nul = piece.data.find(b"\0")
        if nul >= 0 and facts.nul is None:
            facts.nul = self._place(piece, nul)
        if facts.is_text and facts.not_utf8 is None:
            bad = not_utf8_at(piece.data, from_start=piece.start == 0, to_end=at_end)
            facts.not_utf8 = None if bad is None else self._place(piece, bad)
        if self._characters is not None and None in (facts.nul, facts.not_utf8):
            self._characters += _characters(piece.data)
        self._end = piece.start + len(piece.data)

    def _place(self, piece: Piece, at: int) -> Place:
        before = None if self._characters is None else self._characters + _characters(piece.data[:at])
        return Place(piece.start + at, before)


def _characters(data: bytes) -> int:
    """The number of characters for a reader that replaces bytes that aren't UTF-8."""
    return len(data) if data.isascii() else len(data.decode("utf-8", "replace"))


def _look_at_bytes(facts: FileFacts, head: bytes) -> None:
    facts.gzip = is_gzip(head)
    facts.encoding = encoding_of(head)
    facts.binary = not facts.gzip and facts.encoding != "utf-16" and is_binary(head)
    facts.blank = not facts.gzip and is_blank(head)
    facts.stand_in = stand_in(head) or json_document(head)
    if b"\n" not in head and b"\r" in head:
        facts.line_end = "\r"


def _last_end(facts: FileFacts, data: bytes) -> int:
    """The number of bytes up to the end of the last complete line."""
    return data.rfind(facts.line_end.encode()) + 1


def _sample(facts: FileFacts, head: bytes, whole: bool) -> str:
    """The complete lines of a file's first range, or its first line if that is longer."""
    mark = facts.line_end.encode()
    end = head.rfind(mark, 0, RANGE_BYTES) + 1 or head.find(mark) + 1 or (len(head) if whole else 0)
    return to_text(head[:end])
