"""`droptrain models`: a project's current model, and every one that was."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_project
from droptrain_cli.stack_options import stack_options


@click.command("models", short_help="List a project's promoted models.")
@click.argument("project", shell_complete=complete_project)
@click.option("-n", "limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option(
    "--json", "as_json", is_flag=True, help='Print {"current", "latest", "best", "promoted": [...]}.'
)
@stack_options
def command(stack: Stack, project: str, limit: int, as_json: bool) -> None:
    """List PROJECT's promoted models, newest first: the run, when, by whom, and until when."""
    from droptrain_cli import change_model

    change_model.show(stack, project, limit=limit, as_json=as_json)
