"""Checks a project's folder as a launch would check it, and its CSVs row by row."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from droptrain_core import recipe_yaml
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.datasets.near_misses import near_misses
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.recipe import FILE, Recipe

from droptrain.project_folder import CODE, DATA, ProjectFolder
from droptrain_cli import compile_code, compile_regexes
from droptrain_cli.decide_here import CODE_FOLDER, decide_here

# Of data, findings say more than `bad_csv`, and the code is checked by itself.
_SHOWN_ELSEWHERE = ("bad_csv", "code_missing")
_FIX_RECIPE = f"Correct {FILE}; docs/recipe.md has every field."


@dataclass(frozen=True)
class Problem:
    """What is wrong: in which file, on which line and in which field where that can be said, and the fix.

    Of a CSV, `line` is the row, and `rule` can be turned off in the recipe; a warning doesn't stop a run.
    """

    file: str
    message: str
    fix: str
    line: int | None = None
    field: str | None = None
    rule: str | None = None
    level: str = "error"


def check_published(folder: ProjectFolder) -> list[Problem]:
    """What is wrong with recipe and code, the two that a push publishes."""
    recipe, problems = _read_recipe(folder.recipe)
    return [
        *problems,
        *_check_regexes(folder, recipe),
        *_check_code(folder, recipe),
        *_check_python(folder, recipe),
        *_check_shell_scripts(folder),
    ]


def check_data(folder: ProjectFolder, advance: Callable[[float], None]) -> list[Problem]:
    """What is wrong with the files in data/, if that is there: they are one dataset.

    `advance` is called with the number of bytes that are done.
    """
    recipe, _ = _read_recipe(folder.recipe)
    if not folder.data:
        return []
    data = {f"{DATA}/{name}": path for name, path in folder.data.items()}
    draft, readiness = decide_here(recipe, code={}, data=data, data_folder=f"{DATA}/", advance=advance)
    channels = {pattern: channel for channel, pattern in recipe.inputs.items()}
    problems = [
        Problem(
            f"{DATA}/{pattern}",
            f"it isn't there, and the recipe's input {channels[pattern]} names it",
            " ".join((f"Put it there, or change inputs in {FILE}.", *near_misses([pattern], folder.data))),
            field=f"inputs.{channels[pattern]}",
        )
        for pattern in readiness.missing
    ]
    if (cause := draft.run.cause) and cause.code not in _SHOWN_ELSEWHERE:
        problems.append(Problem(f"{DATA}/", cause.message, "Put other files there."))
    problems += (
        Problem(each.file, _with_column(each), each.fix, each.row, rule=each.rule, level=each.level)
        for each in draft.findings
    )
    return problems


def read_recipe(folder: ProjectFolder) -> Recipe:
    """The folder's recipe, with defaults for wrong fields."""
    return _read_recipe(folder.recipe)[0]


def _read_recipe(path: Path | None) -> tuple[Recipe, list[Problem]]:
    if path is None:
        return Recipe(), []
    body = path.read_bytes()
    try:
        document = recipe_yaml.parse(body)
    except RejectedError as error:
        return Recipe(), [Problem(FILE, error.cause.message.removeprefix(f"{FILE}: "), _FIX_RECIPE)]
    recipe, problems = recipes.check(document)
    lines = _lines(body)
    return recipe, [
        Problem(FILE, wrong.problem, _FIX_RECIPE, lines.get(wrong.field), wrong.field or None)
        for wrong in problems
    ]


def _check_regexes(folder: ProjectFolder, recipe: Recipe) -> Iterator[Problem]:
    """What a launch doesn't see: it compiles no regex as it is."""
    regexes = [definition.regex for definition in recipe.metric_definitions]
    if not regexes or folder.recipe is None:
        return
    field = "metric_definitions"
    line = _lines(folder.recipe.read_bytes())[field]
    for place, problem in compile_regexes.problems(regexes):
        yield Problem(FILE, f"{field}[{place}].regex: {problem}", _FIX_RECIPE, line, field)


def _lines(body: bytes) -> dict[str, int]:
    """On which line each field of a readable YAML mapping begins."""
    node = yaml.compose(body.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(name.value): name.start_mark.line + 1 for name, _ in node.value}


def _check_code(folder: ProjectFolder, recipe: Recipe) -> Iterator[Problem]:
    """What a launch would reject in the code."""
    cause = decide_here(recipe, code=folder.code, data={})[0].run.cause
    if cause is None:
        return
    if cause.code != "code_missing":
        yield Problem(f"{CODE}/", cause.message.replace(CODE_FOLDER, f"{CODE}/"), cause.fix)
    else:
        field = "entrypoint"
        if recipe.prepare and recipes.entrypoint_of(recipe, folder.code):
            field = "prepare.entrypoint"
            place, message = (
                f"{CODE}/{recipes.file_of(recipe.prepare.entrypoint)}",
                "it isn't there, and it is the entrypoint of the preparation step",
            )
        elif named := recipe.entrypoint:
            place, message = (
                f"{CODE}/{recipes.file_of(named)}",
                "it isn't there, and it is the recipe's entrypoint",
            )
        else:
            first, second = recipes.DEFAULT_SCRIPTS
            place, message = (
                f"{CODE}/",
                f"it has neither {first} nor {second}, and the recipe names no entrypoint",
            )
        fix = f"Put it there, or name another entrypoint in {FILE}."
        yield Problem(place, message, fix, field=field)


def _check_python(folder: ProjectFolder, recipe: Recipe) -> Iterator[Problem]:
    """Files that nothing can import, such as templates, may hold anything."""
    script = recipes.entrypoint_of(recipe, folder.code)
    entrypoint = recipes.file_of(script) if script else None
    names = [name for name in folder.code if name.endswith(".py") and _is_used(name, entrypoint)]
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    for place, (line, message) in compile_code.python_problems([folder.code[name] for name in names]):
        fix = f"Correct it, or take it out of {CODE}/; it was compiled by {version}."
        yield Problem(f"{CODE}/{names[place]}", message, fix, line)


def _is_used(name: str, entrypoint: str | None) -> bool:
    return name == entrypoint or all(part.isidentifier() for part in name.removesuffix(".py").split("/"))


def _check_shell_scripts(folder: ProjectFolder) -> Iterator[Problem]:
    for name, path in folder.code.items():
        if not name.endswith(".sh"):
            continue
        if b"\r\n" in path.read_bytes():
            yield Problem(
                f"{CODE}/{name}",
                "its lines end as on Windows (CR LF), which bash doesn't understand",
                "Save it with LF alone; in git: *.sh text eol=lf in .gitattributes.",
            )
        elif wrong := compile_code.shell_problem(path):
            yield Problem(f"{CODE}/{name}", wrong[1], f"Correct it, or take it out of {CODE}/.", wrong[0])


def _with_column(finding: Finding) -> str:
    return f"column {finding.column}: {finding.message}" if finding.column else finding.message
