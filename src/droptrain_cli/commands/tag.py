"""`droptrain tag`: tag a run."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_run
from droptrain_cli.stack_options import stack_options


@click.command("tag", short_help="Tag a run.")
@click.argument("run", shell_complete=complete_run)
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Remove these tags instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as the API gives it.")
@stack_options
def command(stack: Stack, run: str, tags: tuple[str, ...], remove: bool, as_json: bool) -> None:
    """Add tags to RUN, by which `droptrain runs --tag` and the page find it.

    A TAG has 1 to 40 letters, digits and any of . _ : = / -, and a run has at most 20. RUN is an id, a
    beginning of it or of its last part, a project (its latest run), or `latest`. It may be in any state, and
    goes on as it is.
    """
    from droptrain_cli import describe_run

    describe_run.tag(stack, run, tags, remove=remove, as_json=as_json)
