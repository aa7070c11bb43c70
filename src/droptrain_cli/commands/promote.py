"""`droptrain promote`: make a run's model the current one."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("promote", short_help="Make a run's model the project's current one.")
@click.argument("run", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="Print the current model as the API gives it.")
@stack_options
def command(stack: Stack, run: str, as_json: bool) -> None:
    """Make the model of RUN its project's current one, whatever the gate of the recipe says.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. It may be an
    older run: `droptrain models PROJECT` lists those that were promoted.
    """
    from droptrain_cli import change_model

    change_model.promote(stack, run, as_json=as_json)
