"""What `droptrain validate` says of one CSV, for a page that is about to drop it.

A check of a large file takes a while: meanwhile the page asks how far it is, and may give it up.
"""

import threading
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import is_pattern, matches
from droptrain_core.domain.datasets.finding import Finding

from droptrain.drop_plan import check_input
from droptrain.errors import DroptrainError
from droptrain.published import published_recipe
from droptrain.stack import Stack
from droptrain_cli.console.answers import ProblemError
from droptrain_cli.decide_here import decide_here

if TYPE_CHECKING:
    from collections.abc import Iterator

# Warnings for one of the files of a pattern: the other files of its input may have rows.
_NO_ROWS = ("empty", "header_only")


class Check:
    """How far the check of one file of `size` bytes is, from 0 to 1, until it is given up."""

    def __init__(self) -> None:
        self.size = 0
        self.share = 0.0
        self.is_given_up = False

    def advance(self, count: float) -> None:
        """So many bytes are checked; ProblemError if the check was given up."""
        if self.is_given_up:
            raise ProblemError(409, "given-up", "The check was given up.")
        self.share = min(1.0, self.share + count / max(self.size, 1))


class Checks:
    """The checks that go on, by the id that the page gave to each."""

    def __init__(self) -> None:
        self._going: dict[str, Check] = {}
        self._lock = threading.Lock()

    @contextmanager
    def begun(self, check_id: str | None) -> "Iterator[Check]":
        """A check, which is found by its id until it ends."""
        check = Check()
        if check_id:
            with self._lock:
                self._going[check_id] = check
        try:
            yield check
        finally:
            if check_id:
                with self._lock:
                    self._going.pop(check_id, None)

    def share(self, check_id: str) -> dict[str, Any]:
        """How far a check is; null before it begins and after its end."""
        with self._lock:
            check = self._going.get(check_id)
        return {"share": check.share if check else None}

    def give_up(self, check_id: str) -> dict[str, Any]:
        """End a check, if it still goes on."""
        with self._lock:
            check = self._going.get(check_id)
        if check:
            check.is_given_up = True
        return {"given_up": check is not None}


def findings(stack: Stack, project: str, name: str, path: Path, check: Check) -> list[dict[str, Any]]:
    """What is wrong with the file `path` as `name` of a dataset, by the published recipe."""
    check.size = path.stat().st_size
    recipe = published_recipe(Bucket(stack.client("s3"), stack.bucket), project)
    try:
        check_input(project, name, recipe)
    except DroptrainError as error:
        return [_finding("input", name, error.message, "Drop files that the recipe names.")]
    draft, _ = decide_here(recipe, code={}, data={name: path}, advance=check.advance)
    if (cause := draft.run.cause) and cause.code == "empty_input":
        found = [_finding("empty", name, cause.message, "Drop the file with its rows.")]
    else:
        found = [asdict(each) for each in dict.fromkeys(draft.findings)]
    if all(is_pattern(wanted) for wanted in recipe.inputs.values() if matches(name, wanted)):
        return [{**each, "level": "warning"} if each["rule"] in _NO_ROWS else each for each in found]
    return found


def _finding(rule: str, name: str, message: str, fix: str) -> dict[str, Any]:
    return asdict(Finding(rule, "error", name, None, None, message, fix))
