"""Starts sweeps, and asks what one would cost."""

import uuid
from collections.abc import Mapping
from typing import Any

from droptrain import sweep_space
from droptrain.api import Answer, Api
from droptrain.project_folder import check_project_name

NEW = 202  # the status of an answer with a sweep that was started by this request


def request(project: str, given: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The body of POST /sweeps; DroptrainError.

    `given` are hyperparameters by name, as `sweep_space.split` takes them. `options` are the request's other
    fields; those that are None come from the recipe's `sweep`.
    """
    check_project_name(project)
    space, fixed = sweep_space.split(given)
    return {
        "project": project,
        **{name: value for name, value in options.items() if value is not None},
        **({"space": space} if space else {}),
        **({"overrides": {"hyperparameters": fixed}} if fixed else {}),
    }


def start(api: Api, body: Mapping[str, Any]) -> Answer:
    """Start a sweep, or find the one that this request has started before."""
    # The key makes a repeat after a lost answer find the sweep that the first try started.
    return api.post("/sweeps", body, idempotency_key=uuid.uuid4().hex)


def look(api: Api, body: Mapping[str, Any]) -> dict[str, Any]:
    """The sweep that the request would start, with its estimate; nothing is started."""
    sweep: dict[str, Any] = api.post("/sweeps", {**body, "dry_run": True}, repeatable=True).body
    return sweep
