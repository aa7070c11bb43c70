"""`droptrain rollback`: go back to the model before the current one."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_project
from droptrain_cli.stack_options import stack_options


@click.command("rollback", short_help="Go back to a project's model before the current one.")
@click.argument("project", shell_complete=complete_project)
@click.option("--json", "as_json", is_flag=True, help="Print the current model as the API gives it.")
@stack_options
def command(stack: Stack, project: str, as_json: bool) -> None:
    """Make PROJECT's previous model the current one again; repeat it to go back further."""
    from droptrain_cli import change_model

    change_model.roll_back(stack, project, as_json=as_json)
