"""A gate before a server: while it is shut, whoever connects is turned away."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHUNK_BYTES = 1 << 16


class Gate:
    """Passes connections on to `endpoint` while `is_open`; its own address is `url`."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._behind = (parts.hostname, parts.port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.is_open = True
        self.turned_away = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                front, _ = self._server.accept()
            except OSError:
                return
            if not self.is_open:
                self.turned_away += 1
                front.close()
                continue
            behind = socket.create_connection(self._behind)
            for source, target in ((front, behind), (behind, front)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with source, target, suppress(OSError):
            while self.is_open and (chunk := source.recv(_CHUNK_BYTES)):
                target.sendall(chunk)


@contextmanager
def gate(endpoint: str) -> Iterator[Gate]:
    """A gate that is taken away at the end."""
    made = Gate(endpoint)
    try:
        yield made
    finally:
        made.close()
