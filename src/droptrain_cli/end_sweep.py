"""Cancels a sweep."""

import click

from droptrain.api import Api, quoted
from droptrain.find_sweep import find_sweep
from droptrain.stack import Stack
from droptrain_cli import output


def cancel(stack: Stack, name: str, *, as_json: bool) -> None:
    """Cancel the sweep that `name` means with its trials; ApiError if it has ended already."""
    api = Api(stack)
    sweep_id = find_sweep(api, name)["sweep_id"]
    sweep = api.post(f"/sweeps/{quoted(sweep_id)}/cancel", repeatable=True).body
    if as_json:
        output.write_json(sweep)
    else:
        click.echo(f"Cancelling {sweep_id}. droptrain sweep show {sweep_id} says when it has ended.")
