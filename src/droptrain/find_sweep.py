"""Which sweep is meant: by its id or a beginning of it, by its project, or the latest of all."""

import re
from itertools import islice
from typing import Any

from droptrain.api import Api, quoted
from droptrain.errors import ApiError, DroptrainError

LATEST = "latest"
SEARCHED = 300  # newest sweeps
_PAGE = 100
_WHOLE_ID = re.compile(r"[a-z0-9][a-z0-9_-]*-sweep-[0-9a-f]{12}")
_CANDIDATES = 5


def find_sweep(api: Api, name: str) -> dict[str, Any]:
    """The sweep that `name` means: `latest`, an id, a project (its latest sweep), or a beginning.

    A beginning is looked up among the newest SEARCHED sweeps, and may be that of the id's last twelve digits.
    DroptrainError if that isn't one sweep.
    """
    if _WHOLE_ID.fullmatch(name):
        return read_sweep(api, name)
    newest = read_sweeps(api, None, limit=SEARCHED)
    found = [sweep for sweep in newest if name in (LATEST, sweep["project"])][:1]
    found = found or [sweep for sweep in newest if _begins(sweep["sweep_id"], name)]
    if not found:
        raise DroptrainError(
            f"No sweep's id begins with {name!r} among the newest {SEARCHED}, and no project with that name "
            "has one. `droptrain sweep list` lists ids."
        )
    if len(found) > 1:
        ids = ", ".join(sweep["sweep_id"] for sweep in found[:_CANDIDATES])
        raise DroptrainError(
            f"That may be {ids}{' and more' * (len(found) > _CANDIDATES)}. Give more of the id."
        )
    return read_sweep(api, found[0]["sweep_id"])


def read_sweeps(api: Api, project: str | None, *, limit: int) -> list[dict[str, Any]]:
    """The newest sweeps, at most `limit`, of a project or of all, without their trials."""
    pages = api.pages("/sweeps", project=project, limit=min(limit, _PAGE))
    return list(islice((sweep for page in pages for sweep in page["sweeps"]), limit))


def read_sweep(api: Api, sweep_id: str) -> dict[str, Any]:
    """The sweep of that id with its trials; DroptrainError."""
    try:
        sweep: dict[str, Any] = api.get(f"/sweeps/{quoted(sweep_id)}")
    except ApiError as error:
        if error.problem != "not-found":
            raise
        raise DroptrainError(f"There is no sweep {sweep_id}. `droptrain sweep list` lists ids.") from error
    return sweep


def _begins(sweep_id: str, name: str) -> bool:
    return bool(name) and (sweep_id.startswith(name) or sweep_id.rpartition("-")[2].startswith(name))
