"""A program on the same machine that sends the console too slowly, or too much: over real connections."""

# ruff: noqa: F401, F811  fixtures of the console's own tests
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from integration.console.conftest import api, browser, console, s3, stack, stranger
from support.console_browser import Browser

from droptrain_cli.console.request import MAX_BODY_BYTES
from droptrain_cli.console.server import ConsoleServer

PIECE = 256 * 1024
LARGE = 10 * 10**9
UPLOAD = "/local/uploads?project=trees&dataset=d1&file=train.csv"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that a client has time for takes half a second."""
    for name in ("server.IDLE_SECONDS", "server.HEAD_SECONDS", "request.PIECE_SECONDS"):
        monkeypatch.setattr(f"droptrain_cli.console.{name}", 0.5)


@contextmanager
def connected(console: ConsoleServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", console.port), timeout=20) as connection:
        yield connection


def head(browser: Browser, method: str, target: str, length: int, **more: str) -> bytes:
    headers = {
        "Host": f"127.0.0.1:{browser.port}", "Origin": browser.own, "Cookie": browser.cookie,
        "Content-Length": str(length), **more,
    }  # fmt: skip
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def until_closed(connection: socket.socket) -> bytes:
    """What still comes until the server closes the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def drip(connection: socket.socket, content: bytes, every: float = 0.05) -> threading.Thread:
    """Send a byte at a time, until nobody takes them any more."""

    def send() -> None:
        with suppress(OSError):
            for byte in content:
                connection.sendall(bytes([byte]))
                time.sleep(every)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("content", [
    b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 1000,
], ids=["nothing", "a line", "headers", "an endless header"])  # fmt: skip
def test_a_request_whose_head_never_ends_loses_its_connection(
    console: ConsoleServer, browser: Browser, content: bytes
) -> None:
    began = time.monotonic()
    with connected(console) as connection:
        drip(connection, content)
        assert until_closed(connection) == b""
    assert time.monotonic() - began < 5
    assert browser.ask("GET", "/local/info").status == 200


def test_a_hundred_slow_requests_hold_nobody_up(console: ConsoleServer, browser: Browser) -> None:
    slow = [socket.create_connection(("127.0.0.1", console.port), timeout=20) for _ in range(100)]
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\n")
    assert browser.ask("GET", "/local/info").status == 200
    began = time.monotonic()
    for connection in slow:
        until_closed(connection)
        connection.close()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("method", "target"), [("PUT", UPLOAD), ("POST", "/local/drops"), ("POST", "/api/runs")]
)
@pytest.mark.parametrize("drips", [True, False], ids=["a byte at a time", "silent"])
def test_a_body_that_never_comes_is_answered_and_loses_its_connection(
    console: ConsoleServer, browser: Browser, s3: Any, method: str, target: str, drips: bool
) -> None:
    s3.put_object(Bucket="data", Key="projects/trees/code/run.sh", Body=b"exit 0\n")
    began = time.monotonic()
    with connected(console) as connection:
        connection.sendall(head(browser, method, target, 1000) + b"{")
        if drips:
            drip(connection, b" " * 990)
        answer = until_closed(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"Connection: close" in answer
    assert b"urn:droptrain:problem:too-slow" in answer
    assert time.monotonic() - began < 5


def test_a_large_file_has_time_as_long_as_it_goes_on(
    console: ConsoleServer, browser: Browser, s3: Any
) -> None:
    s3.put_object(Bucket="data", Key="projects/trees/code/run.sh", Body=b"exit 0\n")
    began = time.monotonic()
    with connected(console) as connection:
        connection.sendall(head(browser, "PUT", UPLOAD, 6 * PIECE))
        for _ in range(6):
            time.sleep(0.15)
            connection.sendall(b"1,2\n" * (PIECE // 4))
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert time.monotonic() - began > 0.5


CALLS = [
    ("POST", "/"), ("PUT", "/app.js"), ("POST", "/nothing"), ("GET", "/"), ("PUT", UPLOAD),
    ("POST", "/local/drops"),
    ("POST", "/api/runs"), ("DELETE", "/api/runs/r"), ("POST", "/local/nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target"), CALLS)
def test_ten_gigabytes_of_a_stranger_are_not_read(
    console: ConsoleServer, stranger: Browser, method: str, target: str
) -> None:
    assert sent_before_the_end(console, head(stranger, method, target, LARGE)) < 8 * MAX_BODY_BYTES


@pytest.mark.parametrize("headers", [
    {"Host": "rebound.example"}, {"Origin": "https://example.com"}, {"Sec-Fetch-Site": "cross-site"},
    {"Content-Length": "9" * 5000}, {"Content-Length": "-1"}, {"Transfer-Encoding": "chunked"},
], ids=["host", "origin", "site", "length", "negative", "chunked"])  # fmt: skip
def test_ten_gigabytes_of_another_page_are_not_read_though_the_browser_has_the_cookie(
    console: ConsoleServer, browser: Browser, headers: dict[str, str]
) -> None:
    asked = head(browser, "PUT", UPLOAD, LARGE, **headers)
    assert sent_before_the_end(console, asked) < 8 * MAX_BODY_BYTES


def sent_before_the_end(console: ConsoleServer, asked: bytes) -> int:
    """How many bytes of a body the server and the connection's buffers take."""
    sent = 0
    with connected(console) as connection:
        connection.sendall(asked)
        with suppress(OSError):
            while sent < 64 * MAX_BODY_BYTES:
                sent += connection.send(b"x" * PIECE)
    return sent


def test_what_follows_a_body_that_was_not_read_is_no_request(
    console: ConsoleServer, stranger: Browser
) -> None:
    """Else a stranger's body could hold a request of its own."""
    smuggled = head(stranger, "GET", "/app.js", 0)
    with connected(console) as connection:
        connection.sendall(head(stranger, "POST", "/local/drops", 2 * MAX_BODY_BYTES) + smuggled)
        assert until_closed(connection).count(b"HTTP/1.1 ") == 1


def test_a_small_body_of_a_stranger_leaves_the_connection_as_it_was(
    console: ConsoleServer, stranger: Browser
) -> None:
    with connected(console) as connection:
        for _ in range(2):
            connection.sendall(head(stranger, "POST", "/local/drops", 5) + b"12345")
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"Connection: close" not in answer
