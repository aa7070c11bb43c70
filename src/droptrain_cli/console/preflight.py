"""What `droptrain validate` says of one CSV, for a page that is about to drop it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import is_pattern, matches
from droptrain_core.domain.datasets.finding import Finding

from droptrain_cli.check_files import check_file
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
    size = path.stat().st_size
    if not size:
        # Beside other parts that have rows, the file doesn't matter.
        is_part = any(is_pattern(wanted) and matches(name, wanted) for wanted in recipe.inputs.values())
        said, level = f"{name} is empty (0 bytes)", "warning" if is_part else "error"
        return [_finding("empty", name, said, "Drop the file with its rows.", level)]
    with path.open("rb") as stream:
        return [asdict(found) for found in check_file(name, stream, size, recipe.csv)]


def _finding(rule: str, name: str, message: str, fix: str, level: str = "error") -> dict[str, Any]:
    return asdict(Finding(rule, level, name, None, None, message, fix))
