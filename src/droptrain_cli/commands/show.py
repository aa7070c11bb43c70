"""`droptrain show`: everything about one run."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("show", short_help="Show everything about a run.")
@click.argument("run", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="Print the run as the API gives it.")
@click.option("--timing", is_flag=True, help="Show how long each part of the last attempt took.")
@stack_options
def command(stack: Stack, run: str, as_json: bool, timing: bool) -> None:
    """Show a run: why it ended so and what to do, metrics, cost, attempts, inputs, where everything is.

    A run that waits for an instance is shown with its place in the queue, and one that hasn't ended with the
    part that it is in and how long that usually takes. RUN is an id, a beginning of it or
    of its last part, a project (its latest run), or `latest`.
    """
    from droptrain_cli import show_run

    if timing:
        show_run.timing(stack, run, as_json=as_json)
    else:
        show_run.show(stack, run, as_json=as_json)
