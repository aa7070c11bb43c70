"""`droptrain train`: push, launch the latest dataset and follow."""

from pathlib import Path
from typing import Any

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_dataset, complete_project
from droptrain_cli.hyperparameter import Hyperparameter
from droptrain_cli.stack_options import stack_options


@click.command("train", short_help="Push, train the latest dataset and follow, in one.")
@click.argument("project", shell_complete=complete_project)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--dataset", metavar="NAME", shell_complete=complete_dataset, help="Train this dataset instead."
)
@click.option("--set", "settings", type=Hyperparameter(), multiple=True, help="Hyperparameter for this run.")
@click.option("--force", is_flag=True, help="Accept a --set that doesn't fit the recipe.")
@click.option("--json", "as_json", is_flag=True, help="Print the run, a line for each change.")
@stack_options
def command(
    stack: Stack,
    project: str,
    folder: Path | None,
    dataset: str | None,
    settings: tuple[tuple[str, Any], ...],
    force: bool,
    as_json: bool,
) -> None:
    """Publish FOLDER as PROJECT, train its latest dataset with it, and follow the run to its end.

    FOLDER is by default as for `droptrain push`. The latest dataset is the one of the newest run that an
    upload launched. A run that has trained exactly this is followed instead of trained again. Exits by the
    run's outcome.
    """
    from droptrain_cli import train_project

    train_project.train(stack, project, folder, dataset, settings, force=force, as_json=as_json)
