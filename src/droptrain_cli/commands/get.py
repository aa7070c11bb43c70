"""`droptrain get`: the trained model."""

from pathlib import Path

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("get", short_help="Download a run's model.")
@click.argument("run", shell_complete=complete_run)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--best", is_flag=True, help="The model with the best value of the recipe's metric; RUN is a project."
)
@click.option("--all", "everything", is_flag=True, help="All that the run left: logs, metrics, run.json too.")
@click.option("--json", "as_json", is_flag=True, help='Print {"run_id", "folder", "files": [...]}.')
@stack_options
def command(stack: Stack, run: str, folder: Path | None, best: bool, everything: bool, as_json: bool) -> None:
    """Download what RUN exported, or what lies in its model/ if it exported nothing, into DIR.

    RUN is an id, a beginning of it or of its last part, a project, or `latest`: of these two the newest run
    that SUCCEEDED, with --all the newest run. DIR is by default a folder with the run's id, in this one.
    Files keep their paths, as in DIR/export/model.keras; one that is there already is replaced, in one step.
    """
    from droptrain_cli import get_run

    get_run.get(stack, run, folder, best=best, everything=everything, as_json=as_json)
