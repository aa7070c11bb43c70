"""`droptrain runs`: what has been trained, newest first."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_project
from droptrain_cli.stack_options import stack_options

STATUSES = (
    "CLAIMED", "SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "REJECTED",
)  # fmt: skip


@click.command("runs", short_help="List runs, newest first.")
@click.argument("project", required=False, shell_complete=complete_project)
@click.option(
    "--status",
    metavar="STATUS",
    type=click.Choice(STATUSES, case_sensitive=False),
    help="Only runs with this status, such as FAILED.",
)
@click.option("--tag", metavar="TAG", help="Only runs with this tag.")
@click.option("--sweep", metavar="ID", help="Only the trials of this sweep.")
@click.option(
    "--sort", metavar="[-]NAME", help="Sort by a metric or a column; with - the highest value comes first."
)
@click.option("--columns", metavar="NAME,...", help="Show these columns and metrics, in this order.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="The most rows.")
@click.option("--watch", is_flag=True, help="Keep the table up to date until Ctrl-C.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV with plain values, and every metric.")
@click.option("--json", "form", flag_value="json", help='{"runs": [...]}; with --watch a changed run a line.')
@stack_options
def command(
    stack: Stack,
    project: str | None,
    sort: str | None,
    columns: str | None,
    limit: int,
    watch: bool,
    form: str | None,
    **where: str | None,
) -> None:
    """List runs, newest first, of PROJECT or of all: what came of them.

    Columns are run, id (the end of run, which names it too), project, dataset, status, created, age, took,
    metric, cost, why, attempts, by, name, note, tags and trial; any other name is a metric, as in --sort
    -test_accuracy or --columns run,test_accuracy,loss. --sort looks at the newest 1,000 runs. Costs are
    estimates. With --watch the table follows what happens; where stdout is no terminal, each run is printed
    again when it has changed.
    """
    if watch and (sort or form == "csv"):
        raise click.UsageError("--watch goes without --sort and --csv.")
    from droptrain_cli import list_runs

    names = tuple(filter(None, (name.strip() for name in (columns or "").split(","))))
    query = list_runs.Query(project, where, limit, sort, names)
    if watch:
        list_runs.watch(stack, query, as_json=form == "json")
    else:
        list_runs.once(stack, query, as_json=form == "json", as_csv=form == "csv")
