"""`droptrain cancel`: end a run."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("cancel", short_help="End a run.")
@click.argument("run", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="Print the run as the API gives it.")
@stack_options
def command(stack: Stack, run: str, as_json: bool) -> None:
    """Cancel RUN in any state; its checkpoints stay.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. The training
    gets TERM, and has the stack's grace to save what it wants to.
    """
    from droptrain_cli.cancel import cancel_run

    cancel_run(stack, run, as_json=as_json)
