"""Looks into whole CSVs by the rules of a launch; what isn't a CSV by its name isn't judged."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.data_file import is_data_file
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.preflight.facts import Facts
from droptrain_core.domain.preflight.reader import of_stream


def check_file(name: str, stream: IO[bytes], size: int, says: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What the rules find in one file of `size` bytes, read to its end; `says` is the recipe's `csv`."""
    if not is_data_file(name):
        return ()
    return preflight.judge([of_stream(name, "data", size, stream, says)], says)


def check_files(files: Iterable[tuple[str, str, Path]], says: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The same of a dataset's files, (name, channel, path) each, compared with one another."""
    return preflight.judge([_read(*file, says) for file in files if is_data_file(file[0])], says)


def _read(name: str, channel: str, path: Path, says: Mapping[str, Any]) -> Facts:
    with path.open("rb") as stream:
        return of_stream(name, channel, path.stat().st_size, stream, says)
