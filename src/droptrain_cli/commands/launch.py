"""`droptrain launch`: train a dataset that is in the bucket."""

from typing import Any

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_dataset, complete_project
from droptrain_cli.hyperparameter import Hyperparameter
from droptrain_cli.stack_options import stack_options


@click.command("launch", short_help="Train a dataset that is in the bucket.")
@click.argument("project", shell_complete=complete_project)
@click.argument("dataset", shell_complete=complete_dataset)
@click.option("--set", "settings", type=Hyperparameter(), multiple=True, help="Hyperparameter for this run.")
@click.option("--force", is_flag=True, help="Accept a --set that doesn't fit the recipe.")
@click.option("--watch", "follow", is_flag=True, help="Follow it to its end; exits by its outcome.")
@click.option("--json", "as_json", is_flag=True, help="Print the run; with --watch a line for each change.")
@stack_options
def command(
    stack: Stack,
    project: str,
    dataset: str,
    settings: tuple[tuple[str, Any], ...],
    force: bool,
    follow: bool,
    as_json: bool,
) -> None:
    """Train DATASET of PROJECT as it is now in the bucket.

    A run that has trained exactly this, with the same code, recipe and settings, is named instead of trained
    again; `droptrain rerun` trains again.
    """
    from droptrain_cli import launch_run

    launch_run.launch(stack, project, dataset, settings, force=force, follow=follow, as_json=as_json)
