"""`droptrain projects`: which projects there are, and what each waits for."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_project
from droptrain_cli.default_group import DefaultGroup
from droptrain_cli.stack_options import stack_options


@click.group("projects", cls=DefaultGroup, short_help="List projects, or show one.")
def command() -> None:
    """List projects, or show one: `droptrain projects` is the same as `droptrain projects list`."""


@command.command("list", short_help="List projects.")
@click.option("--json", "as_json", is_flag=True, help='Print {"projects": [...]}.')
@stack_options
def list_all(stack: Stack, as_json: bool) -> None:
    """List projects by name, each with its newest run and the datasets that wait."""
    from droptrain_cli import list_projects

    list_projects.list_all(stack, as_json=as_json)


@command.command(short_help="Show a project.")
@click.argument("project", shell_complete=complete_project)
@click.option("--json", "as_json", is_flag=True, help="Print the project as the API gives it.")
@stack_options
def show(stack: Stack, project: str, as_json: bool) -> None:
    """Show PROJECT: its newest run, and which datasets wait for what."""
    from droptrain_cli import list_projects

    list_projects.show(stack, project, as_json=as_json)
