"""A project's folder on this machine: train.yaml, code/ and data/, as README.md shows it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from droptrain_core.domain.datasets.dataset import PROJECT_NAME, code_prefix, recipe_key
from droptrain_core.domain.recipes.recipe import FILE

from droptrain.errors import DroptrainError

CODE, DATA = "code", "data"
_LEFT_OUT = "__pycache__"  # and every name that starts with a dot
_WHAT_IT_HAS = f"Your script belongs in its {CODE}/ (as run.sh or train.py), your CSVs in its {DATA}/."


@dataclass(frozen=True)
class ProjectFolder:
    """The files of a project here; code and data by their path below their folder, with `/`."""

    path: Path
    recipe: Path | None
    code: Mapping[str, Path]
    data: Mapping[str, Path]

    def published(self, project: str) -> dict[str, Path]:
        """What a push publishes, by key."""
        recipe = {recipe_key(project): self.recipe} if self.recipe else {}
        return {**recipe, **{code_prefix(project) + name: path for name, path in self.code.items()}}


def read_folder(path: Path) -> ProjectFolder:
    """The project in `path`; DroptrainError if there is none."""
    if path.is_file():
        raise DroptrainError(f"{path} is a file. Name the project's folder. {_WHAT_IT_HAS}")
    if not path.is_dir():
        raise DroptrainError(
            f"There is no folder {path}. Make one with droptrain init, or name the project's folder."
        )
    recipe = path / FILE
    code = path / CODE
    if not is_project(path):
        name = "This folder" if path == Path() else str(path)
        raise DroptrainError(
            f"{name} has neither {FILE} nor {CODE}/, so it isn't a project's folder. Name the folder that "
            f"has them, or make one with droptrain init. {_WHAT_IT_HAS}"
        )
    return ProjectFolder(
        path, recipe if recipe.is_file() else None, dict(files_below(code)), dict(files_below(path / DATA))
    )


def folder_of(project: str) -> Path:
    """Where the project is, if no folder is named: in the folder of its name, or in this one."""
    named = Path(project)
    return named if is_project(named) else Path()


def is_project(path: Path) -> bool:
    """Whether a project is in this folder."""
    return (path / CODE).is_dir() or (path / FILE).is_file()


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """(path below the folder with `/`, file), in order; no hidden files and no __pycache__."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_left_out(name))
        for name in sorted(names):
            if not _is_left_out(name) and (file := Path(place, name)).is_file():
                yield file.relative_to(folder).as_posix(), file


def check_project_name(project: str) -> None:
    """DroptrainError unless `project` can be a project's name."""
    if not PROJECT_NAME.fullmatch(project):
        raise DroptrainError(
            f"{project!r} can't be a project's name. It has 1 to 40 of a-z, 0-9 and -, and starts with a "
            "letter or digit."
        )


def _is_left_out(name: str) -> bool:
    return name.startswith(".") or name == _LEFT_OUT
