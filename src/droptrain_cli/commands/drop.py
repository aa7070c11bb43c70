"""`droptrain drop`: upload a dataset, which launches a run."""

from pathlib import Path

import click

from droptrain.stack import Stack
from droptrain_cli.completion import complete_dataset, complete_project
from droptrain_cli.stack_options import stack_options


@click.command("drop", short_help="Drop CSVs, which launches a run.")
@click.argument("project", shell_complete=complete_project)
@click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--dataset",
    metavar="NAME",
    shell_complete=complete_dataset,
    help="Dataset to drop into.  [default: the dataset that has these files already, else the day on which "
    "the newest file changed and a digest of names and contents]",
)
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
    path below the folder. Without --dataset the same files always go into the same dataset, and changed ones
    into another, such as 2026-11-23-4f1c2a09. What is there already isn't uploaded again. All files appear
    together at the end; with trigger: marker in the recipe, the marker after them.

    Large files go in parts. Ctrl-C and lost connections leave the parts that are there, and the same command
    goes on with them.
    """
    from droptrain_cli import drop_files

    drop_files.drop(stack, project, paths, dataset, follow=follow, as_json=as_json)
