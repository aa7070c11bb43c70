"""A proxy before an S3 that spoils answers, as networks and servers do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["truncated", "other", "refused", "silent"]
REFUSAL = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"


class FaultProxy(ThreadingHTTPServer):
    """Passes GETs on to the S3 at `endpoint`; spoils the next `spoils` answers with `fault`."""

    daemon_threads = True
    fault: Fault = "truncated"
    spoils = 0

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.s3 = urlsplit(endpoint).netloc
        self.gets = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take_fault(self) -> Fault | None:
        with self._lock:
            self.gets += 1
            if self.spoils <= 0:
                return None
            self.spoils -= 1
            return self.fault


class _Handler(BaseHTTPRequestHandler):
    server: FaultProxy

    def do_GET(self) -> None:
        fault = self.server.take_fault()
        if fault == "silent":
            self.server.closing.wait()
            return
        status, headers, body = (403, [], REFUSAL) if fault == "refused" else self._ask()
        if fault == "other":
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault == "truncated" else body)

    def _ask(self) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(self.server.s3)
        connection.request("GET", self.path, headers=dict(self.headers))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), body

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def fault_proxy(endpoint: str) -> Iterator[FaultProxy]:
    with FaultProxy(endpoint) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            proxy.shutdown()
