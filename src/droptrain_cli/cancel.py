"""Cancels a run, or a sweep with its trials."""

import click

from droptrain.api import Api, quoted
from droptrain.find_run import find_run
from droptrain.find_sweep import find_sweep
from droptrain.stack import Stack
from droptrain_cli import output


def cancel_run(stack: Stack, name: str, *, as_json: bool) -> None:
    """Cancel the run that `name` means; ApiError if it has ended already."""
    api = Api(stack)
    run_id = find_run(api, name)["run_id"]
    _cancel(api, "runs", run_id, f"droptrain show {run_id}", as_json=as_json)


def cancel_sweep(stack: Stack, name: str, *, as_json: bool) -> None:
    """Cancel the sweep that `name` means; ApiError if it has ended already."""
    api = Api(stack)
    sweep_id = find_sweep(api, name)["sweep_id"]
    _cancel(api, "sweeps", sweep_id, f"droptrain sweep show {sweep_id}", as_json=as_json)


def _cancel(api: Api, kind: str, name: str, show: str, *, as_json: bool) -> None:
    cancelled = api.post(f"/{kind}/{quoted(name)}/cancel", repeatable=True).body
    if as_json:
        output.write_json(cancelled)
    else:
        click.echo(f"Cancelling {name}. {show} says when it has ended.")
