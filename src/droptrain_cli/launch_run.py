"""Launches runs: of a dataset, or of one again."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import click

from droptrain_cli import exit_codes, formatting, output
from droptrain_cli.api import Api
from droptrain_cli.find_run import find_run
from droptrain_cli.stack import Stack
from droptrain_cli.watch_run import watch

_NEW = 202
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
    body = {"project": project, "dataset": dataset, **_overrides(settings, force=force)}
    _post(stack, Api(stack), body, follow=follow, as_json=as_json)


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

    `prepare_again`: its data are prepared anew.
    """
    api = Api(stack)
    again = {"from_run": find_run(api, name)["run_id"], "settings": settings, "versions": versions}
    body = {**again, **_overrides(hyperparameters, force=force)}
    if prepare_again:
        body["prepare_again"] = True
    _post(stack, api, body, follow=follow, as_json=as_json)


def _overrides(settings: Settings, *, force: bool) -> dict[str, Any]:
    if not settings:
        return {}
    return {"overrides": {"hyperparameters": dict(settings)}, **({"force": True} if force else {})}


def _post(stack: Stack, api: Api, body: dict[str, Any], *, follow: bool, as_json: bool) -> None:
    # The key makes a repeat after a lost answer find the run that the first try launched.
    answer = api.post("/runs", body, idempotency_key=uuid.uuid4().hex)
    run = answer.body
    is_new, is_rejected = answer.status == _NEW, run["status"] == "REJECTED"
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
