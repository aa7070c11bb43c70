"""What a drop uploads: which files, into which dataset, and what that still lacks by the recipe."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
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
from droptrain_core.domain.datasets.near_misses import near_misses
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs.run import inputs_digest

from droptrain.errors import DroptrainError
from droptrain.project_folder import DATA, files_below, is_project

_DIGITS = 8
_DEFAULT_NAME = re.compile(rf"\d{{4}}-\d\d-\d\d-[0-9a-f]{{{_DIGITS}}}")
_READ_BYTES = 1 << 20


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

    def near_misses(self, missing: Iterable[str]) -> tuple[str, ...]:
        """A fix for each missing file that one of the skipped nearly is."""
        return near_misses(missing, self.skipped)

    @property
    def size(self) -> int:
        """All files together, in bytes."""
        return sum(path.stat().st_size for path in self.files.values())

    @property
    def marker(self) -> str | None:
        """The key of the marker that launches the dataset, if its recipe waits for one."""
        return self.folder + MARKER if self.recipe.trigger == "marker" else None

    @property
    def launches_at_once(self) -> bool:
        """Whether the caller can request its run, so that nobody waits for the uploads' events."""
        return launches_at_once(self.files, self.recipe)

    def missing(self, present: Iterable[ObjectVersion]) -> tuple[str, ...]:
        """What the dataset will lack when the files have joined what is present."""
        local = (ObjectVersion(self.folder + name, "", 0, "") for name in self.files)
        return match_inputs(self.recipe.inputs, "files", [*present, *local], self.folder).missing

    def inputs_digest(self, present: Iterable[ObjectVersion], uploaded: Mapping[str, str]) -> str | None:
        """The digest of the run that trains what is present and what was uploaded (versions by key)."""
        now = {item.key: item.version_id for item in present} | dict(uploaded)
        objects = (ObjectVersion(key, version_id, 0, "") for key, version_id in now.items())
        return inputs_digest(match_inputs(self.recipe.inputs, "files", objects, self.folder).inputs)


def choose(project: str, paths: Iterable[Path], recipe: Recipe) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The inputs of the recipe among files and folders, by their names in the dataset, and other names.

    DroptrainError for a file that isn't there, is empty or is no input of the recipe, and for two with the
    same name.
    """
    files: dict[str, Path] = {}
    skipped: list[str] = []
    paths = tuple(paths)
    for path in paths:
        if not path.exists():
            raise DroptrainError(f"There is no file {path}.")
        for name, file in files_below(path) if path.is_dir() else [(path.name, path)]:
            if not path.is_dir():
                check_input(project, name, recipe)
            if not _is_wanted(name, recipe):
                skipped.append(name)
            elif name in files:
                raise DroptrainError(
                    f"{files[name]} and {file} would both be {name} in the dataset. Name only one of them."
                )
            else:
                files[name] = file
    if not files:
        if (whole := next((path for path in paths if is_project(path)), None)) and (whole / DATA).is_dir():
            raise DroptrainError(
                f"{whole} is a project's folder. Drop its data: droptrain drop {project} {whole / DATA}"
            )
        hints = near_misses(recipe.inputs.values(), skipped)
        raise DroptrainError(
            " ".join((f"None of these is an input of {project}: {_inputs(recipe)}.", *hints))
        )
    check_files(files, recipe)
    return files, tuple(skipped)


def check_files(files: Mapping[str, Path], recipe: Recipe) -> None:
    """DroptrainError if a run of these inputs (by their names in the dataset) would be rejected."""
    local = [ObjectVersion(name, "", path.stat().st_size, "") for name, path in files.items()]
    if cause := preflight.check(match_inputs(recipe.inputs, "files", local, "").inputs, recipe.csv):
        raise DroptrainError(f"{cause.message}: a run would be rejected. {cause.fix}")


def check_dataset_name(dataset: str) -> None:
    """DroptrainError unless `dataset` can be a dataset's name."""
    if not DATASET_NAME.fullmatch(dataset):
        raise DroptrainError(
            f"{dataset!r} can't be a dataset's name. It has 1 to 40 of a-z, 0-9, -, . and _, and starts "
            "with a letter or digit."
        )


def check_input(project: str, name: str, recipe: Recipe) -> None:
    """DroptrainError unless `name`, a path in a dataset, is an input that the recipe names."""
    if not _is_wanted(name, recipe):
        hints = near_misses(recipe.inputs.values(), [name])
        raise DroptrainError(" ".join((_no_input(project, name, recipe), *hints)))


def content_digest(files: Mapping[str, Path], advance: Callable[[int], None]) -> str:
    """A digest of names and contents; `advance` is called with the number of bytes read."""
    whole = hashlib.sha256()
    for name, path in sorted(files.items()):
        content = hashlib.sha256()
        with path.open("rb") as stream:
            while chunk := stream.read(_READ_BYTES):
                content.update(chunk)
                advance(len(chunk))
        whole.update(f"{name}\0{content.hexdigest()}\n".encode())
    return whole.hexdigest()[:_DIGITS]


def dataset_name(files: Mapping[str, Path], digest: str, datasets: Iterable[str]) -> str:
    """The dataset among `datasets` that has this content, or a new name.

    A new name is the day (UTC) on which the newest file changed, and the digest.
    """
    named = (name for name in datasets if _DEFAULT_NAME.fullmatch(name) and name.endswith(digest))
    newest = max(path.stat().st_mtime for path in files.values())
    return min(named, default=f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%d}-{digest}")


def launches_at_once(names: Iterable[str], recipe: Recipe) -> bool:
    """Whether these files (by their names in the dataset) are all that a run trains with.

    Not if the recipe says when or how drops train (trigger: quiet, a cooldown, a sweep): only their uploads
    follow that, because a request launches one run at once.
    """
    if recipe.trigger == "quiet" or recipe.retrain.cooldown_seconds or recipe.sweep:
        return False
    files = (ObjectVersion(name, "", 0, "") for name in names)
    return not match_inputs(recipe.inputs, "files", files, "").missing


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
