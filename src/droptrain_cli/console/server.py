"""Serves the console on 127.0.0.1: the page, /api/ for the stack's HTTP API, /local/ for local commands."""

import errno
import io
import logging
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import ClientError

from droptrain.aws_errors import explained, is_denied, needs_sign_in
from droptrain.errors import ApiError, DroptrainError, UnreachableError
from droptrain.stack import Stack
from droptrain_cli.console.answers import HEADERS, Answer, ProblemError
from droptrain_cli.console.deadlines import ANSWER_SECONDS, HEAD_SECONDS, IDLE_SECONDS, TimedStream
from droptrain_cli.console.forward import Forward
from droptrain_cli.console.local_calls import LocalCalls
from droptrain_cli.console.page import Page
from droptrain_cli.console.request import Body, Request
from droptrain_cli.console.session_auth import SessionAuth
from droptrain_local.loopback import LoopbackHandler, LoopbackServer, listen

_API, _LOCAL = "/api/", "/local/"
_READS = ("GET", "HEAD")
_FORBIDDEN = 403
_LENGTH_DIGITS = 18
# The next call may have other credentials: API Gateway doesn't say why it refuses.
_SIGN_IN = ((401, "signed-out"), (403, "refused"))
_logger = logging.getLogger(__name__)


class ConsoleServer:
    """Serves one stack's console from the moment it is made until `close`; `port` 0 is a free one.

    PortTakenError; DroptrainError where the page isn't installed.
    """

    def __init__(self, stack: Stack, port: int = 0) -> None:
        self._stack = stack
        self._page = Page()
        self._forward = Forward(stack)
        self._local = LocalCalls(stack)
        listener = listen(port)
        self.port: int = listener.getsockname()[1]
        self.session_auth = SessionAuth(self.port)
        handler = type("Handler", (_Handler,), {"console": self})
        self._server = LoopbackServer(handler, "console", listener)

    def close(self) -> None:
        """Stop serving."""
        self._local.close()
        self._server.close()
        self._forward.close()

    def answer(self, request: Request) -> Answer:
        """The answer to a request, whatever goes wrong."""
        try:
            return self._answer(request)
        except ProblemError as problem:
            refused = problem
        except Exception as error:  # noqa: BLE001  explained, or logged, and answered
            refused = _problem_of(error)
        if (refused.status, refused.name) in _SIGN_IN:
            self._stack.renew_credentials()
        return refused.answer

    def _answer(self, request: Request) -> Answer:
        self.session_auth.check_host(request.headers)
        for prefix in (_API, _LOCAL):
            if request.path.startswith(prefix):
                self.session_auth.check_call(request.method, request.headers)
                request.body.is_wanted = True
                if prefix == _API:
                    return self._forward.call(request, request.path.removeprefix("/api"))
                return self._local.call(request, unquote(request.path.removeprefix(_LOCAL)))
        if request.method not in _READS:
            raise ProblemError(405, "no-such-method", "The page's files are only read.")
        if request.path == "/" and "token" in request.query:
            return self.session_auth.let_in(request.query["token"])
        return self._page.get(unquote(request.path), request.headers)


def _problem_of(error: Exception) -> ProblemError:
    if isinstance(error, UnreachableError):
        return ProblemError(502, "unreachable", error.message)
    if isinstance(error, ApiError):
        return ProblemError(error.status, error.problem or "refused", error.message)
    if isinstance(error, DroptrainError):
        return ProblemError(422, "refused", error.message)
    if of_aws := explained(error):
        if needs_sign_in(error):
            return ProblemError(401, "signed-out", of_aws.message)
        if isinstance(error, ClientError) and is_denied(error):
            return ProblemError(_FORBIDDEN, "denied", of_aws.message)
        return ProblemError(502, "aws", of_aws.message)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return ProblemError(
            507, "disk-full", "The disk of this machine is full. Make room, and send it again."
        )
    _logger.error("A call of the console failed", exc_info=error)
    return ProblemError(500, "fault", f"{type(error).__name__}: {error}. That is a fault of droptrain.")


class _Handler(LoopbackHandler):
    console: ConsoleServer
    server_version = "droptrain"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._stream = TimedStream(self.connection)
        self._reader = io.BufferedReader(self._stream)
        self.rfile = self._reader

    def handle_one_request(self) -> None:
        try:
            self._stream.allow(IDLE_SECONDS)
            self._reader.peek(1)
        except OSError:  # no request came, or the client has reset the connection
            self.close_connection = True
            return
        self._stream.allow(HEAD_SECONDS)
        super().handle_one_request()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "")
        is_number = length.isascii() and length.isdigit() and len(length) <= _LENGTH_DIGITS
        has_length = is_number and "Transfer-Encoding" not in self.headers
        has_body = bool(length) or "Transfer-Encoding" in self.headers
        body = Body(self.rfile, int(length) if has_length else None, self._stream.allow)
        path, _, raw_query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(raw_query, keep_blank_values=True))
        answer = self.console.answer(Request(self.command, path, raw_query, query, headers, body))
        if has_body != has_length or not body.skip():
            self.close_connection = True
        self.connection.settimeout(ANSWER_SECONDS)
        headers = {"Cache-Control": "no-store", **HEADERS, **answer.headers}
        if self.close_connection:
            headers["Connection"] = "close"
        if answer.parts is None:
            self.send(answer.status, answer.body, list(headers.items()))
        else:
            self.send_parts(answer.status, answer.parts, list(headers.items()))

    def __getattr__(self, name: str) -> Any:
        """Every method is taken: which are allowed is for the answer to say."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)
