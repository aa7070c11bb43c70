"""`droptrain validate`: what is wrong, before anything is uploaded."""

from pathlib import Path

import click

from droptrain_cli.debug_option import debug_option


@click.command("validate", short_help="Check recipe, code and CSVs here.")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='Print {"ok", "problems": [...]}.')
@debug_option
def command(folder: Path, as_json: bool) -> None:
    """Check the project in FOLDER (by default this one) as a launch does.

    Reads train.yaml, code/ and data/ and names every problem with its file, line or field and the fix. Python
    files are compiled and shell scripts are parsed by bash -n; none is run. Exits with 1 if there is a
    problem. Needs no stack and no network.
    """
    from droptrain_cli import validate_project

    validate_project.validate(folder, as_json=as_json)
