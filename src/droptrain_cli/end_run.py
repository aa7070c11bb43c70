"""Cancels a run."""

import click

from droptrain.api import Api, quoted
from droptrain.find_run import find_run
from droptrain.stack import Stack
from droptrain_cli import output


def cancel(stack: Stack, name: str, *, as_json: bool) -> None:
    """Cancel the run that `name` means; ApiError if it has ended already."""
    api = Api(stack)
    run_id = find_run(api, name)["run_id"]
    run = api.post(f"/runs/{quoted(run_id)}/cancel", repeatable=True).body
    if as_json:
        output.write_json(run)
    else:
        click.echo(f"Cancelling {run_id}. droptrain show {run_id} says when it has ended.")
