"""`droptrain name`: name a run."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("name", short_help="Name a run.")
@click.argument("run", shell_complete=complete_run)
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print the run as the API gives it.")
@stack_options
def command(stack: Stack, run: str, text: str, as_json: bool) -> None:
    """Name RUN, so that it is recognised in lists; TEXT is at most 100 characters, and "" removes the name.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. It may be in
    any state, which stays the same.
    """
    from droptrain_cli import describe_run

    describe_run.write(stack, run, "name", text, as_json=as_json)
