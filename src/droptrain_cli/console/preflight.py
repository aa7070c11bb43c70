"""What `droptrain validate` says of one CSV, for a page that is about to drop it."""

from pathlib import Path
from typing import Any

from droptrain.aws.bucket import Bucket
from droptrain.domain.recipe import Recipe

from droptrain_cli.check_project import check_csv
from droptrain_cli.drop_plan import check_input
from droptrain_cli.errors import CommandError
from droptrain_cli.published import published_recipe
from droptrain_cli.stack import Stack


def findings(stack: Stack, project: str, name: str, path: Path) -> list[dict[str, Any]]:
    """What is wrong with the file `path` as `name` of a dataset, by the published recipe."""
    recipe = published_recipe(Bucket(stack.client("s3"), stack.bucket), project)
    try:
        check_input(project, name, recipe)
    except CommandError as error:
        return [_finding("input", name, error.message, "Drop files that the recipe names.")]
    return _of_content(name, path, recipe)


def _of_content(name: str, path: Path, recipe: Recipe) -> list[dict[str, Any]]:
    if not path.stat().st_size:
        return [_finding("empty", name, f"{name} is empty (0 bytes)", "Drop the file with its rows.")]
    if not name.lower().endswith(".csv"):
        return []
    return [
        _finding(problem.field or "csv", name, problem.message, problem.fix, problem.line)
        for problem in check_csv(name, path, recipe.csv)
    ]


def _finding(rule: str, file: str, message: str, fix: str, row: int | None = None) -> dict[str, Any]:
    return {
        "rule": rule,
        "level": "error",
        "file": file,
        "row": row,
        "column": None,
        "message": message,
        "fix": fix,
    }
