"""What a drop uploads: which files, into which dataset, and what that still lacks by the recipe."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.dataset import (
    DATASET_NAME,
    MARKER,
    ObjectVersion,
    data_prefix,
    match_inputs,
)
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs.run import inputs_digest

from droptrain_cli.errors import CommandError
from droptrain_cli.project_folder import files_below

_DIGITS = 6


@dataclass(frozen=True)
class DropPlan:
    """Files by their name in the dataset; names of a folder that no input takes are `skipped`."""

    project: str
    dataset: str
    files: Mapping[str, Path]
    skipped: tuple[str, ...]
    recipe: Recipe

    @property
    def folder(self) -> str:
        """Where the dataset lies in the bucket."""
        return data_prefix(self.project, self.dataset)

    @property
    def place(self) -> str:
        """The dataset as people call it."""
        return f"{self.project}/{self.dataset}"

    @property
    def size(self) -> int:
        """All files together, in bytes."""
        return sum(path.stat().st_size for path in self.files.values())

    @property
    def marker(self) -> str | None:
        """The key of the marker that launches the dataset, if its recipe waits for one."""
        return self.folder + MARKER if self.recipe.trigger == "marker" else None

    def missing(self, present: Iterable[ObjectVersion]) -> tuple[str, ...]:
        """What the dataset will lack when the files have joined what is present."""
        local = (ObjectVersion(self.folder + name, "", 0, "") for name in self.files)
        return match_inputs(self.recipe.inputs, "files", [*present, *local], self.folder).missing

    def inputs_digest(self, present: Iterable[ObjectVersion], uploaded: Mapping[str, str]) -> str | None:
        """The digest of the run that trains what is present and what was uploaded (versions by key)."""
        now = {item.key: item.version_id for item in present} | dict(uploaded)
        objects = (ObjectVersion(key, version_id, 0, "") for key, version_id in now.items())
        return inputs_digest(match_inputs(self.recipe.inputs, "files", objects, self.folder).inputs)


def plan(project: str, dataset: str | None, paths: Iterable[Path], recipe: Recipe) -> DropPlan:
    """What to upload of files and folders; without a dataset's name they get one by `dataset_for`.

    CommandError for a file that isn't there, is empty or is no input of the recipe, for two with the same
    name, and for a dataset that can't have its name.
    """
    files, skipped = _choose(project, paths, recipe)
    local = [ObjectVersion(name, "", path.stat().st_size, "") for name, path in files.items()]
    if cause := preflight.check(match_inputs(recipe.inputs, "files", local, "").inputs, recipe.csv):
        raise CommandError(f"{cause.message}: a run would be rejected. {cause.fix}")
    dataset = dataset_for(files) if dataset is None else dataset
    check_dataset_name(dataset)
    return DropPlan(project, dataset, files, skipped, recipe)


def check_dataset_name(dataset: str) -> None:
    """CommandError unless `dataset` can be a dataset's name."""
    if not DATASET_NAME.fullmatch(dataset):
        raise CommandError(
            f"{dataset!r} can't be a dataset's name. It has 1 to 40 of a-z, 0-9, -, . and _, and starts "
            "with a letter or digit."
        )


def check_input(project: str, name: str, recipe: Recipe) -> None:
    """CommandError unless `name`, a path in a dataset, is an input that the recipe names."""
    if not _is_wanted(name, recipe):
        raise CommandError(_no_input(project, name, recipe))


def dataset_for(files: Mapping[str, Path]) -> str:
    """A name for these files as they are now: the day (UTC) on which the newest changed, and a digest.

    The same files get the same name whenever they are dropped, so that an interrupted drop finds itself.
    """
    states = {name: path.stat() for name, path in files.items()}
    newest = max(state.st_mtime for state in states.values())
    day = datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%d")
    text = "\0".join(f"{name}\0{s.st_size}\0{s.st_mtime_ns}" for name, s in sorted(states.items()))
    return f"{day}-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"


def _choose(project: str, paths: Iterable[Path], recipe: Recipe) -> tuple[dict[str, Path], tuple[str, ...]]:
    files: dict[str, Path] = {}
    skipped: list[str] = []
    for path in paths:
        if not path.exists():
            raise CommandError(f"There is no file {path}.")
        for name, file in files_below(path) if path.is_dir() else [(path.name, path)]:
            if not path.is_dir():
                check_input(project, name, recipe)
            if not _is_wanted(name, recipe):
                skipped.append(name)
            elif name in files:
                raise CommandError(f"{files[name]} and {file} would both be {name} in the dataset. Drop one.")
            else:
                files[name] = file
    if not files:
        raise CommandError(f"None of these is an input of {project}: {_inputs(recipe)}.")
    return files, tuple(skipped)


def _is_wanted(name: str, recipe: Recipe) -> bool:
    return bool(match_inputs(recipe.inputs, "files", [ObjectVersion(name, "", 0, "")], "").inputs)


def _no_input(project: str, name: str, recipe: Recipe) -> str:
    in_folders = " Of files in subfolders, name the folder above." if "/" in _inputs(recipe) else ""
    return (
        f"{name} isn't an input of {project}: {_inputs(recipe)}. Rename the file, or change inputs in "
        f"train.yaml and push it.{in_folders}"
    )


def _inputs(recipe: Recipe) -> str:
    named = ", ".join(f"{pattern} ({channel})" for channel, pattern in recipe.inputs.items())
    return f"its recipe names {named}"
