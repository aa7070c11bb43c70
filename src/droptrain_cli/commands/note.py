"""`droptrain note`: write a note about a run."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("note", short_help="Write a note about a run.")
@click.argument("run", shell_complete=complete_run)
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print the run as the API gives it.")
@stack_options
def command(stack: Stack, run: str, text: str, as_json: bool) -> None:
    """Write down why RUN was made or what it showed, in place of its note; "" removes it.

    TEXT is at most 2,000 characters, and may have several lines.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. It may be in
    any state, which stays the same.
    """
    from droptrain_cli import describe_run

    describe_run.write(stack, run, "note", text, as_json=as_json)
