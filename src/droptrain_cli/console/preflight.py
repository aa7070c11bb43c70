"""What `droptrain validate` says of one CSV, for a page that is about to drop it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.finding import Finding

from droptrain_cli.decide_here import decide_here
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
    draft, _ = decide_here(recipe, code={}, data={name: path})
    if (cause := draft.run.cause) and cause.code == "empty_input":
        return [_finding("empty", name, cause.message, "Drop the file with its rows.")]
    return [asdict(found) for found in dict.fromkeys(draft.findings)]


def _finding(rule: str, name: str, message: str, fix: str) -> dict[str, Any]:
    return asdict(Finding(rule, "error", name, None, None, message, fix))
