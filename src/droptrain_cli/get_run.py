"""Gets what a run left: its exported model, or all of its files."""

from pathlib import Path

import click

from droptrain_cli import formatting, output
from droptrain_cli.api import Api
from droptrain_cli.download import Download, choose
from droptrain_cli.errors import CommandError
from droptrain_cli.find_run import find_run
from droptrain_cli.run_files import RunFiles
from droptrain_cli.stack import Stack
from droptrain_cli.transfer_bar import transfer_bar


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
    with transfer_bar(output.console(stderr=True), "Downloading", total) as advance:
        places = Download(files, folder, advance).run(chosen)
    if as_json:
        listed = [
            {"path": file.path, "size": file.size, "file": str(path)}
            for file, path in zip(chosen, places, strict=True)
        ]
        output.write_json({"run_id": run["run_id"], "folder": str(folder), "files": listed})
    else:
        count = f"{len(chosen)} file{'s' if len(chosen) != 1 else ''}"
        click.echo(f"{count}, {formatting.size(total)}, in {folder}")
