"""Requests that the API's description allows, or just doesn't, are answered as described."""

import http.client
import json
from urllib.parse import urlsplit

import pytest
from e2e.fuzz_api import fuzz


def test_generated_requests_are_answered_as_described(cloud) -> None:
    assert fuzz(cloud, examples=5, seed=3) == 0


def with_hyperparameter(text: str) -> bytes:
    launch = '{"project": "p", "dataset": "d", "overrides": {"hyperparameters": {"a": %s}}}'
    return (launch % text).encode()


BODIES = {
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "no text": b"\xff\xfe",
    "a zero": b"\x00",
    "latin-1": "é".encode("latin-1"),
    "5 MB": b'"' + b"x" * 5_000_000,
    "infinite": b"1e999999",
    "a huge number": with_hyperparameter("1" + "0" * 400),
    "no number": with_hyperparameter("NaN"),
    "half a character": with_hyperparameter(r'"\ud800"'),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["/runs", "/projects/p/datasets/d/uploads"])
def test_a_body_from_hell_is_the_caller_s_fault(user, path, body) -> None:
    for kind in ("application/json", "application/octet-stream"):
        status, content, headers = user.ask("POST", path, body, **{"content-type": kind})
        assert status in {400, 404, 413, 422}
        assert headers["content-type"] in {"application/problem+json", "application/json"}
        json.loads(content)


PATHS = [
    "/runs/..", "/runs/../projects", "/runs/%2e%2e%2fx", "/runs/a%2Fb", "/runs/%00", "/runs/%ff",
    "/runs/é/logs", "/runs/" + "x" * 4000, "/projects/../datasets/x",
    "/projects/p/datasets/..%2f..%2fruns", "/runs//logs",
    "/runs/p/artifacts/../../..", "/runs/%F0%9F%92%A5/metrics",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_path_that_leads_elsewhere_is_told_so(user, method, path) -> None:
    status, content, _ = user.ask(method, path, b"{}" if method == "POST" else None)
    assert status in {403, 404, 405, 422}
    json.loads(content)


QUERIES = [
    "limit=", "limit=1e2", "limit=1&limit=2",
    "cursor=" + "A" * 10_000, "cursor=%ff", "cursor=W10",
    "status=running", "project=%2e%2e", "cursor=bnVsbA%3D%3D", "limit=99999999999999999999999",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", ["/runs", "/projects", "/runs/p-first-0123456789ab/logs"])
def test_a_query_from_hell_is_the_caller_s_fault(user, path, query) -> None:
    assert user.ask("GET", f"{path}?{query}")[0] in {200, 400, 403, 404, 422}


def test_a_request_that_breaks_off_holds_nothing_up(user) -> None:
    address = urlsplit(user.cloud.ready.api_url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=5)
    connection.putrequest("POST", "/runs")
    connection.putheader("Content-Length", "1000")
    connection.endheaders()
    connection.send(b"{")
    connection.close()
    assert user.ask("GET", "/runs")[0] == 200
