"""Names a run, writes a note about it, and tags it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import click
from droptrain_core.domain.runs.labels import labelled_texts

from droptrain import formatting
from droptrain.api import Api, quoted
from droptrain.find_run import find_run
from droptrain.stack import Stack
from droptrain_cli import output

Run = Mapping[str, Any]


def write(stack: Stack, run: str, field: str, text: str, *, as_json: bool) -> None:
    """Write the `field` (name or note) of the run that `run` means; an empty text removes it."""
    _describe(stack, run, lambda _: {field: text or None}, as_json=as_json)


def tag(stack: Stack, run: str, tags: Collection[str], *, remove: bool, as_json: bool) -> None:
    """Add tags to the run that `run` means, or remove them."""

    def changed(found: Run) -> dict[str, Any]:
        known = set(found["tags"])
        return {"tags": sorted(known - set(tags) if remove else known | set(tags))}

    _describe(stack, run, changed, as_json=as_json)


def _describe(stack: Stack, name: str, words: Callable[[Run], dict[str, Any]], *, as_json: bool) -> None:
    api = Api(stack)
    found = find_run(api, name)
    run = api.patch(f"/runs/{quoted(found['run_id'])}", words(found))
    if as_json:
        output.write_json(run)
        return
    click.echo(run["run_id"])
    for label, text in labelled_texts({field: run[field] for field in ("name", "note", "tags")}):
        click.echo(f"  {label}: {formatting.clean(text)}")
