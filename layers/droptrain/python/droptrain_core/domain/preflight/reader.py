"""Reads a CSV's bytes into the facts for the rules."""

import io
from collections.abc import Iterable, Mapping
from typing import IO, Any

from droptrain_core.domain.preflight.facts import RANGE_BYTES, FileFacts, Piece
from droptrain_core.domain.preflight.rows import MAX_ROW_CHARACTERS, Rows, to_text
from droptrain_core.domain.preflight.text import encoding_of, is_binary, is_gzip, is_utf8

_MAX_CARRIED_BYTES = 1 << 20


def of_pieces(
    name: str, channel: str, size: int, pieces: Iterable[Piece], says: Mapping[str, Any], steps: int
) -> FileFacts:
    """The facts of a file of which some ranges were read, the first from its start, in about `steps`."""
    read = tuple(pieces)
    head = read[0].data if read else b""
    facts = FileFacts(name, channel, size, whole=len(head) == size)
    _look_at_bytes(facts, head)
    for piece in read:
        _look_for_trouble(facts, piece, at_end=piece.start + len(piece.data) == size)
    if facts.is_text:
        rows = Rows(facts, says, _sample(head, facts.whole), steps)
        lines = head if facts.whole else head[: head.rfind(b"\n") + 1]
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
    if b"\n" not in head:
        head += stream.readline(MAX_ROW_CHARACTERS)
    start, rest = 0, head
    carried, is_long = b"", False
    while rest:
        after = stream.read(RANGE_BYTES)
        data = carried + rest
        cut = len(data) if not after else data.rfind(b"\n") + 1
        if not cut and len(data) > _MAX_CARRIED_BYTES:
            cut, is_long = len(data), True
        _look_for_trouble(facts, Piece(start, data[:cut]), at_end=not after)
        start, carried, rest = start + cut, data[cut:], after
    stream.seek(0)
    rows = Rows(facts, says, _sample(head, len(head) == size))
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    # readline returns a long line in pieces, but takes longer.
    rows.read(iter(lambda: text.readline(MAX_ROW_CHARACTERS + 1), "") if is_long else text)
    text.detach()
    rows.finish()
    return facts


def _look_at_bytes(facts: FileFacts, head: bytes) -> None:
    facts.gzip = is_gzip(head)
    facts.encoding = encoding_of(head)
    facts.binary = not facts.gzip and facts.encoding != "utf-16" and is_binary(head)
    facts.blank = not facts.gzip and not head.removeprefix(b"\xef\xbb\xbf").strip()


def _look_for_trouble(facts: FileFacts, piece: Piece, *, at_end: bool) -> None:
    if not facts.is_text:
        return
    nul = piece.data.find(b"\0")
    if nul >= 0 and facts.nul_at is None:
        facts.nul_at = piece.start + nul
    if facts.not_utf8_at is None and not is_utf8(piece.data, from_start=piece.start == 0, to_end=at_end):
        facts.not_utf8_at = piece.start


def _sample(head: bytes, whole: bool) -> str:
    """The complete lines of a file's first range, or its first line if that is longer."""
    end = head.rfind(b"\n", 0, RANGE_BYTES) + 1 or head.find(b"\n") + 1 or (len(head) if whole else 0)
    return to_text(head[:end])
