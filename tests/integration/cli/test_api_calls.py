"""Calls of the API against a real server: what is signed, what is sent again, what people are told."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from support.scripted_server import Reply, ScriptedServer, problem

from droptrain.api import TRIES, Api, quoted
from droptrain.errors import ApiError, UnreachableError
from droptrain.stack import Stack
from droptrain_local.signature import signer_of

BUSY = problem(503, "busy", "Try again", **{"Retry-After": "0"})


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    made = Api(stack, backoff_seconds=0.01)
    yield made
    made.close()


def test_a_call_is_signed_with_the_query_and_the_body(server: ScriptedServer, api: Api):
    server.script = [Reply(200, {"runs": []}), Reply(202, {"run_id": "r"})]
    api.get("/runs", project="a b/ü", limit=5, status=None)
    api.post("/runs", {"project": "p"}, idempotency_key="k")
    listed, launched = server.asked
    assert listed.target == "/runs?project=a%20b%2F%C3%BC&limit=5", "parameters that are None are left out"
    assert (launched.document, launched.headers["idempotency-key"]) == ({"project": "p"}, "k")
    for asked in server.asked:
        url = f"{server.url}{asked.target}"
        now = datetime.now(UTC)
        signer = signer_of(asked.method, url, asked.headers, asked.body, now, {"test": "test"})
        assert signer == "test", asked.target


def test_a_name_is_one_segment_of_the_path(server: ScriptedServer, api: Api):
    server.script = [Reply(200, {})]
    api.get(f"/runs/{quoted('../projects?x')}")
    assert server.asked[0].target == "/runs/..%2Fprojects%3Fx"


@pytest.mark.parametrize(
    "trouble", [BUSY, Reply(502, b"<html>"), Reply(504, {"message": "late"}), Reply(cut=-1)]
)
def test_a_read_comes_through_trouble(server: ScriptedServer, api: Api, trouble: Reply):
    server.script = [trouble, trouble, Reply(200, {"runs": [1]})]
    assert api.get("/runs") == {"runs": [1]}
    assert len(server.asked) == 3


def test_a_launch_with_a_key_is_sent_again_with_the_same_key(server: ScriptedServer, api: Api):
    server.script = [Reply(cut=-1), BUSY, Reply(202, {"run_id": "r"})]
    assert api.post("/runs", {}, idempotency_key="k").status == 202
    assert [asked.headers["idempotency-key"] for asked in server.asked] == ["k"] * 3


def test_a_post_without_a_key_is_sent_once(server: ScriptedServer, api: Api):
    server.script = [Reply(cut=-1), BUSY]
    with pytest.raises(UnreachableError, match="Check the network"):
        api.post("/runs", {})
    with pytest.raises(ApiError, match=r"^Try again\.$"):
        api.post("/runs", {})
    assert len(server.asked) == 2


def test_a_throttled_call_was_not_done_so_any_is_sent_again(server: ScriptedServer, api: Api):
    server.script = [Reply(429, {"message": "Too Many Requests"}), Reply(202, {})]
    assert api.post("/runs", {}).status == 202


def test_what_stays_busy_is_told_in_the_end(server: ScriptedServer, api: Api):
    server.answer = lambda _: BUSY
    with pytest.raises(ApiError, match="Try again") as raised:
        api.get("/runs")
    assert (raised.value.status, raised.value.problem) == (503, "busy")
    assert len(server.asked) == TRIES


def test_retry_after_is_waited_for(server: ScriptedServer, api: Api):
    server.script = [problem(503, "busy", "Try again", **{"Retry-After": "1"}), Reply(200, {})]
    began = datetime.now(UTC)
    api.get("/runs")
    assert (datetime.now(UTC) - began).total_seconds() >= 1


def test_a_paused_stack_is_told_at_once(server: ScriptedServer, api: Api):
    server.script = [problem(503, "paused", "The stack is paused", **{"Retry-After": "60"})]
    with pytest.raises(ApiError, match=r"^The stack is paused\.$"):
        api.get("/runs")


@pytest.mark.parametrize(("answer", "words"), [
    (problem(404, "not-found", "There is no run 'x'"), r"^There is no run 'x'\.$"),
    (problem(409, "not-ready", "test.csv lacks."), r"^test\.csv lacks\.$"),
    (Reply(403, {"message": "Forbidden"}),
     r"refuses these credentials \(Forbidden\)\. Ask the stack's owner for the policy ReaderPolicy"),
    (Reply(404, {"message": "Not Found"}), r"has no GET /runs: it is older.*sam deploy"),
    (problem(405, "no-such-method", "No"), r"has no GET /runs: it is older"),
    (Reply(500, {"message": "Internal Server Error"}, {"apigw-requestid": "id-1"}),
     r"failed \(500: Internal Server Error; request id-1\).*RunsApiFunction"),
    (Reply(407, b"<html>proxy</html>"), "HTTP 407"),
])  # fmt: skip
def test_a_refusal_says_why_and_what_to_do(server: ScriptedServer, api: Api, answer: Reply, words: str):
    server.script = [answer]
    with pytest.raises(ApiError, match=words):
        api.get("/runs")
    assert len(server.asked) == 1


def test_an_answer_that_is_not_the_api_s_is_told(server: ScriptedServer, api: Api):
    server.script = [Reply(200, b"<html>Sign in to the hotel's network</html>")]
    with pytest.raises(ApiError, match="isn't JSON"):
        api.get("/runs")


def test_without_anybody_there_it_says_so(stack: Stack):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    session = boto3.Session("test", "test", region_name="eu-west-1")
    nowhere = Stack("droptrain", "eu-west-1", f"http://127.0.0.1:{port}", "b", session)
    with pytest.raises(UnreachableError, match=r"Could not connect.*Check the network"):
        Api(nowhere, backoff_seconds=0.01).get("/runs")


def test_pages_are_read_as_far_as_they_are_wanted(server: ScriptedServer, api: Api):
    server.script = [
        Reply(200, {"cursor": "a+/="}),
        Reply(200, {"cursor": "b"}),
        Reply(200, {"cursor": None}),
    ]
    pages = api.pages("/runs", limit=2)
    next(pages)
    assert len(server.asked) == 1
    assert len(list(pages)) == 2
    assert server.asked[1].target == "/runs?limit=2&cursor=a%2B%2F%3D"


def test_an_unchanged_run_is_an_answer_without_a_body(server: ScriptedServer, api: Api):
    server.script = [Reply(304)]
    answer = api.call("GET", "/runs/r", headers={"If-None-Match": '"1"'})
    assert (answer.status, answer.body) == (304, None)
