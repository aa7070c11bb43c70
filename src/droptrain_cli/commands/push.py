"""`droptrain push`: publish a project."""

from pathlib import Path

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_project
from droptrain_cli.stack_options import stack_options


@click.command("push", short_help="Publish a project's recipe and code.")
@click.argument("project", shell_complete=complete_project)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='Print {"uploaded", "deleted", "unchanged", ...}.')
@stack_options
def command(stack: Stack, project: str, folder: Path | None, as_json: bool) -> None:
    """Publish train.yaml and code/ of FOLDER as PROJECT.

    FOLDER is by default the one with the project's name, if it is a project's folder, else this one.
    Only what changed is uploaded, and what isn't there any more is deleted. A launch meanwhile takes what was
    there before, as a whole; a push that was interrupted is finished by the next one. It launches nothing.
    Names that start with a dot and __pycache__ are left out. Nothing is published that `droptrain validate`
    finds wrong in recipe or code.
    """
    from droptrain_cli import push_project

    push_project.push(stack, project, folder, as_json=as_json)
