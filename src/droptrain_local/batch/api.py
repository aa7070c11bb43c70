"""The Batch API over HTTP on 127.0.0.1: REST-JSON in and out, and the engine's own controls for tests."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from droptrain_local.batch import limits, validation
from droptrain_local.batch.errors import (
    AnswerLostError,
    BatchError,
    DeniedError,
    RefusedError,
    UnsignedError,
    WrongSessionError,
)
from droptrain_local.permissions.access_denied import message
from droptrain_local.permissions.guard import Guard, WrongTokenError
from droptrain_local.permissions.requests import AwsRequest
from droptrain_local.permissions.required_actions import on_tagged, required_actions

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
JobTags = Callable[[str], Mapping[str, str]]
_LOCAL_PREFIX = "/local/"
_logger = logging.getLogger(__name__)


class BatchServer:
    """Serves `call` (an operation's name and parameters) and `control` (a control's name and body).

    `guard` judges who may call what, also by a job's tags, which `job_tags` answers to its id.
    """

    def __init__(self, call: Call, control: Call, job_tags: JobTags, guard: Guard, port: int = 0) -> None:
        parts = {
            "call": staticmethod(call),
            "control": staticmethod(control),
            "job_tags": staticmethod(job_tags),
            "guard": guard,
        }
        handler = type("Handler", (_Handler,), parts)
        self._server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batch-api", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, close the connections that clients keep, and wait for their threads."""
        self._closing.set()
        # serve_forever would look for its end all the time; a connection wakes this loop once.
        socket.create_connection(("127.0.0.1", self._server.server_port)).close()
        self._thread.join()
        self._server.server_close()
        self._server.disconnect_all()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._server.handle_request()


class _Server(HTTPServer):
    """A thread a connection, all of them ended by `disconnect_all`: clients keep connections open."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, threading.Thread] = {}
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer looks its own host name up here, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self._serve, args=(request, client_address), name="batch-connection", daemon=True
        )
        with self._lock:
            self._connections[request] = thread
        thread.start()

    def disconnect_all(self) -> None:
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join()

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except ConnectionError as error:
            _logger.debug("a client went away: %s", error)
        finally:
            with self._lock:
                del self._connections[request]
            self.shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    call: Call
    control: Call
    job_tags: JobTags
    guard: Guard
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
        self._authorize(operation.name, params)
        return self.call(operation.name, params)

    def _authorize(self, operation: str, params: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        signer = AwsRequest(self.command, self.path, {}, headers).signer
        if signer is None:
            return
        try:
            principal = self.guard.principal(signer.access_key, signer.token)
        except WrongTokenError as error:
            raise WrongSessionError("The security token included in the request is invalid.") from error
        if principal is None:
            return
        tags = self.job_tags(params["jobId"]) if "jobId" in params else {}
        wanted = [on_tagged(need, tags) for need in required_actions("batch", operation, params)]
        missing = self.guard.missing(principal, f"batch:{operation}", wanted)
        if missing:
            raise DeniedError(message(principal.arn, missing))

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
