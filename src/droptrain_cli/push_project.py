"""Pushes a project's folder: recipe and code, checked here first."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from droptrain_core.domain import times

from droptrain.project_folder import check_project_name, folder_of, read_folder
from droptrain.stack import Stack
from droptrain_cli import cost_ahead, output
from droptrain_cli.publish import Changes, Publisher
from droptrain_cli.validate_project import check_before_push


def push(stack: Stack, project: str, path: Path | None, *, as_json: bool) -> None:
    """Publish what is in `path`, by default in the project's folder here.

    DroptrainError if it couldn't train, or another push comes in between.
    """
    path = path or folder_of(project)

    def say(what: str, key: str) -> None:
        if not as_json:
            click.echo(f"{what:<9} {key}")

    try:
        changes = publish_folder(stack, project, path, say)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "Stopped halfway: launches go on with what was there before. Finish it: "
            f"droptrain push {project} {path}"
        ) from None
    if as_json:
        document = {"uploaded": changes.uploaded, "deleted": changes.deleted, "unchanged": changes.unchanged}
        output.write_json({"project": project, **document, "finished_another": changes.finished})
    else:
        click.echo(_words(project, changes))
        click.echo(cost_ahead.in_stack(stack, project))


def publish_folder(
    stack: Stack, project: str, path: Path, say: Callable[[str, str], None] = lambda what, key: None
) -> Changes:
    """Check what is in `path`, and publish it; `say` hears what was done with each key. As `push`."""
    check_project_name(project)
    folder = read_folder(path)
    check_before_push(folder)
    publisher = Publisher(stack.client("s3"), stack.bucket, project, uuid.uuid4().hex, say=say)
    return publisher.publish(folder.published(project), times.to_text(datetime.now(UTC)))


def _words(project: str, changes: Changes) -> str:
    if changes.finished:
        return (
            f"Pushed {project}, and so finished a push that had ended halfway. Launches take it from now on."
        )
    if not changes.uploaded and not changes.deleted:
        return f"{project} is already published in this state: nothing to do."
    return f"Pushed {project}: launches take it from now on."
