"""What `droptrain validate` says of one CSV, for a page that is about to drop it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import is_pattern, matches
from droptrain_core.domain.datasets.finding import Finding

from droptrain_cli.decide_here import decide_here
from droptrain_cli.drop_plan import check_input
from droptrain_cli.errors import CommandError
from droptrain_cli.published import published_recipe
from droptrain_cli.stack import Stack

# Warnings for one of the files of a pattern: the other files of its input may have rows.
_NO_ROWS = ("empty", "header_only")


def findings(stack: Stack, project: str, name: str, path: Path) -> list[dict[str, Any]]:
    """What is wrong with the file `path` as `name` of a dataset, by the published recipe."""
    recipe = published_recipe(Bucket(stack.client("s3"), stack.bucket), project)
    try:
        check_input(project, name, recipe)
    except CommandError as error:
        return [_finding("input", name, error.message, "Drop files that the recipe names.")]
    draft, _ = decide_here(recipe, code={}, data={name: path})
    if (cause := draft.run.cause) and cause.code == "empty_input":
        found = [_finding("empty", name, cause.message, "Drop the file with its rows.")]
    else:
        found = [asdict(each) for each in dict.fromkeys(draft.findings)]
    if all(is_pattern(wanted) for wanted in recipe.inputs.values() if matches(name, wanted)):
        return [{**each, "level": "warning"} if each["rule"] in _NO_ROWS else each for each in found]
    return found


def _finding(rule: str, name: str, message: str, fix: str) -> dict[str, Any]:
    return asdict(Finding(rule, "error", name, None, None, message, fix))
