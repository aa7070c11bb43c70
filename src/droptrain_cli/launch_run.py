"""Launches runs: of a dataset, or of one again."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from droptrain import formatting
from droptrain import launch as launches
from droptrain.api import Answer, Api
from droptrain.find_run import find_run
from droptrain.stack import Stack
from droptrain_cli import exit_codes, output
from droptrain_cli.watch_run import watch

Settings = Sequence[tuple[str, Any]]


def launch(
    stack: Stack,
    project: str,
    dataset: str,
    settings: Settings,
    *,
    force: bool = False,
    follow: bool,
    as_json: bool,
) -> None:
    """Launch a dataset, or find the run that trains exactly this."""
    api = Api(stack)
    answer = launches.launch(api, project, dataset, dict(settings), force=force)
    tell(stack, api, answer, follow=follow, as_json=as_json)


def rerun(  # noqa: PLR0913  one parameter for each option
    stack: Stack,
    name: str,
    hyperparameters: Settings,
    *,
    settings: str,
    versions: str,
    force: bool,
    prepare_again: bool,
    follow: bool,
    as_json: bool,
) -> None:
    """Train again what the run that `name` means trained, with `settings` and `versions` of POST /runs.

    `prepare_again`: its data are prepared again.
    """
    api = Api(stack)
    found = find_run(api, name)
    answer = launches.rerun(
        api,
        found["run_id"],
        dict(hyperparameters),
        settings=settings,
        versions=versions,
        force=force,
        prepare_again=prepare_again,
    )
    tell(stack, api, answer, follow=follow, as_json=as_json)


def tell(stack: Stack, api: Api, answer: Answer, *, follow: bool, as_json: bool) -> None:
    """Say what a launch has answered, and with `follow` follow the run to its end."""
    run = answer.body
    is_new, is_rejected = answer.status == launches.NEW, run["status"] == "REJECTED"
    if not as_json:
        done = ("Rejected" if is_rejected else "Launched") if is_new else "There is already"
        click.echo(f"{done} {run['run_id']}")
        if is_rejected:
            _tell_rejection(run, is_new=is_new)
        elif not is_new:
            same = "It has the same files, code and settings"
            click.echo(f"{same}. To train again: droptrain rerun {run['run_id']}")
        elif run.get("estimate"):
            click.echo(f"Estimated cost: {formatting.estimate(run['estimate'])}")
        for warning in run.get("warnings", ()) if is_new else ():
            click.echo(f"Warning: {formatting.finding(warning)}")
    elif not follow:
        output.write_json(run)
    if follow:
        watch(stack, api, run["run_id"], as_json=as_json)
    if is_rejected:
        raise SystemExit(exit_codes.REJECTED)


def _tell_rejection(run: Mapping[str, Any], *, is_new: bool) -> None:
    cause = formatting.cause(run["cause"])
    click.echo(f"{'' if is_new else 'It was REJECTED, and nothing has changed since. '}{cause.message}")
    click.echo(f"What to do: {cause.fix}")
