"""A push publishes recipe and code together. `push.json` says whether one is under way, and names the
versions from before it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from droptrain_core.domain.datasets.dataset import PROJECT_NAME, ObjectVersion, code_prefix, recipe_key
from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.text import encodable

SCHEMA = 1


@frozen
class Published:
    """A project's recipe and code, each file by its version."""

    recipe: ObjectVersion | None
    code: tuple[ObjectVersion, ...]


@frozen
class Push:
    """`push.json` at one moment; `version_id` is None where there is none.

    `before` has the versions that launches use during a push; None: the current objects count.
    """

    version_id: str | None = None
    before: Published | None = None
    problem: RejectedError | None = None


def push_key(project: str) -> str:
    """The key of the state of the project's pushes."""
    return f"projects/{project}/push.json"


def published_project(key: str) -> str | None:
    """The project whose recipe or `push.json` has this key; None for another key."""
    folder, _, project = key.rpartition("/")[0].partition("/")
    is_project = folder == "projects" and PROJECT_NAME.fullmatch(project)
    return project if is_project and key in (recipe_key(project), push_key(project)) else None


def pushing(before: Published, started_at: str) -> dict[str, Any]:
    """`push.json` during a push: launches use the versions in `before`."""
    recipe = asdict(before.recipe) if before.recipe else None
    code = [asdict(item) for item in before.code]
    return {"schema": SCHEMA, "state": "pushing", "started_at": started_at, "recipe": recipe, "code": code}


def complete(completed_at: str) -> dict[str, Any]:
    """`push.json` after a push: launches use the pushed files."""
    return {"schema": SCHEMA, "state": "complete", "completed_at": completed_at}


def read(project: str, document: object, version_id: str) -> Push:
    """The state in a parsed `push.json`; its `problem` is set if a push can't have written it."""
    try:
        return Push(version_id, _before(project, document))
    except (KeyError, TypeError, ValueError):
        return Push(version_id, problem=RejectedError(_unreadable(project)))


def expired(project: str) -> Cause:
    """The cause of a rejection when the versions from before an unfinished push are gone."""
    return Cause(
        "push_unfinished",
        f"A push of {project} is unfinished, and the versions from before it have been deleted since",
        f"Finish it with: droptrain push {project}. Then launch the dataset with POST /runs.",
    )


def _before(project: str, document: object) -> Published | None:
    if not isinstance(document, Mapping) or document["schema"] != SCHEMA:
        raise ValueError
    if document["state"] == "complete":
        return None
    if document["state"] != "pushing":
        raise ValueError
    recipe = _version(document["recipe"]) if document["recipe"] is not None else None
    code = tuple(_version(item) for item in document["code"])
    if recipe and recipe.key != recipe_key(project):
        raise ValueError
    if not all(item.key.startswith(code_prefix(project)) for item in code):
        raise ValueError
    return Published(recipe, code)


def _version(item: Mapping[str, Any]) -> ObjectVersion:
    version = ObjectVersion(item["key"], item["version_id"], item["size"], item["etag"])
    texts = (version.key, version.version_id, version.etag)
    if not all(isinstance(text, str) for text in texts) or not isinstance(version.size, int):
        raise TypeError
    if any(text != encodable(text) for text in texts):
        raise ValueError
    return version


def _unreadable(project: str) -> Cause:
    return Cause(
        "bad_push",
        f"{push_key(project)} isn't in droptrain's form, so it is unknown which code counts",
        f"Push again with: droptrain push {project}; or delete the object, so that the current files count.",
    )
