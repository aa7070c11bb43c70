"""The instance: whether Spot takes it away, and which one it is; both from its metadata service (IMDSv2)."""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

# The notice comes two minutes before the end and AWS advises to look every 5 seconds (EC2 user guide, Spot
# instance interruption notices).
_LOOK_SECONDS = 5.0
_TIMEOUT_SECONDS = 1.0
# A token and two answers, each in time.
_FIRST_LOOK_SECONDS = 3 * _TIMEOUT_SECONDS
_LIFETIME = "21600"


@dataclass(frozen=True)
class Instance:
    """The machine that an attempt runs on; `lifecycle` is spot, on-demand or the like.

    `launched_at` is when EC2 launched it (EC2 user guide: instance identity documents, pendingTime).
    """

    id: str
    type: str
    zone: str
    lifecycle: str
    launched_at: str = ""


class Metadata:
    """The instance metadata service at one address. OSError or HTTPException when it doesn't answer."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._token = ""

    def instance(self) -> Instance:
        """Which instance this is; ValueError if the answer isn't one."""
        document = json.loads(self._get("dynamic/instance-identity/document") or "")
        if not isinstance(document, dict):
            raise ValueError("the identity document isn't an object")
        return Instance(
            id=str(document.get("instanceId", "")),
            type=str(document.get("instanceType", "")),
            zone=str(document.get("availabilityZone", "")),
            lifecycle=self._get("meta-data/instance-life-cycle") or "",
            launched_at=str(document.get("pendingTime", "")),
        )

    def is_reclaimed(self) -> bool:
        """Whether there is a notice that Spot takes the instance away."""
        return self._get("meta-data/spot/instance-action") is not None

    def _get(self, path: str) -> str | None:
        """What is at `path`; None if nothing is. A token that ran out is renewed at the next look."""
        if not self._token:
            status, text = self._request(
                "PUT", "api/token", {"X-aws-ec2-metadata-token-ttl-seconds": _LIFETIME}
            )
            if status != HTTPStatus.OK:
                raise OSError(f"the metadata service gives no token: HTTP status {status}")
            self._token = text
        status, text = self._request("GET", path, {"X-aws-ec2-metadata-token": self._token})
        if status == HTTPStatus.OK:
            return text
        if status != HTTPStatus.NOT_FOUND:
            self._token = ""
            raise OSError(f"the metadata service answers {path} with HTTP status {status}")
        return None

    def _request(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str]:
        address = self._address
        connection = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, f"{address.path}/latest/{path}", headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()


class Watch:
    """A thread that finds out which instance this is and calls `on_reclaim` once when Spot takes it away."""

    def __init__(self, metadata: Metadata, on_reclaim: Callable[[], None]) -> None:
        self._metadata = metadata
        self._on_reclaim = on_reclaim
        self.instance: Instance | None = None
        self._has_looked = threading.Event()
        threading.Thread(target=self._run, name="reclaim", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not self._sees_reclaim():
            pause.wait(_LOOK_SECONDS)
        self._on_reclaim()

    def wait_for_instance(self) -> Instance | None:
        """Which instance this is, once the first look is over; None if that didn't tell."""
        self._has_looked.wait(_FIRST_LOOK_SECONDS)
        return self.instance

    def look(self) -> None:
        """Look once more, now; takes two seconds at most. A TERM may be Spot's, and come before its turn."""
        if self._sees_reclaim():
            self._on_reclaim()

    def _sees_reclaim(self) -> bool:
        # Not on EC2, or not just now: the next check will show.
        with suppress(OSError, HTTPException, ValueError):
            if self.instance is None:
                self.instance = self._metadata.instance()
        self._has_looked.set()
        with suppress(OSError, HTTPException):
            return self._metadata.is_reclaimed()
        return False
