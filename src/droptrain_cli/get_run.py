"""Gets what a run left: its exported model, or all of its files."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

import click

from droptrain import formatting, promotions
from droptrain.api import Api, quoted
from droptrain.download import Download, choose
from droptrain.errors import DroptrainError
from droptrain.find_run import LATEST, find_run, newest_that_succeeded
from droptrain.run_files import RunFiles, nothing_left
from droptrain.stack import Stack
from droptrain_cli import output
from droptrain_cli.transfer_bar import transfer_bar

Which = Literal["latest", "best"]
_HINTS = {
    "latest": "None of its runs has SUCCEEDED.",
    "best": "Name a metric in train.yaml that the code reports, and train again.",
}


def get(
    stack: Stack, name: str, folder: Path | None, *, which: Which | None, everything: bool, as_json: bool
) -> None:
    """Download files of the run that `name` means; DroptrainError if it left none.

    With `which`, `name` is a project. Without it, a project means the run of its current model, and its
    newest run that SUCCEEDED if it has no current model.
    """
    api = Api(stack)
    run = _of_project(api, name, which) if which else find_run(api, name)
    if not which and not everything and name in (LATEST, run["project"]):
        run = (_current(api, name) if name != LATEST else None) or _with_model(api, name, run)
    folder = folder or Path(run["run_id"])
    files = RunFiles(stack, api, run["run_id"])
    chosen = choose(files.each(), everything=everything)
    if not chosen:
        problem = nothing_left(run, "files" if everything else "model")
        raise DroptrainError(f"{problem} droptrain show {run['run_id']} says more.")
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
        count = formatting.count(len(chosen), "file")
        target = folder if everything else folder / Path(chosen[0].path).parts[0]
        click.echo(f"{run['run_id']}: {count}, {formatting.size(total)}, in {target}")
        if not everything and (others := _others(target, places)):
            click.echo(f"{target} also has {others} that this model doesn't include.", err=True)


def _others(folder: Path, places: Collection[Path]) -> str:
    """How many files are in a folder besides `places`; empty if there are none."""
    others = [path for path in folder.rglob("*") if path.is_file() and path not in places]
    return formatting.count(len(others), "older file") if others else ""


def _of_project(api: Api, project: str, which: Which) -> dict[str, Any]:
    """The run of a project's latest or best model."""
    model = promotions.read(api, project)[which]
    if model is None:
        raise DroptrainError(f"{project} has no {which} model. {_HINTS[which]}")
    return _read(api, model["run_id"])


def _current(api: Api, project: str) -> dict[str, Any] | None:
    """The run of the model that programs load; None if the project has no current model.

    DroptrainError if the files of the only one are gone.
    """
    models = promotions.read(api, project)
    served = models["served_run_id"]
    if missing := promotions.what_is_missing(project, models):
        if served is None:
            raise DroptrainError(missing)
        click.echo(f"{missing} This is the model of {served}.", err=True)
    return _read(api, served) if served else None


def _read(api: Api, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = api.get(f"/runs/{quoted(run_id)}")
    return run


def _with_model(api: Api, name: str, run: dict[str, Any]) -> dict[str, Any]:
    """The newest run with a model, where `name` means the newest run and that has none (yet)."""
    if run["status"] == "SUCCEEDED":
        return run
    other = newest_that_succeeded(api, None if name == LATEST else name)
    if other is None:
        return run
    click.echo(f"{run['run_id']} is {run['status']}. This is the model of {other['run_id']}.", err=True)
    return other
