"""Makes a new project's folder out of an example: a recipe, code and data that train as they are."""

import shutil
from pathlib import Path

import click
from droptrain_core.domain.recipes.recipe import FILE

from droptrain.errors import DroptrainError
from droptrain.project_folder import CODE, DATA, check_project_name, files_below
from droptrain_cli import output, recipe_schema
from droptrain_cli.example import DROPPED, EXAMPLES, FOLDER

# By dialect: the example that has it.
DIALECTS = {"plain": "penguins", "sagemaker": "penguins-sagemaker", "vertex": "penguins-vertex"}


def init(project: str, folder: Path | None, dialect: str, *, as_json: bool) -> None:
    """Make the folder, by default one with the project's name; DroptrainError if there is something in it."""
    folder = folder or Path(project)
    written = make_folder(project, folder, dialect)
    if as_json:
        output.write_json({"project": project, "folder": str(folder), "files": written})
        return
    click.echo(f"Made {folder} with {', '.join(written)}.\n\nTry it:")
    click.echo(f"  droptrain validate {folder}")
    click.echo(f"  droptrain push {project} {folder}")
    click.echo(f"  droptrain drop {project} {folder / DATA} --watch")


def make_folder(project: str, folder: Path, dialect: str = "plain") -> list[str]:
    """Make a project's folder, which is empty or new, and name its files; DroptrainError."""
    check_project_name(project)
    example = EXAMPLES / DIALECTS[dialect]
    if not example.is_dir():
        raise DroptrainError(f"{example} isn't there: droptrain isn't installed whole. Install it again.")
    if folder.exists() and not folder.is_dir():
        raise DroptrainError(f"{folder} is a file. Name another folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise DroptrainError(f"{folder} isn't empty. Name another folder, or empty it.")
    written = []
    for target, source in _files(example):
        path = folder.joinpath(*target.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
        written.append(target)
    _write(folder / FILE, _recipe(example / FILE, project))
    _write(folder / recipe_schema.FILE, recipe_schema.text())
    return sorted([*written, FILE, recipe_schema.FILE])


def _files(example: Path) -> list[tuple[str, Path]]:
    code = [(f"{CODE}/{name}", path) for name, path in files_below(example / CODE)]
    return [*code, *((f"{DATA}/{name}", FOLDER / DATA / name) for name in DROPPED)]


def _recipe(example: Path, project: str) -> str:
    """The example's recipe under a head of its own."""
    lines = example.read_text("utf-8").splitlines(keepends=True)
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    head = (
        f"# yaml-language-server: $schema={recipe_schema.FILE}\n"
        f"# How {project} is trained. Every field has a default; {recipe_schema.FILE} has them all.\n"
    )
    return head + "".join(lines)


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
