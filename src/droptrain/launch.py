"""Launches runs: of a dataset, or of a run again."""

import uuid
from collections.abc import Mapping
from typing import Any

from droptrain.api import Answer, Api

NEW = 202  # the status of an answer with a run that was launched by this request


def launch(
    api: Api, project: str, dataset: str, settings: Mapping[str, Any], *, force: bool = False
) -> Answer:
    """The run of a dataset: a new one, or the one that trains exactly this.

    `settings` are hyperparameters; `force` takes those that the recipe doesn't name.
    """
    return _post(api, {"project": project, "dataset": dataset, **_overrides(settings, force=force)})


def rerun(
    api: Api, run: Mapping[str, Any], settings: Mapping[str, Any], *, exact: bool = False, force: bool = False
) -> Answer:
    """A new run of what `run` trained: its dataset, or with `exact` its very bytes."""
    if exact:
        return _post(api, {"from_run": run["run_id"]})
    again = {"project": run["project"], "dataset": run["dataset"], "rerun": True}
    return _post(api, {**again, **_overrides(settings, force=force)})


def _post(api: Api, body: Mapping[str, Any]) -> Answer:
    # The key makes a repeat after a lost answer find the run that the first try launched.
    return api.post("/runs", body, idempotency_key=uuid.uuid4().hex)


def _overrides(settings: Mapping[str, Any], *, force: bool) -> dict[str, Any]:
    if not settings:
        return {}
    return {"overrides": {"hyperparameters": dict(settings)}, **({"force": True} if force else {})}
