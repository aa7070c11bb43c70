"""moto's server in this process, on 127.0.0.1: S3, SQS, SNS, EventBridge, DynamoDB and CloudWatch Logs.

What moto does differently from AWS, and what becomes of it here:
- It isn't made for requests at the same time: DynamoDB's ADD loses updates, two receivers can get the same
  message, two conditional puts can both win. Here one request at a time reaches it.
- Its long polls would hold up everybody then. Here a receiver waits in front of moto.
- Its transactions and listings copy all that there is, and keep the copies. moto_speed.py does without.
- It returns invented prices. no_prices.py returns none.
- It knows no account. laptop_account.py answers of its plan and its quotas.
- Its CloudFormation isn't used, and it moves no dead letters. `answer_first` takes those who answer instead.
- It lets everybody do everything, or knows no conditions. Here roles and callers are held to their policies.
- It answers any web page. Here a request that a browser sends for another site is refused, unless it follows
  a link of a page of this machine.
- A multipart upload emits two "Object Created" events, `sequencer` is constant, `eTag` is what S3 calls
  `etag`, and each `reason` is ObjectCreated. Left as it is: events may repeat on AWS too, nothing reads the
  first two fields, and by the third a copy only counts as an upload.
"""

import io
import json
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import parse_qsl

from moto.backends import get_backend
from moto.moto_api._internal import moto_api_backend
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from droptrain_local import laptop_account, no_prices
from droptrain_local.clients import ACCOUNT, REGION
from droptrain_local.loopback import follows_a_link, is_from_here, listen
from droptrain_local.moto_speed import speed_up
from droptrain_local.permissions import access_denied, required_actions
from droptrain_local.permissions.access_denied import AccessDenied
from droptrain_local.permissions.guard import Guard, Principal, WrongTokenError
from droptrain_local.permissions.requests import AwsRequest, operation_of

Environ = dict[str, Any]
# (content type, body) for an action and a request's body, or RefusedError; None for another kind of request.
Answer = Callable[[str, IO[bytes]], tuple[str, bytes] | None]
_LOOK_SECONDS = 0.05
_IN_MEMORY_BYTES = 1 << 20
_PART_BYTES = 1 << 16
_logger = logging.getLogger(__name__)
_TELLS_OF_KEYS = {("s3", "GetObject"), ("s3", "HeadObject")}
_READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet")


class RefusedError(Exception):
    """A request that can't be carried out, as the API words that."""

    def __init__(self, content_type: str, body: bytes) -> None:
        super().__init__(body.decode())
        self.content_type = content_type
        self.body = body


class AwsServer:
    """Serves from the moment it is made. Its state is moto's, which is the whole process's: one at a time."""

    def __init__(self, port: int = 0, guard: Guard | None = None) -> None:
        self._guard = guard or Guard()
        moto_api_backend.reset()
        speed_up()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._one_at_a_time = threading.Lock()
        self._closing = threading.Event()
        self._written = threading.Condition()
        self._writes = 0
        self._answers: list[Answer] = [no_prices.answer, laptop_account.answer]
        with listen(port) as listener:
            self._server = ThreadedWSGIServer(
                "127.0.0.1", port, self._answer, handler=_RequestHandler, fd=listener.fileno()
            )
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="aws-server", daemon=True
        )
        self._thread.start()

    def wait_for_table_write(self, seen: int, timeout: float) -> int:
        """Wait until a table was written to after the write number `seen`; the newest write's number."""
        with self._written:
            self._written.wait_for(lambda: self._writes > seen or self._closing.is_set(), timeout)
            return self._writes

    def answer_first(self, answer: Answer) -> None:
        """Let `answer` see each POST before moto does."""
        self._answers.append(answer)

    def hold(self) -> None:
        """Let receivers wait again, after `release`."""
        self._closing.clear()

    def release(self) -> None:
        """End the waiting of receivers and of those who wait for a write; until `hold` nobody waits."""
        self._closing.set()
        with self._written:
            self._written.notify_all()

    def close(self) -> None:
        """Stop listening, and forget everything."""
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        moto_api_backend.reset()

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not _may_answer(environ):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"The laptop cloud answers programs on this machine, no web pages of other sites.\n"]
        # Read before it is this request's turn: a slow upload delays no other request.
        try:
            body = _read_body(environ)
        except EOFError:
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"The body ended early.\n"]
        call = self._call(environ, body)
        if isinstance(call, AccessDenied):
            return _refuse(call, environ, start_response)
        action = environ.get("HTTP_X_AMZ_TARGET", "")
        if action == "AmazonSQS.ReceiveMessage":
            text = json.dumps(self._wait_for_message(json.loads(body.read() or b"{}"))).encode()
            body, environ["CONTENT_LENGTH"] = io.BytesIO(text), str(len(text))
        try:
            found = self._instead_of_moto(action, environ, body)
        except RefusedError as error:
            start_response("400 Bad Request", [("Content-Type", error.content_type)])
            return [error.body]
        if found:
            start_response("200 OK", [("Content-Type", found[0]), ("Content-Length", str(len(found[1])))])
            return [found[1]]
        environ["wsgi.input"] = body
        started: list[tuple[str, list[tuple[str, str]]]] = []
        with self._one_at_a_time:
            answered = self._moto(environ, lambda status, headers, *_: started.append((status, headers)))
        if call and started[0][0].startswith("404") and (hidden := self._hides(call)):
            return _refuse(hidden, environ, start_response)
        start_response(*started[0])
        if action.startswith("DynamoDB_") and not action.partition(".")[2].startswith(_READS):
            with self._written:
                self._writes += 1
                self._written.notify_all()
        return answered

    def _instead_of_moto(self, action: str, environ: Environ, body: IO[bytes]) -> tuple[str, bytes] | None:
        if environ["REQUEST_METHOD"] != "POST":
            return laptop_account.settings(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        return next(filter(None, (answer(action, body) for answer in self._answers)), None)

    def _call(self, environ: Environ, body: IO[bytes]) -> "_Call | AccessDenied | None":
        """A call that policies allow, or why it is refused; None for one of the laptop's owner."""
        request = _request(environ, body)
        signer = request.signer
        if signer is None:
            return None
        try:
            principal = self._guard.principal(signer.access_key, signer.token)
        except WrongTokenError:
            return access_denied.wrong_token(signer.service)
        if principal is None:
            return None
        operation, parameters = operation_of(signer.service, request)
        wanted = required_actions.required_actions(signer.service, operation, parameters)
        missing = self._guard.missing(principal, f"{signer.service}:{operation}", wanted)
        if missing:
            return access_denied.denied(signer.service, principal.arn, missing)
        return _Call(principal, signer.service, operation, parameters)

    def _hides(self, call: "_Call") -> AccessDenied | None:
        """S3's answer to who may read an object that isn't there, but may not list the bucket."""
        if (call.service, call.operation) not in _TELLS_OF_KEYS:
            return None
        subject = f"{call.service}:{call.operation} of a key that isn't there"
        missing = self._guard.missing(
            call.principal, subject, [required_actions.for_missing_key(call.parameters)]
        )
        return access_denied.denied(call.service, call.principal.arn, missing) if missing else None

    def _wait_for_message(self, request: dict[str, Any]) -> dict[str, Any]:
        """Wait as long as the receiver or its queue says; then moto is asked not to wait."""
        queues: dict[str, Any] = get_backend("sqs")[ACCOUNT][REGION].queues
        queue = queues.get(request.get("QueueUrl", "").rpartition("/")[2])
        default = queue.receive_message_wait_time_seconds if queue else 0
        seconds = request.get("WaitTimeSeconds", default)
        if not isinstance(seconds, int) or not 0 <= seconds <= 20:
            return request  # moto says what is wrong with it
        deadline = time.monotonic() + seconds
        while queue and time.monotonic() < deadline:
            if queue.messages:  # without a turn: it only looks, and those who wait would hold up who work
                break
            if self._closing.wait(_LOOK_SECONDS):
                break
        return {**request, "WaitTimeSeconds": 0}


@dataclass(frozen=True)
class _Call:
    principal: Principal
    service: str
    operation: str
    parameters: dict[str, Any]


class _RequestHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        _logger.debug(message, *args)


def _request(environ: Environ, body: IO[bytes]) -> AwsRequest:
    headers = {
        name.removeprefix("HTTP_").lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return AwsRequest(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=headers,
        host=headers.get("host", ""),
        body=body,
    )


def _refuse(refusal: AccessDenied, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else refusal.body
    start_response(refusal.status, [*refusal.headers, ("Content-Length", str(len(body)))])
    return [body]


def _may_answer(environ: Environ) -> bool:
    names = ("host", "origin", "sec-fetch-site", "sec-fetch-mode")
    fields = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}") for name in names}
    headers = {name: value for name, value in fields.items() if value is not None}
    if is_from_here(headers.get("host", ""), headers.get("origin"), headers.get("sec-fetch-site")):
        return True
    return follows_a_link(environ["REQUEST_METHOD"], environ.get("RAW_URI", ""), headers)


def _read_body(environ: Environ) -> IO[bytes]:
    source = environ["wsgi.input"]
    chunked = environ.get("wsgi.input_terminated", False)
    left = float("inf") if chunked else int(environ.get("CONTENT_LENGTH") or 0)
    body = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115  moto reads it after this
    while left > 0:
        part = source.read(int(min(left, _PART_BYTES)))
        if not part:
            break
        body.write(part)
        left -= len(part)
    if left > 0 and not chunked:
        raise EOFError
    body.seek(0)
    return body
