"""Starts a sweep, after it has said what the sweep may cost."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from droptrain import start_sweep as starts
from droptrain import sweep_words
from droptrain.api import Api
from droptrain.stack import Stack
from droptrain_cli import output, show_sweep


def start(stack: Stack, project: str, searched: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Print the estimate, start the sweep and follow it, as the `options` of the command say."""
    own = ("dry_run", "follow", "as_json", "force")
    dry_run, follow, as_json, force = (options[name] for name in own)
    asked = {name: value for name, value in options.items() if name not in own} | {"force": force or None}
    api, body = Api(stack), starts.request(project, searched, asked)
    if dry_run or not as_json:
        planned = starts.look(api, body)
        _tell_plan(api, planned, as_json=as_json)
    if dry_run:
        return
    answer = starts.start(api, body)
    sweep = answer.body
    if not as_json:
        _tell_start(sweep, is_new=answer.status == starts.NEW)
    elif not follow:
        output.write_json(sweep)
    if follow:
        show_sweep.follow(stack, api, sweep["sweep_id"], as_json=as_json)
    if not as_json:
        click.echo(f"Follow it: droptrain sweep show {sweep['sweep_id']} --watch")


def _tell_start(sweep: Mapping[str, Any], *, is_new: bool) -> None:
    click.echo(f"{'Started' if is_new else 'There is already'} {sweep['sweep_id']}")
    if not is_new:
        click.echo("It has the same files, code and settings. To search again, give it another --seed.")


def _tell_plan(api: Api, planned: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.write_json(planned)
        return
    screen = output.console()
    for title, text in _plan(api, planned):
        output.show(screen, show_sweep.line_of(title, text))


def _plan(api: Api, planned: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Dataset", f"{planned['project']}/{planned['dataset']}"
    yield "Search", sweep_words.search(planned)
    yield "Space", sweep_words.space(planned)
    yield "Cost", sweep_words.estimate(planned)
    yield "Budget", sweep_words.budget(planned, api.get("/budget"))
