"""Gets what a run left: its exported model, or all of its files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from droptrain_cli import output, wording
from droptrain_cli.api import Api
from droptrain_cli.download import Download, choose
from droptrain_cli.errors import CommandError
from droptrain_cli.find_run import find_run
from droptrain_cli.run_files import RunFiles
from droptrain_cli.stack import Stack


def get(stack: Stack, name: str, folder: Path | None, *, everything: bool, as_json: bool) -> None:
    """Download files of the run that `name` means; CommandError if it left none."""
    api = Api(stack)
    run = find_run(api, name)
    folder = folder or Path(run["run_id"])
    files = RunFiles(stack, api, run["run_id"])
    chosen = choose(files.each(), everything=everything)
    if not chosen:
        raise CommandError(
            f"{run['run_id']} is {run['status']} and has left no {'files' if everything else 'model'}. "
            f"droptrain show {run['run_id']} says more."
        )
    total = sum(file.size for file in chosen)
    with _progress(output.console(stderr=True), total) as advance:
        places = Download(files, folder, advance).run(chosen)
    if as_json:
        listed = [
            {"path": file.path, "size": file.size, "file": str(path)}
            for file, path in zip(chosen, places, strict=True)
        ]
        output.write_json({"run_id": run["run_id"], "folder": str(folder), "files": listed})
    else:
        count = f"{len(chosen)} file{'s' if len(chosen) != 1 else ''}"
        click.echo(f"{count}, {wording.size(total)}, in {folder}")


@contextmanager
def _progress(errors: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    columns = (TextColumn("Downloading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
