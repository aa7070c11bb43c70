"""What a drop uploads: which files, under which keys, and into which dataset."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from droptrain.domain.dataset import BadDrop, data_prefix, judge_key

from droptrain_cli.errors import CommandError
from droptrain_cli.project_folder import check_project_name, files_below

_DIGITS = 6


def chosen_files(paths: Iterable[Path]) -> dict[str, Path]:
    """Files by their name in the dataset: a file by its own, those of a folder by their path below it.

    CommandError if there are none, or two with the same name.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise CommandError(f"There is no file {path}.")
        for name, file in files_below(path) if path.is_dir() else [(path.name, path)]:
            if name in found:
                raise CommandError(
                    f"{found[name]} and {file} would both be {name} in the dataset. Drop them one after the "
                    "other, as two datasets."
                )
            found[name] = file
    if not found:
        raise CommandError("There are no files in that folder, so there is nothing to drop.")
    return found


def dataset_for(files: Mapping[str, Path]) -> str:
    """A name for these files as they are now: the day (UTC) on which the newest changed, and a digest.

    The same files get the same name whenever they are dropped, so that an interrupted drop finds itself.
    """
    states = {name: path.stat() for name, path in files.items()}
    newest = max(state.st_mtime for state in states.values())
    day = datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%d")
    text = "\0".join(f"{name}\0{s.st_size}\0{s.st_mtime_ns}" for name, s in sorted(states.items()))
    return f"{day}-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"


def keys_of(project: str, dataset: str, files: Mapping[str, Path]) -> dict[str, Path]:
    """The files by their keys; CommandError if project or dataset can't be named so."""
    check_project_name(project)
    prefix = data_prefix(project, dataset)
    place = judge_key(f"{prefix}any.csv")
    if isinstance(place, BadDrop) or "/" in dataset:
        fix = place.fix if isinstance(place, BadDrop) else "A dataset is one folder, without / in its name."
        raise CommandError(f"{dataset!r} can't be a dataset's name. {fix}")
    return {prefix + name: path for name, path in files.items()}
