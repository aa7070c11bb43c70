"""Tells what is wrong with a project's folder before anything is uploaded."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import FILE
from rich.text import Text

from droptrain import formatting
from droptrain.errors import DroptrainError
from droptrain.project_folder import ProjectFolder, read_folder
from droptrain_cli import cost_ahead, exit_codes, output
from droptrain_cli.check_project import Problem, check_data, check_published, read_recipe
from droptrain_cli.transfer_bar import transfer_bar


def validate(path: Path, *, as_json: bool) -> None:
    """Print every problem and warning, and end with 1 if there is a problem."""
    folder = read_folder(path)
    size = sum(file.stat().st_size for file in folder.data.values())
    with transfer_bar(output.console(stderr=True), "Reading", size) as advance:
        found = [*check_published(folder), *check_data(folder, advance)]
    problems = [each for each in found if each.level == "error"]
    cost, too_dear = (None, []) if problems else _cost(folder)
    warnings = [*(each for each in found if each.level != "error"), *too_dear]
    if as_json:
        output.write_json(
            {
                "ok": not problems,
                "problems": [asdict(problem) for problem in problems],
                "warnings": [asdict(warning) for warning in warnings],
            }
        )
    else:
        well = () if problems else _well(folder, len(warnings), cost)
        for line in (*_words(problems), *_words(warnings), *well):
            output.show(output.console(), Text(line))
    if problems:
        raise SystemExit(exit_codes.ERROR)


def check_before_push(folder: ProjectFolder) -> None:
    """DroptrainError with every problem of recipe and code."""
    if problems := check_published(folder):
        raise DroptrainError(
            "\n".join(["nothing is published, because it couldn't train.", *_words(problems)])
        )


def _words(problems: Iterable[Problem]) -> Iterable[str]:
    for problem in problems:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        message = problem.message if problem.level == "error" else f"warning: {problem.message}"
        yield formatting.clean(f"{place}: {message}")
        yield f"  What to do: {formatting.clean(problem.fix)}"


def _well(folder: ProjectFolder, warnings: int, cost: str | None) -> tuple[str, ...]:
    found = f"No problem, {formatting.count(warnings, 'warning')}" if warnings else "All is well"
    code = formatting.count(len(folder.code), "file")
    recipe = "train.yaml" if folder.recipe else "no train.yaml (all defaults)"
    data = f"{len(folder.data)} in data/" if folder.data else "no data/ here"
    well = f"{found}: {recipe}, {code} in code/, {data}."
    return (well, cost) if cost else (well,)


def _cost(folder: ProjectFolder) -> tuple[str | None, list[Problem]]:
    """What a run can cost, and a warning if the recipe allows less than any training costs."""
    try:
        return cost_ahead.anywhere(read_recipe(folder)), []
    except RejectedError as error:
        message = f"in {cost_ahead.REGION}, a run would be rejected: {error.cause.message}"
        fix = "Raise max_cost_usd; `droptrain push` shows your stack's answer."
        return None, [Problem(FILE, message, fix, field="max_cost_usd", level="warning")]
