"""`droptrain rerun`: train again."""

from typing import Any

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.hyperparameter import Hyperparameter
from droptrain_cli.stack_options import stack_options


@click.command("rerun", short_help="Train a run's dataset again.")
@click.argument("run", shell_complete=complete_run)
@click.option("--exact", is_flag=True, help="The very bytes and settings of RUN, whatever has changed since.")
@click.option("--set", "settings", type=Hyperparameter(), multiple=True, help="Hyperparameter for this run.")
@click.option("--force", is_flag=True, help="Take a --set that doesn't fit the recipe.")
@click.option("--watch", "follow", is_flag=True, help="Follow it to its end; exits by its outcome.")
@click.option("--json", "as_json", is_flag=True, help="Print the run; with --watch a line for each change.")
@stack_options
def command(
    stack: Stack,
    run: str,
    exact: bool,
    settings: tuple[tuple[str, Any], ...],
    force: bool,
    follow: bool,
    as_json: bool,
) -> None:
    """Train the dataset of RUN again, with the code, the recipe and the CSVs that are there now.

    RUN is an id, a beginning of it or of its last part, a project (its latest run), or `latest`. What RUN was
    given by --set isn't kept; --exact keeps everything, down to the versions of the CSVs that RUN trained on.
    """
    if exact and settings:
        raise click.UsageError("--exact takes RUN's own settings, so it goes without --set.")
    from droptrain_cli import launch_run

    launch_run.rerun(stack, run, settings, exact=exact, force=force, follow=follow, as_json=as_json)
