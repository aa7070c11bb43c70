"""Launches runs: of a dataset, or of a run again."""

import uuid
from collections.abc import Mapping
from typing import Any

from droptrain.api import Answer, Api
from droptrain.project_folder import check_project_name

NEW = 202  # the status of an answer with a run that was launched by this request


def launch(
    api: Api, project: str, dataset: str, settings: Mapping[str, Any], *, force: bool = False
) -> Answer:
    """The run of a dataset: a new one, or the one that trains exactly this.

    `settings` are hyperparameters; `force` takes those that the recipe doesn't name.
    """
    check_project_name(project)
    return _post(api, {"project": project, "dataset": dataset, **_overrides(settings, force=force)})


def rerun(
    api: Api,
    run_id: str,
    hyperparameters: Mapping[str, Any],
    *,
    settings: str = "run",
    versions: str = "newest",
    force: bool = False,
    prepare_again: bool = False,
) -> Answer:
    """A new run of what a run trained, with `settings` and `versions` of POST /runs.

    `prepare_again`: its data are prepared again.
    """
    again = {"from_run": run_id, "settings": settings, "versions": versions}
    body = {**again, **_overrides(hyperparameters, force=force)}
    return _post(api, {**body, "prepare_again": True} if prepare_again else body)


def _post(api: Api, body: Mapping[str, Any]) -> Answer:
    # The key makes a repeat after a lost answer find the run that the first try launched.
    return api.post("/runs", body, idempotency_key=uuid.uuid4().hex)


def _overrides(settings: Mapping[str, Any], *, force: bool) -> dict[str, Any]:
    if not settings:
        return {}
    return {"overrides": {"hyperparameters": dict(settings)}, **({"force": True} if force else {})}
