"""`droptrain drop`: upload a dataset, which launches a run."""

from pathlib import Path

import click

from droptrain_cli.stack import Stack, stack_options


@click.command("drop", short_help="Drop CSVs, which launches a run.")
@click.argument("project")
@click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", metavar="NAME", help="Dataset to drop into.  [default: the time, in UTC]")
@click.option("--watch", "follow", is_flag=True, help="Follow its run to the end; exits by its outcome.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print what was dropped; with --watch the run, as it changes."
)
@stack_options
def command(
    stack: Stack, project: str, paths: tuple[Path, ...], dataset: str | None, follow: bool, as_json: bool
) -> None:
    """Upload FILES as a dataset of PROJECT: projects/PROJECT/data/NAME/.

    A file has to have a name that the published recipe wants; of a folder what it wants is taken, with the
    path below the folder. Without --dataset each drop is a dataset of its own, named after the time, as in
    2026-11-23-021005. With trigger: marker in the recipe, the marker is uploaded last.

    Large files go in parts. Ctrl-C leaves the parts that are there, and shows the command that goes on with
    them.
    """
    from droptrain_cli import drop_files

    drop_files.drop(stack, project, paths, dataset, follow=follow, as_json=as_json)
