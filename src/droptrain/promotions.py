"""A project's models: which are current, latest and best; promotion of a run, and the way back."""

from collections.abc import Iterator, Mapping
from typing import Any

from droptrain.api import Api, quoted
from droptrain.errors import ApiError, DroptrainError

_PAGE = 100


def read(api: Api, project: str, *, limit: int = 1) -> dict[str, Any]:
    """The project's models with its newest promotions; DroptrainError if there is no such project."""
    try:
        models: dict[str, Any] = api.get(f"/projects/{quoted(project)}/models", limit=limit)
    except ApiError as error:
        if error.problem not in ("not-found", "invalid-request"):
            raise
        raise DroptrainError(f"There is no project {project!r}. `droptrain projects` lists them.") from error
    return models


def what_is_missing(project: str, models: Mapping[str, Any]) -> str:
    """What happened if the files of the project's current model are gone, and what to do; else ""."""
    current, served = models["current"], models["served_run_id"]
    if current is None or current["missing_at"] is None:
        return ""
    still = f"current.json still names the model of {served}." if served else "There is no current.json."
    back = f"`droptrain rollback {project}` or " if current["back_to"] else ""
    return (
        f"The files of {current['run_id']} were deleted before they were copied. {still} "
        f"Run {back}`droptrain promote RUN`."
    )


def history(api: Api, project: str) -> Iterator[dict[str, Any]]:
    """Every promotion of a project, newest first."""
    for page in api.pages(f"/projects/{quoted(project)}/models", limit=_PAGE):
        yield from page["promoted"]


def promote(api: Api, run_id: str) -> dict[str, Any]:
    """Make a run's model current; the current model."""
    model: dict[str, Any] = api.post(f"/runs/{quoted(run_id)}/promote", repeatable=True).body
    return model


def roll_back(api: Api, project: str) -> dict[str, Any]:
    """Go back from the project's current model to the one before; the current model.

    It names the model that it leaves, so a repeated request doesn't go back twice.
    """
    now = read(api, project)["current"]
    if now is None:
        raise DroptrainError(f"{project} has no current model, so it can't go back.")
    model: dict[str, Any] = api.post(f"/projects/{quoted(project)}/rollback", {"run_id": now["run_id"]}).body
    return model
