"""`droptrain datasets`: a project's datasets."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_project
from droptrain_cli.stack_options import stack_options


@click.command("datasets", short_help="List a project's datasets.")
@click.argument("project", shell_complete=complete_project)
@click.option("--json", "as_json", is_flag=True, help='Print {"project", "datasets": [...]}.')
@stack_options
def command(stack: Stack, project: str, as_json: bool) -> None:
    """List the datasets of PROJECT by name: their newest run, how many runs, and what they wait for.

    Runs are counted among the project's newest 1,000. `droptrain delete PROJECT/DATASET` deletes one.
    """
    from droptrain_cli import list_datasets

    list_datasets.list_all(stack, project, as_json=as_json)
