"""The container image that this attempt runs in, as the ECS agent reports it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 2.0
_VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"


@dataclass(frozen=True)
class Image:
    """An image: its name in the job definition, and the digest (sha256:...) of what was pulled."""

    name: str
    digest: str


def find(environment: Mapping[str, str]) -> Image | None:
    """The image that the ECS agent names (Amazon ECS developer guide, task metadata
    endpoint version 4); None where there is no agent, as on a laptop, or it doesn't answer.
    """
    address = urlsplit(environment.get(_VARIABLE, ""))
    if not address.hostname:
        return None
    connection = HTTPConnection(address.hostname, address.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", address.path or "/")
        answer = connection.getresponse()
        found = json.loads(answer.read()) if answer.status == HTTPStatus.OK else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    if not isinstance(found, dict) or not isinstance(found.get("ImageID"), str):
        return None
    return Image(str(found.get("Image", "")), found["ImageID"])
