"""`droptrain sweep`: search hyperparameters."""

from typing import Any

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_dataset, complete_project
from droptrain_cli.default_group import StartGroup
from droptrain_cli.hyperparameter import Searched
from droptrain_cli.stack_options import stack_options


@click.group(
    "sweep", cls=StartGroup, short_help="Search hyperparameters.", subcommand_metavar="PROJECT | COMMAND ..."
)
def command() -> None:
    """Search hyperparameters: `droptrain sweep PROJECT` is the same as `droptrain sweep start PROJECT`.

    Write `start` for a project whose name is that of a command, such as show.
    """


@command.command(short_help="Start a sweep.")
@click.argument("project", shell_complete=complete_project)
@click.option("--dataset", metavar="NAME", shell_complete=complete_dataset, help="Train on this dataset.")
@click.option(
    "--set",
    "searched",
    type=Searched(),
    multiple=True,
    help="Search a hyperparameter, or set it for all trials.",
)
@click.option("--trials", type=click.IntRange(1, 500), help="How many trials.")
@click.option("--parallel", type=click.IntRange(1, 50), help="How many at a time.")
@click.option("--method", type=click.Choice(["grid", "random", "bayesian"]), help="How values are chosen.")
@click.option(
    "--early-stop",
    type=click.Choice(["asha", "median", "none"]),
    help="Stop trials that aren't among the best.",
)
@click.option("--max-cost-usd", metavar="USD", type=float, help="The most that all trials may cost.")
@click.option("--seed", type=int, help="Seed of the random draws.")
@click.option("--force", is_flag=True, help="Accept a --set that doesn't fit the recipe.")
@click.option("--dry-run", is_flag=True, help="Print the estimate, and start nothing.")
@click.option(
    "--follow/--no-follow", default=True, show_default=True, help="Show the trials to the sweep's end."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the sweep, with --follow a line for each change."
)
@stack_options
def start(stack: Stack, project: str, searched: tuple[tuple[str, Any], ...], **options: Any) -> None:
    """Start a sweep of PROJECT, print first what it may cost, and follow it to its end.

    SPACE is a range such as 0.0001..0.1:log, 1..8:int or 0..0.5:step=0.1, or a list such as 32,64,128; a
    single value is for all trials. What isn't named comes from `sweep` in train.yaml, then the default: 20
    trials, 4 at a time, bayesian, no early stopping. The dataset is that of the newest run. Each trial is a
    run. The sweep reserves from the budget the most that it can cost. With --follow the command exits by the
    sweep's outcome.
    """
    from droptrain_cli import start_sweep

    start_sweep.start(stack, project, dict(searched), options)


@command.command(short_help="Show a sweep and its trials.")
@click.argument("sweep")
@click.option("--watch", is_flag=True, help="Keep it up to date to its end; exits by its outcome.")
@click.option("--json", "as_json", is_flag=True, help="Print the sweep; with --watch a line for each change.")
@stack_options
def show(stack: Stack, sweep: str, watch: bool, as_json: bool) -> None:
    """Show SWEEP: its trials from the best on, the best one's hyperparameters, what it has cost so far.

    SWEEP is an id, a beginning of it or of its last part, a project (its latest sweep), or `latest`.
    """
    from droptrain_cli import show_sweep

    show_sweep.show(stack, sweep, watch=watch, as_json=as_json)


@command.command("list", short_help="List sweeps, newest first.")
@click.argument("project", required=False, shell_complete=complete_project)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="The most rows.")
@click.option("--json", "as_json", is_flag=True, help='Print {"sweeps": [...]}.')
@stack_options
def list_all(stack: Stack, project: str | None, limit: int, as_json: bool) -> None:
    """List the sweeps of PROJECT, or of all, newest first."""
    from droptrain_cli import list_sweeps

    list_sweeps.list_all(stack, project, limit, as_json=as_json)


@command.command(short_help="End a sweep and its trials.")
@click.argument("sweep")
@click.option("--json", "as_json", is_flag=True, help="Print the sweep as the API gives it.")
@stack_options
def cancel(stack: Stack, sweep: str, as_json: bool) -> None:
    """End SWEEP and all of its trials that run; those that have ended stay.

    SWEEP is an id, a beginning of it or of its last part, a project (its latest sweep), or `latest`.
    """
    from droptrain_cli.cancel import cancel_sweep

    cancel_sweep(stack, sweep, as_json=as_json)
