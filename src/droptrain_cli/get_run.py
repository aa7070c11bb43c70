"""Gets what a run left: its exported model, or all of its files."""

from pathlib import Path
from typing import Any

import click
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.model_pointers import ModelPointers
from droptrain_core.domain.runs.model_pointer import pointer_key

from droptrain import formatting
from droptrain.api import Api, quoted
from droptrain.download import Download, choose
from droptrain.errors import DroptrainError
from droptrain.find_run import LATEST, find_run, newest_that_succeeded
from droptrain.published import find
from droptrain.run_files import RunFiles
from droptrain.stack import Stack
from droptrain_cli import output
from droptrain_cli.list_projects import read
from droptrain_cli.transfer_bar import transfer_bar


def get(
    stack: Stack, name: str, folder: Path | None, *, best: bool = False, everything: bool, as_json: bool
) -> None:
    """Download files of the run that `name` means; DroptrainError if it left none.

    With `best`, `name` is a project, and the run the one that its pointer `best` names.
    """
    api = Api(stack)
    run = _best(stack, api, name) if best else find_run(api, name)
    if not best and not everything and name in (LATEST, run["project"]) and run["status"] != "SUCCEEDED":
        run = _with_model(api, name, run)
    folder = folder or Path(run["run_id"])
    files = RunFiles(stack, api, run["run_id"])
    chosen = choose(files.each(), everything=everything)
    if not chosen:
        raise DroptrainError(
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
        click.echo(f"{formatting.count(len(chosen), 'file')}, {formatting.size(total)}, in {folder}")


def _best(stack: Stack, api: Api, project: str) -> dict[str, Any]:
    """The run that models/best.json names."""
    read(api, project)
    pointer = pointer_key(project, "best")
    found = find(Bucket(stack.client("s3"), stack.bucket), pointer)
    held = ModelPointers(stack.client("s3"), stack.bucket).read(project, "best") if found else None
    if held is None or held.pointer is None:
        raise DroptrainError(
            f"{project} has no best model: s3://{stack.bucket}/{pointer} isn't there, or isn't droptrain's. "
            "Name a metric in train.yaml that the code reports, and train again."
        )
    run: dict[str, Any] = api.get(f"/runs/{quoted(held.pointer.run_id)}")
    return run


def _with_model(api: Api, name: str, run: dict[str, Any]) -> dict[str, Any]:
    """The newest run with a model, where `name` means the newest run and that has none (yet)."""
    other = newest_that_succeeded(api, None if name == LATEST else name)
    if other is None:
        return run
    click.echo(f"{run['run_id']} is {run['status']}. This is the model of {other['run_id']}.", err=True)
    return other
