"""`droptrain drop`: upload CSVs, which launches a run."""

from pathlib import Path

import click

from droptrain_cli.stack import Stack, stack_options


@click.command("drop", short_help="Upload CSVs, which trains them.")
@click.argument("project")
@click.argument("files", metavar="FILES...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--dataset",
    metavar="NAME",
    help="Dataset to drop into.  [default: the day on which the newest file changed, and a digest, such as "
    "2026-11-23-4f1c2a]",
)
@click.option("--watch", "follow", is_flag=True, help="Follow the run to its end; exits by its outcome.")
@click.option("--json", "as_json", is_flag=True, help="Print what was dropped; with --watch the run instead.")
@stack_options
def command(
    stack: Stack, project: str, files: tuple[Path, ...], dataset: str | None, follow: bool, as_json: bool
) -> None:
    """Upload FILES into a dataset of PROJECT. When all that its recipe names is there, a run starts.

    Files keep their names; those of a folder keep their paths below it. What is there already isn't uploaded
    again. All files appear together at the end; with `trigger: marker` in the recipe, _SUCCESS after them.
    Large files go in parts: after Ctrl-C or a lost connection the same command goes on where it was.
    """
    from droptrain_cli import drop_files

    drop_files.drop(stack, project, files, dataset, follow=follow, as_json=as_json)
