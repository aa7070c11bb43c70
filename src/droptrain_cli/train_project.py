"""Pushes a project, and trains its latest dataset with what was pushed."""

from pathlib import Path

from droptrain.api import Api
from droptrain.find_dataset import latest_dataset
from droptrain.project_folder import folder_of
from droptrain.stack import Stack
from droptrain_cli import launch_run, push_project
from droptrain_cli.launch_run import Settings


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
