"""`droptrain delete`: delete a dataset."""

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_place
from droptrain_cli.stack_options import stack_options


@click.command("delete", short_help="Delete a dataset.")
@click.argument("place", metavar="PROJECT/DATASET", shell_complete=complete_place)
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help='Print {"project", "dataset", "deleted"}; needs --yes.')
@stack_options
def command(stack: Stack, place: str, yes: bool, as_json: bool) -> None:
    """Delete every version of a dataset, and the copies of its files that runs keep.

    Its runs, their models and logs stay. This can't be undone. A dataset on which a run trains isn't deleted:
    cancel the run, or wait for its end.
    """
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")
    from droptrain_cli import delete_dataset

    delete_dataset.delete(stack, place, ask=not yes, as_json=as_json)
