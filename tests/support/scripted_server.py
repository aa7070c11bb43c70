"""An HTTP server that answers as it is told, and keeps what it was asked."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer; with `cut` the connection ends before all of the body is sent, with -1 before any answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


def problem(status: int, name: str, detail: str, **headers: str) -> Reply:
    """A problem document, as the API writes it."""
    document = {"type": f"urn:droptrain:problem:{name}", "title": "", "status": status, "detail": detail}
    return Reply(status, document, {"Content-Type": "application/problem+json", **headers})


class ScriptedServer:
    """Serves on 127.0.0.1 until it is closed; what comes is by `answer`, else `script` in its order."""

    def __init__(self, port: int = 0) -> None:
        self.asked: list[Asked] = []
        self.script: list[Reply] = []
        self.answer: Callable[[Asked], Reply] = lambda _: self.script.pop(0)
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", port), type("Handler", (_Handler,), {"scripted": self})
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    scripted: ScriptedServer
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body)
        self.scripted.asked.append(asked)
        reply = self.scripted.answer(asked)
        if reply.cut == -1:
            self.close_connection = True
            return
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        if reply.status in (204, 304):
            content = b""
        self.send_response(reply.status)
        kind = {} if isinstance(reply.body, bytes) else {"Content-Type": "application/json"}
        for name, value in {**kind, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: reply.cut])
        if reply.cut is not None:
            self.close_connection = True

    do_DELETE = do_GET = do_PATCH = do_POST = _serve

    def log_message(self, *_: Any) -> None:
        """Tests read `asked` instead."""
