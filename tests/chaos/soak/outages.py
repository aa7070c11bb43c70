"""AWS as functions find it on a bad day: it refuses, it loses its answer, they die with their request sent.

Only requests of functions meet this; the soak's own, the laptop cloud's and the trainings' go through.
"""

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Literal

from droptrain_local.aws_server import AwsServer
from droptrain_local.permissions.guard import Guard

Deed = Literal["refuse", "lose", "die"]
_FUNCTION = "AWS_Lambda"
_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


class Outages:
    """What is out of order at this moment. Requests are named as in `dynamodb:UpdateItem` or `s3:PUT`."""

    def __init__(self, counted: Counter[str]) -> None:
        self.function_pids: Callable[[], list[int]] = list
        self._counted = counted
        self._lock = threading.Lock()
        self._refused_until: dict[str, float] = {}
        self._ambushes: list[tuple[str, Deed]] = []

    def refuse(self, service: str, seconds: float) -> None:
        """Answer every request to a service with 503 for a while."""
        with self._lock:
            self._refused_until[service] = time.monotonic() + seconds

    def ambush(self, request: str, deed: Deed) -> None:
        """Carry out the next such request; then lose its answer, or kill every function's process."""
        with self._lock:
            self._ambushes.append((request, deed))

    def end(self) -> None:
        """From now on all is well."""
        with self._lock:
            self._refused_until.clear()
            self._ambushes.clear()

    def judge(self, service: str, action: str) -> Deed | None:
        """What happens to this request."""
        request = f"{service}:{action}"
        with self._lock:
            if time.monotonic() < self._refused_until.get(service, 0):
                self._counted[f"refused {service}"] += 1
                return "refuse"
            for ambush in self._ambushes:
                if ambush[0] == request:
                    self._ambushes.remove(ambush)
                    done = "answer lost" if ambush[1] == "lose" else "functions killed"
                    self._counted[f"{done} after {request}"] += 1
                    return ambush[1]
        return None


class UnreliableAwsServer(AwsServer):
    """The laptop cloud's AWS server, with outages."""

    def __init__(self, port: int, guard: Guard, outages: Outages) -> None:
        self._outages = outages
        super().__init__(port, guard)

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        deed = None
        if _FUNCTION in environ.get("HTTP_USER_AGENT", ""):
            deed = self._outages.judge(*_name(environ))
        if deed is None:
            return super()._answer(environ, start_response)
        if deed != "refuse":
            super()._answer(environ, lambda *_: None)
        if deed == "die":
            kill(self._outages.function_pids())
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b""]


def kill(pids: Iterable[int]) -> None:
    """SIGKILL, to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _name(environ: dict[str, Any]) -> tuple[str, str]:
    found = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return found[1] if found else "", target or environ["REQUEST_METHOD"]
