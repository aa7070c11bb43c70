"""`droptrain rerun`: train again."""

from typing import Any

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.hyperparameter import Hyperparameter
from droptrain_cli.stack_options import stack_options


@click.command("rerun", short_help="Train a run's dataset again.")
@click.argument("run", shell_complete=complete_run)
@click.option(
    "--settings",
    type=click.Choice(["run", "recipe"]),
    default="run",
    show_default=True,
    help="Hyperparameters and resources of RUN, or of the current recipe.",
)
@click.option(
    "--versions",
    type=click.Choice(["newest", "pinned"]),
    default="newest",
    show_default=True,
    help="The newest data and code, or the versions that RUN had.",
)
@click.option(
    "--set", "changed", type=Hyperparameter(), multiple=True, help="Hyperparameter for the new run."
)
@click.option("--prepare-again", is_flag=True, help="Prepare the data again, even if prepared data exist.")
@click.option("--force", is_flag=True, help="Accept a --set that doesn't fit the recipe.")
@click.option("--watch", "follow", is_flag=True, help="Follow it to its end; exits by its outcome.")
@click.option("--json", "as_json", is_flag=True, help="Print the run; with --watch a line for each change.")
@stack_options
def command(stack: Stack, run: str, changed: tuple[tuple[str, Any], ...], force: bool, **how: Any) -> None:
    """Train the dataset of RUN again: with its settings, on the newest data and code.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. With
    `--settings recipe` nothing of RUN is kept but its dataset. With `--versions pinned` everything is,
    whatever has changed since: data, code, recipe and settings.
    """
    if how["versions"] == "pinned" and (changed or force or how["settings"] == "recipe"):
        raise click.UsageError(
            "--versions pinned keeps all settings of RUN: it goes without --set and --settings recipe."
        )
    from droptrain_cli import launch_run

    launch_run.rerun(stack, run, changed, force=force, **how)
