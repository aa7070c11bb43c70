"""HTTP servers on 127.0.0.1, for programs on this machine only."""

import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from droptrain_local.errors import PortTakenError

_logger = logging.getLogger(__name__)


def listen(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1, on a free port if it is 0; PortTakenError if the port isn't free."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise PortTakenError(port) from error
    listener.listen(128)
    return listener


def is_from_here(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Whether a request, by its headers Host, Origin and Sec-Fetch-Site, comes from no other site's page.

    A page in a browser can call servers of this machine, where training code runs; such a call names its
    origin or its site, or another host, if a name was bound to 127.0.0.1.
    """
    return _is_local(host) and origin is None and fetch_site in (None, "none", "same-origin")


def follows_a_link(method: str, target: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser follows a link of a page of this machine, such as the console's to an artifact.

    What it gets then stands for itself: the page with the link can't read it. A query that names an AWS
    action would do something, and is no link. Header names are in lower case.
    """
    return (
        method == "GET"
        and _is_local(headers.get("host", ""))
        and "origin" not in headers
        and headers.get("sec-fetch-site") == "same-site"
        and headers.get("sec-fetch-mode") == "navigate"
        and not any(name.lower() == "action" for name, _ in parse_qsl(urlsplit(target).query))
    )


def _is_local(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return name in ("", "127.0.0.1", "localhost") or name.endswith(".localhost")


class LoopbackServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1 in threads, by default on a free port, from when it is made until `close`."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, handler: type[BaseHTTPRequestHandler], name: str, listener: socket.socket | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), handler, bind_and_activate=False)
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        self.socket.close()
        self.socket = listener or listen()
        self.server_address = self.socket.getsockname()
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.1}, name=name, daemon=True
        )
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _logger.debug("A client left", exc_info=True)

    def close(self) -> None:
        """Stop listening, and end the connections that clients keep."""
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # its client has reset it
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class LoopbackHandler(BaseHTTPRequestHandler):
    """A request handler that keeps connections open and logs for debugging only."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def send(self, status: int, body: bytes = b"", headers: list[tuple[str, str]] | None = None) -> None:
        """Answer with a body and its length."""
        self.send_response(status)
        for name, value in headers or []:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_parts(self, status: int, parts: Iterator[bytes], headers: list[tuple[str, str]]) -> None:
        """Answer with a body as it comes; if that fails, the client sees that the end is missing."""
        self.send_response(status)
        for name, value in [*headers, ("Transfer-Encoding", "chunked")]:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        for part in parts:
            if part:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def read_body(self) -> bytes:
        """The request's body, by its length."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, format: str, *args: Any) -> None:
        _logger.debug(format, *args)
