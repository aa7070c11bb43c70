"""The Batch API over HTTP on 127.0.0.1: REST-JSON in and out, and the engine's own controls for tests."""

import json
import logging
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from droptrain_local.batch import limits, validation
from droptrain_local.batch.errors import (
    AnswerLostError,
    BatchError,
    RefusedError,
    UnsignedError,
)

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
_LOCAL_PREFIX = "/local/"
_logger = logging.getLogger(__name__)


class BatchServer:
    """Serves `call` (an operation's name and parameters) and `control` (a control's name and body)."""

    def __init__(self, call: Call, control: Call, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"call": staticmethod(call), "control": staticmethod(control)})
        self._server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="batch-api", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening, close the connections that clients keep, and wait for their threads."""
        self._server.shutdown()
        self._thread.join()
        self._server.disconnect_all()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer looks its own host name up here, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def disconnect_all(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    call: ClassVar[Call]
    control: ClassVar[Call]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        _logger.debug(format, *args)

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self._carry_out(body)
        except AnswerLostError:
            self.close_connection = True
        except BatchError as error:
            self._send(error.http_status, {"__type": error.code, "message": str(error)}, error.code)
        else:
            self._send(200, answer)

    def _carry_out(self, body: bytes) -> dict[str, Any]:
        # A page in a browser always names its origin on such requests: none may start processes here.
        if "Origin" in self.headers:
            raise UnsignedError("Requests from web pages are refused.")
        address = urlsplit(self.path)
        if address.path.startswith(_LOCAL_PREFIX) and self.command == "POST":
            return self.control(address.path.removeprefix(_LOCAL_PREFIX), _read_json(body))
        operation, params = validation.find_operation(self.command, address.path)
        if "Authorization" not in self.headers:
            raise UnsignedError(
                "The request isn't signed: give the client credentials, test and test will do."
            )
        if operation.name == "SubmitJob" and len(body) > limits.MAX_PAYLOAD_BYTES:
            raise RefusedError(f"The request has {len(body)} bytes: {limits.MAX_PAYLOAD_BYTES} are allowed.")
        params |= validation.query_params(operation, parse_qs(address.query)) | _read_json(body)
        return self.call(operation.name, params)

    def _send(self, status: int, answer: dict[str, Any], error: str | None = None) -> None:
        payload = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(payload)


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise RefusedError(f"The body isn't JSON: {error}") from error
    if not isinstance(value, dict):
        raise RefusedError("The body isn't a JSON object.")
    return value
