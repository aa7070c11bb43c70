"""`droptrain get`: the trained model."""

from pathlib import Path
from typing import Any

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("get", short_help="Download a run's model.")
@click.argument("run", shell_complete=complete_run)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--best", "which", flag_value="best", help="The best model by the recipe's metric; RUN is a project."
)
@click.option(
    "--latest", "which", flag_value="latest", help="The newest run that SUCCEEDED; RUN is a project."
)
@click.option(
    "--all", "everything", is_flag=True, help="Everything of the run: also logs, metrics and run.json."
)
@click.option("--json", "as_json", is_flag=True, help='Print {"run_id", "folder", "files": [...]}.')
@stack_options
def command(stack: Stack, run: str, folder: Path | None, which: Any, everything: bool, as_json: bool) -> None:
    """Download what RUN exported, or what lies in its model/ if it exported nothing, into DIR.

    RUN is a project, for its current model (without one, for the newest run that SUCCEEDED); or an id, a
    beginning of it or of its last part, or `latest`, for the newest run of all that SUCCEEDED. With --all a
    project and `latest` mean the newest run. DIR is by default a folder with the run's id, in this one.
    Files keep their paths, as in DIR/export/model.keras; one that is there already is replaced, in one step.
    """
    from droptrain_cli import get_run

    get_run.get(stack, run, folder, which=which, everything=everything, as_json=as_json)
