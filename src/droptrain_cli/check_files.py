"""Looks into whole files by the rules of a launch; formats that it doesn't know aren't judged."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.preflight.facts import Facts, Piece
from droptrain_core.domain.preflight.formats import is_other_format, of_pieces, ranges
from droptrain_core.domain.preflight.reader import of_stream


def check_file(name: str, stream: IO[bytes], size: int, says: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What the rules find in one file of `size` bytes, read to its end; `says` is the recipe's `csv`."""
    if not preflight.is_looked_into(name):
        return ()
    return preflight.judge([_facts(name, "data", size, stream, says)], says)


def check_files(files: Iterable[tuple[str, str, Path]], says: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The same of a dataset's files, (name, channel, path) each, compared with one another."""
    return preflight.judge([_read(*file, says) for file in files if preflight.is_looked_into(file[0])], says)


def _read(name: str, channel: str, path: Path, says: Mapping[str, Any]) -> Facts:
    with path.open("rb") as stream:
        return _facts(name, channel, path.stat().st_size, stream, says)


def _facts(name: str, channel: str, size: int, stream: IO[bytes], says: Mapping[str, Any]) -> Facts:
    if not is_other_format(name):
        return of_stream(name, channel, size, stream, says)
    pieces: list[Piece] = []
    for start, length in ranges(name, size):
        stream.seek(start)
        pieces.append(Piece(start, stream.read(length)))
    return of_pieces(name, channel, size, pieces)
