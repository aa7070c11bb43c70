"""Pushes a project, and trains its latest dataset with what was pushed."""

from itertools import islice
from pathlib import Path

from droptrain.api import Api, quoted
from droptrain.errors import DroptrainError
from droptrain.project_folder import folder_of
from droptrain.stack import Stack
from droptrain_cli import launch_run, push_project
from droptrain_cli.launch_run import Settings

_PAGE = 100
_SEARCHED = 1000  # newest runs
_BY_UPLOAD = "upload"


def train(
    stack: Stack,
    project: str,
    folder: Path | None,
    dataset: str | None,
    settings: Settings,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Push, launch and follow; ends as the run ends. DroptrainError as of `push`, and without a dataset."""
    folder = folder or folder_of(project)
    if as_json:
        push_project.publish_folder(stack, project, folder)
    else:
        push_project.push(stack, project, folder, as_json=False)
    dataset = dataset or latest_dataset(Api(stack), project)
    launch_run.launch(stack, project, dataset, settings, force=force, follow=True, as_json=as_json)


def latest_dataset(api: Api, project: str) -> str:
    """The dataset of the newest run that an upload launched, else of the newest run, else the only one.

    DroptrainError if there is none of them.
    """
    every = (run for page in api.pages("/runs", project=project, limit=_PAGE) for run in page["runs"])
    newest: str | None = None
    for run in islice(every, _SEARCHED):
        newest = newest or run["dataset"]
        if run["launched_by"] == _BY_UPLOAD:
            return str(run["dataset"])
    if newest:
        return newest
    found = api.get(f"/projects/{quoted(project)}/datasets", limit=2)["datasets"]
    if len(found) == 1:
        return str(found[0]["dataset"])
    if found:
        raise DroptrainError(f"No dataset of {project} has a run. Name one with --dataset.")
    raise DroptrainError(
        f"{project} has no dataset. Drop one, which trains it: droptrain drop {project} FILES"
    )
