"""The files of a drop that is given by channel: DataFrames, paths and S3 URIs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from droptrain_core.domain.datasets.dataset import ObjectVersion, match_inputs
from droptrain_core.domain.recipes.recipe import Recipe

from droptrain.errors import DroptrainError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A DataFrame is known by the method that writes it: this imports neither library.
Given = Any
_WILD = re.compile(r"[*?\[]")


def files(recipe: Recipe, inputs: Mapping[str, Given], folder: Path, s3: "S3Client") -> dict[str, Path]:
    """The files of a drop, by their names in the dataset; what isn't a file yet is written into `folder`.

    An input is named by its channel, or as its file without the ending. A channel that is one file gets its
    name; of a pattern, a path keeps its own name and a DataFrame gets a number. DroptrainError for an input
    or a file that the recipe doesn't name, and for what can't be read.
    """
    found: dict[str, Path] = {}
    for name, given in inputs.items():
        each = given if isinstance(given, list | tuple) else [given]
        found = joined(found, _channel(name, _pattern(recipe, name), each, folder, s3))
    return found


def _pattern(recipe: Recipe, name: str) -> str:
    """What the recipe says of the channel of that name, or of the file: `train` is train.csv."""
    by_file = {PurePosixPath(pattern).name.partition(".")[0]: pattern for pattern in recipe.inputs.values()}
    pattern = recipe.inputs.get(name) or by_file.get(name)
    if pattern is None:
        named = ", ".join(f"{channel} ({wanted})" for channel, wanted in recipe.inputs.items())
        raise DroptrainError(
            f"The recipe has no input {name!r}. It names {named}: give those, or change inputs in train.yaml "
            "and push it."
        )
    return pattern


def joined(one: Mapping[str, Path], other: Mapping[str, Path]) -> dict[str, Path]:
    """Both; DroptrainError if they have a name in common."""
    if both := sorted(set(one) & set(other)):
        raise DroptrainError(f"{both[0]} is given twice. Give each file of the dataset once.")
    return {**one, **other}


def _channel(
    channel: str, pattern: str, given: Sequence[Given], folder: Path, s3: "S3Client"
) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for number, each in enumerate(given):
        place = folder / channel / str(number)
        if _is_frame(each):
            name = _numbered(pattern, number)
            path = place / PurePosixPath(name).name
            path.parent.mkdir(parents=True)
            _write_csv(each, path)
        else:
            path = _fetched(str(each), place, s3) if str(each).startswith("s3://") else Path(each)
            if not path.is_file():
                raise DroptrainError(f"{channel}: there is no file {path}.")
            name = _own_name(pattern, path)
        _check_name(channel, pattern, name, path)
        found = joined(found, {name: path})
    return found


def _is_frame(given: Given) -> bool:
    if hasattr(given, "to_csv") or hasattr(given, "write_csv"):
        return True
    if isinstance(given, str | Path):
        return False
    raise DroptrainError(
        f"{type(given).__name__} can't be dropped: give a DataFrame of pandas or polars, a path, or an "
        "S3 URI."
    )


def _write_csv(frame: Any, path: Path) -> None:
    if hasattr(frame, "write_csv"):  # polars
        frame.write_csv(path)
    else:
        frame.to_csv(path, index=False)


def _fetched(uri: str, place: Path, s3: "S3Client") -> Path:
    """An object of S3 as a file, fetched with the credentials of the stack."""
    parts = urlsplit(uri, allow_fragments=False)
    key = parts.path.removeprefix("/")
    path = place / PurePosixPath(key).name
    if not key or key.endswith("/"):
        raise DroptrainError(f"{uri} names no object. Give s3://BUCKET/KEY.")
    path.parent.mkdir(parents=True)
    s3.download_file(parts.netloc, key, str(path))
    return path


def _numbered(pattern: str, number: int) -> str:
    """A name that a pattern takes, for something without a name."""
    return re.sub(r"\*+", f"{number:05}", pattern.replace("**/", ""))


def _own_name(pattern: str, path: Path) -> str:
    """Where a file goes: to the one name that there is, or with its own into the pattern's folder."""
    wild = _WILD.search(pattern)
    if not wild:
        return pattern
    return pattern[: wild.start()].rpartition("/")[0] + "/" * ("/" in pattern[: wild.start()]) + path.name


def _check_name(channel: str, pattern: str, name: str, path: Path) -> None:
    fits = match_inputs({channel: pattern}, "files", [ObjectVersion(name, "", 0, "")], "").inputs
    if not fits or PurePosixPath(name).suffixes != path.suffixes:
        raise DroptrainError(
            f"{channel} is {pattern} in the recipe, and {path.name} isn't such a file. Rename it, or change "
            "inputs in train.yaml and push it."
        )
