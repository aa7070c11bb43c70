"""Tells what is wrong with a project's folder before anything is uploaded."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from droptrain_cli import cost_ahead, exit_codes, formatting, output
from droptrain_cli.check_project import Problem, check_data, check_published, read_recipe
from droptrain_cli.errors import CommandError
from droptrain_cli.project_folder import ProjectFolder, read_folder


def validate(path: Path, *, as_json: bool) -> None:
    """Print every problem and warning, and end with 1 if there is a problem."""
    folder = read_folder(path)
    found = [*check_published(folder), *check_data(folder)]
    problems = [each for each in found if each.level == "error"]
    warnings = [each for each in found if each.level != "error"]
    if as_json:
        output.write_json(
            {
                "ok": not problems,
                "problems": [asdict(problem) for problem in problems],
                "warnings": [asdict(warning) for warning in warnings],
            }
        )
    else:
        well = () if problems else _well(folder)
        for line in (*_words(problems), *_words(warnings), *well):
            output.show(output.console(), Text(line))
    if problems:
        raise SystemExit(exit_codes.ERROR)


def check_before_push(folder: ProjectFolder) -> None:
    """CommandError with every problem of recipe and code."""
    if problems := check_published(folder):
        raise CommandError("\n".join(["nothing is published, because it couldn't train.", *_words(problems)]))


def _words(problems: Iterable[Problem]) -> Iterable[str]:
    for problem in problems:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        message = problem.message if problem.level == "error" else f"warning: {problem.message}"
        yield formatting.clean(f"{place}: {message}")
        yield f"  What to do: {formatting.clean(problem.fix)}"


def _well(folder: ProjectFolder) -> tuple[str, ...]:
    recipe = "train.yaml" if folder.recipe else "no train.yaml (all defaults)"
    data = f"{len(folder.data)} in data/" if folder.data else "no data/ here"
    well = f"All is well: {recipe}, {len(folder.code)} files in code/, {data}."
    cost = cost_ahead.anywhere(read_recipe(folder))
    return (well, cost) if cost else (well,)
