"""A slow line to a server on this machine."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

_BLOCK = 64 * 1024
_PAUSE_SECONDS = 0.05  # after each block that is sent


@contextmanager
def slow_line(url: str) -> Iterator[str]:
    """The URL of a line to `url`, which is there until the block ends."""
    target = urlsplit(url)
    assert target.hostname
    assert target.port
    place = target.hostname, target.port
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=_accept, args=(server, place), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _accept(server: socket.socket, place: tuple[str, int]) -> None:
    while True:
        try:
            near, _ = server.accept()
        except OSError:
            return  # closed
        far = socket.create_connection(place)
        for pair in ((near, far, _PAUSE_SECONDS), (far, near, 0.0)):
            threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, pause: float) -> None:
    try:
        while block := source.recv(_BLOCK):
            target.sendall(block)
            time.sleep(pause)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()
