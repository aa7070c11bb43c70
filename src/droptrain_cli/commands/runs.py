"""`droptrain runs`: what has been trained, newest first."""

import click

from droptrain_cli.stack import Stack, stack_options

STATUSES = (
    "CLAIMED", "SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "REJECTED",
)  # fmt: skip


@click.command("runs", short_help="List runs, newest first.")
@click.option("--project", metavar="PROJECT", help="Only this project's.")
@click.option(
    "--status",
    metavar="STATUS",
    type=click.Choice(STATUSES, case_sensitive=False),
    help="Only those with this status, such as FAILED.",
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many at most."
)
@click.option("--watch", is_flag=True, help="Keep the table up to date until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help='{"runs": [...]}; with --watch a changed run a line.')
@stack_options
def command(
    stack: Stack, project: str | None, status: str | None, limit: int, watch: bool, as_json: bool
) -> None:
    """List runs, newest first, with what came of them.

    Costs are estimates. With --watch the table follows what happens; where stdout is no
    terminal, each run is printed again when it has changed.
    """
    from droptrain_cli import list_runs

    query = list_runs.Query(project, status.upper() if status else None, limit)
    if watch:
        list_runs.watch(stack, query, as_json=as_json)
    else:
        list_runs.once(stack, query, as_json=as_json)
