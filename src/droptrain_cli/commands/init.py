"""`droptrain init`: a new project."""

from pathlib import Path

import click

from droptrain_cli.debug_option import debug_option


@click.command("init", short_help="Make a project's folder that can be trained at once.")
@click.argument("project")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--dialect",
    type=click.Choice(["plain", "sagemaker", "vertex"]),
    default="plain",
    show_default=True,
    help="What the sample code is written for: docs/dialects.md.",
)
@click.option("--json", "as_json", is_flag=True, help='Print {"project", "folder", "files": [...]}.')
@debug_option
def command(project: str, folder: Path | None, dialect: str, as_json: bool) -> None:
    """Make FOLDER for PROJECT: train.yaml, code/ and data/ with a small Keras model and its CSVs.

    FOLDER is by default one with the project's name, in this one. It has to be empty or new.
    """
    from droptrain_cli import init_project

    init_project.init(project, folder, dialect, as_json=as_json)
