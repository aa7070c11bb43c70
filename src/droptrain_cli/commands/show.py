"""`droptrain show`: everything about one run."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("show", short_help="Show everything about a run.")
@click.argument("run", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="Print the run as the API gives it.")
@stack_options
def command(stack: Stack, run: str, as_json: bool) -> None:
    """Show a run: why it ended so and what to do, metrics, cost, attempts, inputs, where everything is.

    A run that waits for an instance is shown with its place in the queue. RUN is an id, a beginning of it or
    of its last part, a project (its latest run), or `latest`.
    """
    from droptrain_cli import show_run

    show_run.show(stack, run, as_json=as_json)
