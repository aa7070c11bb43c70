"""`droptrain compare`: runs side by side."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("compare", short_help="Show runs side by side.")
@click.argument("run", shell_complete=complete_run)
@click.argument("others", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--differences", is_flag=True, help="Only what differs.")
@click.option("--json", "as_json", is_flag=True, help='Print {"runs": [...], "rows": [...]}.')
@stack_options
def command(stack: Stack, run: str, others: tuple[str, ...], differences: bool, as_json: bool) -> None:
    """Show two runs or more side by side; what differs has a star.

    Status, metrics, hyperparameters, resources, the code's digest, the recipe's version, the versions of the
    inputs, duration, attempts, estimated cost. RUN is an id, a beginning of it or of its last part, a project
    (its latest run), or `latest`.
    """
    from droptrain_cli import compare_runs

    compare_runs.compare(stack, (run, *others), differences=differences, as_json=as_json)
