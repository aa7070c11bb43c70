"""Decides about files on this machine as a launch decides about objects in the bucket."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from droptrain_core.domain import preflight, times
from droptrain_core.domain.datasets.dataset import ObjectVersion, Readiness, code_prefix, match_inputs
from droptrain_core.domain.preflight.facts import FileFacts, Piece
from droptrain_core.domain.preflight.formats import is_other_format, of_pieces
from droptrain_core.domain.preflight.reader import of_stream
from droptrain_core.domain.recipes.push import Push
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs.compute import Compute, StackCompute
from droptrain_core.launch.decide import decide
from droptrain_core.launch.draft import Asked, Draft, Where
from droptrain_core.launch.snapshot import Found, HowToTrain, Instances, Snapshot

# They stand for any project and stack: no rule depends on them.
_PROJECT, _DATASET = "project", "dataset"
_ANY = Compute((), "spot", "on-demand", "job-definition")
_WHERE = Where("bucket", StackCompute(_ANY, _ANY))
CODE_FOLDER = code_prefix(_PROJECT)
_CHUNK_BYTES = 1 << 20


def decide_here(
    recipe: Recipe,
    *,
    code: Mapping[str, Path],
    data: Mapping[str, Path],
    data_folder: str = "",
    advance: Callable[[float], None] = lambda count: None,
) -> tuple[Draft, Readiness]:
    """What a launch would decide with these files, and which inputs they are.

    `code` and `data` are files by their path; that of data begins with `data_folder`. Each CSV is read to its
    end, and of other formats the ranges that a launch reads. `advance` is called with the number of bytes
    that are done. `max_cost_usd` isn't judged: prices and instance
    types are a stack's.
    """
    now = datetime.now(UTC)
    readiness = match_inputs(recipe.inputs, "files", _objects(data), data_folder)
    judged = replace(recipe, max_cost_usd=None)
    how = HowToTrain(Push(), None, judged, None)
    found = Found(_PROJECT, _DATASET, how, judged, readiness, times.to_text(now))
    published = {CODE_FOLDER + name: path for name, path in code.items()}
    files = tuple(_read(readiness, data, recipe, advance))
    snapshot = Snapshot(found, tuple(_objects(published)), files, Instances())
    return decide(snapshot, Asked("you", now), _WHERE), readiness


class _Counted(io.FileIO):
    """A file to read, which reports half of the bytes each time that they are read: a CSV is read twice."""

    def __init__(self, path: Path, advance: Callable[[float], None]) -> None:
        super().__init__(path, "rb")
        self._advance = advance

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer; how many bytes."""
        count = super().readinto(buffer) or 0
        self._advance(count / 2)
        return count


def _objects(files: Mapping[str, Path]) -> Iterator[ObjectVersion]:
    return (ObjectVersion(name, "", path.stat().st_size, "") for name, path in files.items())


def _read(
    readiness: Readiness, data: Mapping[str, Path], recipe: Recipe, advance: Callable[[float], None]
) -> Iterator[FileFacts]:
    # The cause of a rejection names the files of an input that has nothing else.
    filled = {item.channel for item in readiness.inputs if item.object.size}
    for item in readiness.inputs:
        file = item.object
        if item.channel in filled and preflight.is_looked_into(file.key):
            with io.BufferedReader(_Counted(data[file.key], advance), _CHUNK_BYTES) as stream:
                if is_other_format(file.key):
                    yield of_pieces(file.key, item.channel, file.size, _pieces(file, stream))
                else:
                    yield of_stream(file.key, item.channel, file.size, stream, recipe.csv)


def _pieces(file: ObjectVersion, stream: IO[bytes]) -> Iterator[Piece]:
    for start, length in preflight.ranges(file.key, file.size):
        stream.seek(start)
        yield Piece(start, stream.read(length))
