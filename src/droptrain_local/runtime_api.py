"""The Lambda Runtime API for one process: it fetches events, and answers each with a result or an error."""

import json
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from droptrain_local.loopback import LoopbackHandler, LoopbackServer

_PREFIX = "/2018-06-01/runtime/"


@dataclass
class Invocation:
    """An event on its way through a function's process; times on the monotonic clock, in seconds."""

    event: bytes
    timeout: float
    request_id: str = field(default_factory=lambda: str(uuid4()))
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    started_at: float = 0.0
    ended_at: float = 0.0
    result: bytes | None = None
    error: dict[str, Any] | None = None

    def succeed(self, result: bytes) -> None:
        self._end(result, None)

    def fail(self, kind: str, message: str) -> None:
        self._end(None, {"errorType": kind, "errorMessage": message})

    def fail_with(self, error: dict[str, Any]) -> None:
        self._end(None, error)

    def _end(self, result: bytes | None, error: dict[str, Any] | None) -> None:
        if not self.ended.is_set():
            self.result, self.error, self.ended_at = result, error, time.monotonic()
            self.ended.set()
            self.started.set()


class RuntimeApi:
    """Answers the four calls of one process: next, response, error, and init error."""

    def __init__(self, function_arn: str) -> None:
        self._function_arn = function_arn
        self._next: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: Invocation | None = None
        self.init_error: dict[str, Any] | None = None
        self._server = LoopbackServer(type("Handler", (_Handler,), {"api": self}), "runtime-api")
        self.address = self._server.address

    def hand_over(self, invocation: Invocation) -> None:
        """Give the process its next event; one at a time."""
        self._current = invocation
        self._next.put(invocation)

    def close(self) -> None:
        """End a waiting `next`, and the connection."""
        self._next.put(None)
        self._server.close()

    def take(self) -> tuple[list[tuple[str, str]], bytes] | None:
        """The next event with the headers that tell of it; waits. None at the end."""
        invocation = self._next.get()
        if invocation is None:
            return None
        invocation.started_at = time.monotonic()
        invocation.started.set()
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + invocation.timeout) * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", self._function_arn),
        ]
        return headers, invocation.event

    def receive(self, path: list[str], body: bytes) -> bool:
        """Take a result or an error; False if the path is none of the Runtime API's."""
        invocation = self._current
        if path == ["init", "error"]:
            self.init_error = _read_error(body)
        elif path[:1] == ["invocation"] and invocation and path[1:2] == [invocation.request_id]:
            if path[2:] == ["response"]:
                invocation.succeed(body)
            elif path[2:] == ["error"]:
                invocation.fail_with(_read_error(body))
            else:
                return False
        else:
            return False
        return True


class _Handler(LoopbackHandler):
    api: RuntimeApi

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}invocation/next":
            return self.send(404)
        taken = self.api.take()
        if taken is None:
            self.close_connection = True
            return None
        return self.send(200, taken[1], taken[0])

    def do_POST(self) -> None:
        body = self._read()
        known = self.path.startswith(_PREFIX) and self.api.receive(
            self.path.removeprefix(_PREFIX).split("/"), body
        )
        self.send(202 if known else 404, b"{}")

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.read_body()
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)


def _read_error(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)
    except ValueError:
        error = None
    return (
        error
        if isinstance(error, dict)
        else {"errorType": "Unknown", "errorMessage": body.decode("utf-8", "replace")}
    )
