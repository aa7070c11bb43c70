"""The image that this attempt runs in, and when it was pulled, as the ECS agent reports them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 2.0
_VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"
_PULL = {"image_pull_started_at": "PullStartedAt", "image_pulled_at": "PullStoppedAt"}


@dataclass(frozen=True)
class Image:
    """An image: its name in the job definition, and the digest (sha256:...) of what was pulled."""

    name: str
    digest: str


def find(environment: Mapping[str, str]) -> Image | None:
    """The image that the ECS agent names (Amazon ECS developer guide, task metadata
    endpoint version 4); None where there is no agent, as on a laptop, or it doesn't answer.
    """
    found = _ask(environment, "")
    if not isinstance(found.get("ImageID"), str):
        return None
    return Image(str(found.get("Image", "")), found["ImageID"])


def find_pull(environment: Mapping[str, str]) -> dict[str, str]:
    """When the pull of the image began and ended (the same page, `/task`); empty where `find` finds none."""
    found = _ask(environment, "/task")
    times = {name: _moment(found.get(reported)) for name, reported in _PULL.items()}
    return {name: moment for name, moment in times.items() if moment}


def _ask(environment: Mapping[str, str], path: str) -> Mapping[str, Any]:
    """What the agent answers; empty if it doesn't answer with an object."""
    address = urlsplit(environment.get(_VARIABLE, ""))
    if not address.hostname:
        return {}
    connection = HTTPConnection(address.hostname, address.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", (address.path + path) or "/")
        answer = connection.getresponse()
        found = json.loads(answer.read()) if answer.status == HTTPStatus.OK else None
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return found if isinstance(found, dict) else {}


def _moment(value: object) -> str | None:
    """The agent's time, which has nanoseconds, as the contract writes it."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment.tzinfo else None
