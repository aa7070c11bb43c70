"""Which run is meant: by its id or a beginning of it, by its project, or the latest of all."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from droptrain_core.domain.datasets.dataset import PROJECT_NAME

from droptrain import near_project
from droptrain.api import Api, quoted
from droptrain.errors import ApiError, DroptrainError

LATEST = "latest"
SEARCHED = 300  # newest runs
_PAGE = 100
_WHOLE_ID = re.compile(r"[a-z0-9][a-z0-9_-]*-[0-9a-f]{12}")
_CANDIDATES = 5


class NoSuchRunError(DroptrainError):
    """No run, or more than one, is meant."""


def find_run(api: Api, name: str) -> dict[str, Any]:
    """The run that `name` means: `latest`, an id, a project (its latest run), or a beginning.

    A beginning is looked up among the newest SEARCHED runs, and may be that of the id's last twelve digits.
    NoSuchRunError if that isn't one run.
    """
    if name == LATEST:
        return _only_one(api.get("/runs", limit=1)["runs"], "There is no run yet. Drop a dataset first.")
    if _WHOLE_ID.fullmatch(name) and (run := _by_id(api, name)):
        return run
    if PROJECT_NAME.fullmatch(name) and (newest := api.get("/runs", project=name, limit=1)["runs"]):
        return _only_one(newest, "")
    found = [run for run in islice(_newest(api), SEARCHED) if _begins(run["run_id"], name)]
    if not found:
        projects = [each["project"] for each in api.get("/projects", limit=_PAGE)["projects"]]
        if name in projects:
            raise NoSuchRunError(f"{name} has no run yet. Drop a dataset: droptrain drop {name} FILES")
        raise NoSuchRunError(
            f"No run's id begins with {name!r} among the newest {SEARCHED}, and no project with that name "
            f"has runs.{near_project.hint(name, projects)} `droptrain runs` lists ids."
        )
    return _only_one(found, "")


def find_runs(api: Api, name: str, newest: int) -> list[dict[str, Any]]:
    """The `newest` runs of the project `name`, if it is one with runs; else the run that `name` means."""
    if PROJECT_NAME.fullmatch(name) and name != LATEST and not _WHOLE_ID.fullmatch(name):
        pages = api.pages("/runs", project=name, limit=min(newest, _PAGE))
        if found := list(islice((run for page in pages for run in page["runs"]), newest)):
            return found
    return [find_run(api, name)]


def newest_that_succeeded(api: Api, project: str | None) -> dict[str, Any] | None:
    """The newest run that SUCCEEDED, of a project or of all."""
    for page in api.pages("/runs", project=project, status="SUCCEEDED", limit=1):
        if page["runs"]:
            run: dict[str, Any] = page["runs"][0]
            return run
    return None


def _by_id(api: Api, run_id: str) -> dict[str, Any] | None:
    try:
        run: dict[str, Any] = api.get(f"/runs/{quoted(run_id)}")
    except ApiError as error:
        if error.problem != "not-found":
            raise
        return None
    return run


def _newest(api: Api) -> Iterator[dict[str, Any]]:
    for page in api.pages("/runs", limit=_PAGE):
        yield from page["runs"]


def _begins(run_id: str, name: str) -> bool:
    return bool(name) and (run_id.startswith(name) or run_id.rpartition("-")[2].startswith(name))


def _only_one(runs: list[dict[str, Any]], if_none: str) -> dict[str, Any]:
    if len(runs) == 1:
        return runs[0]
    if not runs:
        raise NoSuchRunError(if_none)
    ids = ", ".join(run["run_id"] for run in runs[:_CANDIDATES])
    more = f" and {len(runs) - _CANDIDATES} more" if len(runs) > _CANDIDATES else ""
    raise NoSuchRunError(f"That may be {ids}{more}. Give more of the id.")
