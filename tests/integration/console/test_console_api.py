"""The page's calls of the HTTP API: signed as the user, passed on, and told when nobody answers."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from support.console_browser import Browser
from support.scripted_server import Asked, Reply, ScriptedServer, problem

from droptrain.stack import Stack
from droptrain_cli.console.server import ConsoleServer
from droptrain_local.signature import signer_of


def test_calls_are_signed_with_the_user_s_own_credentials(api: ScriptedServer, browser: Browser) -> None:
    api.answer = lambda _: Reply(200, {})
    for target in (
        "/runs", "/runs?project=p&limit=5&status=", "/runs?cursor=a%2B%2F%3D&project=a+b%20c%C3%BC",
        "/runs/a%2Fb%3F%c3%bc/logs",
    ):  # fmt: skip
        assert browser.ask("GET", f"/api{target}").status == 200
    browser.ask("POST", "/api/runs", {"project": "p"}, Idempotency_Key="k", Content_Type="application/json")
    browser.ask("DELETE", "/api/projects/p/datasets/d")
    assert [asked.method for asked in api.asked] == ["GET"] * 4 + ["POST", "DELETE"]
    for asked in api.asked:
        url, now = f"{api.url}{asked.target}", datetime.now(UTC)
        secrets = {"mine": "my secret"}
        assert signer_of(asked.method, url, asked.headers, asked.body, now, secrets) == "mine", asked.target
    assert api.asked[2].target == "/runs?cursor=a%2B%2F%3D&project=a%20b%20c%C3%BC"
    posted = api.asked[4]
    assert (posted.document, posted.headers["idempotency-key"]) == ({"project": "p"}, "k")


def test_nothing_of_the_browser_s_own_is_passed_on(api: ScriptedServer, browser: Browser) -> None:
    api.script = [Reply(200, {})]
    browser.ask("GET", "/api/runs", Authorization="Basic eA==", X_Forwarded_For="x", Referer="http://x")
    assert (
        not {"cookie", "referer", "x-forwarded-for", "sec-fetch-site", "origin"} & api.asked[0].headers.keys()
    )
    assert api.asked[0].headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=mine/")


def test_an_unchanged_run_costs_no_body(api: ScriptedServer, browser: Browser) -> None:
    api.script = [
        Reply(200, {"run_id": "r"}, {"ETag": '"7"', "Content-Type": "application/json", "X-Internal": "1"}),
        Reply(304, headers={"ETag": '"7"'}),
    ]
    first = browser.ask("GET", "/api/runs/r")
    assert (first.document, first.headers["etag"]) == ({"run_id": "r"}, '"7"')
    assert first.headers["cache-control"] == "no-store"
    assert "x-internal" not in first.headers
    again = browser.ask("GET", "/api/runs/r", If_None_Match='"7"')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", '"7"')
    assert api.asked[1].headers["if-none-match"] == '"7"'


def test_credentials_that_were_refused_are_read_anew(
    api: ScriptedServer, s3: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    def sign_in(key: str) -> None:
        file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n")

    def signer(asked: Asked) -> str:
        return asked.headers["authorization"].partition("Credential=")[2].partition("/")[0]

    sign_in("monday")
    console = ConsoleServer(Stack("trees", "eu-west-1", api.url, "data", boto3.Session()))
    try:
        browser = Browser(console.port)
        browser.follow(console.session_auth.link)
        api.answer = lambda asked: (
            Reply(200, {}) if signer(asked) == "tuesday" else Reply(403, {"message": "Forbidden"})
        )
        assert browser.ask("GET", "/api/runs").status == 403
        sign_in("tuesday")
        assert browser.ask("GET", "/api/runs").status == 200
        file.unlink()
        console._stack.renew_credentials()
        missing = browser.ask("GET", "/api/runs")
        assert (missing.status, missing.problem) == (401, "signed-out")
        sign_in("tuesday")
        assert browser.ask("GET", "/api/runs").status == 200
    finally:
        console.close()


def test_the_api_s_own_refusals_are_passed_back(api: ScriptedServer, browser: Browser) -> None:
    api.script = [
        problem(409, "already-finished", "It has ended."),
        problem(503, "paused", "The stack is paused.", **{"Retry-After": "60"}),
        Reply(202, {"run_id": "r"}, {"Content-Type": "application/json"}),
    ]
    assert browser.ask("POST", "/api/runs/r/cancel").document["detail"] == "It has ended."
    paused = browser.ask("POST", "/api/runs", {})
    assert (paused.status, paused.problem, paused.headers["retry-after"]) == (503, "paused", "60")
    assert browser.ask("POST", "/api/runs", {}).status == 202
    assert len(api.asked) == 3, "each is sent once: the page asks again by itself"


@pytest.mark.parametrize(("reply", "status", "name", "words"), [
    (Reply(403, {"message": "Forbidden"}), 403, "refused", "Ask the stack's owner"),
    (Reply(404, {"message": "Not Found"}), 404, "refused", "it is older than this command"),
    (Reply(500, {"message": "Internal Server Error"}), 500, "refused", "The API failed"),
    (Reply(200, b"<html>Sign in", {"Content-Type": "text/html"}), 502, "unreachable", "isn't JSON"),
    (Reply(302, b"", {"Location": "https://sign-in.example"}), 502, "unreachable", "isn't JSON"),
    (Reply(460, b"<html>"), 460, "refused", "HTTP 460"),
    (Reply(cut=-1), 502, "unreachable", "Check the network"),
])  # fmt: skip
def test_an_answer_that_is_not_the_api_s_own_is_told_in_plain_words(
    api: ScriptedServer, browser: Browser, reply: Reply, status: int, name: str, words: str
) -> None:
    api.script = [reply]
    got = browser.ask("GET", "/api/runs")
    assert (got.status, got.problem) == (status, name)
    assert words in got.document["detail"]


def test_while_the_api_is_down_the_page_hears_it_and_then_it_is_back(
    stack: Stack, api: ScriptedServer, browser: Browser
) -> None:
    port = int(api.url.rpartition(":")[2])
    api.close()
    for _ in range(2):
        down = browser.ask("GET", "/api/runs")
        assert (down.status, down.problem) == (502, "unreachable")
        assert "Could not connect" in down.document["detail"]
    assert browser.ask("GET", "/local/info").status == 200
    back = ScriptedServer(port)
    try:
        back.script = [Reply(200, {"runs": []}, {"Content-Type": "application/json"})]
        assert browser.ask("GET", "/api/runs").document == {"runs": []}
    finally:
        back.close()


def test_what_can_not_be_a_call_is_not_sent(api: ScriptedServer, browser: Browser) -> None:
    assert browser.ask("PUT", "/api/runs", {}).status == 405
    assert browser.ask("GET", "/api/../runs").status == 404
    assert browser.ask("GET", "/api/runs/%2E%2e/projects").status == 404
    assert browser.ask("POST", "/api/runs", b"x" * (1024 * 1024 + 1)).problem == "too-large"
    assert not api.asked


def test_missing_credentials_are_told(api: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session = boto3.Session(region_name="eu-west-1")
    console = ConsoleServer(Stack("trees", "eu-west-1", api.url, "data", session))
    try:
        browser = Browser(console.port)
        browser.follow(console.session_auth.link)
        got = browser.ask("GET", "/api/runs")
        assert (got.status, got.problem) == (401, "signed-out")
        assert "aws sso login" in got.document["detail"]
    finally:
        console.close()


def test_a_connection_serves_one_call_after_another(console: ConsoleServer, browser: Browser) -> None:
    with socket.create_connection(("127.0.0.1", console.port), timeout=5) as connection:
        stream = connection.makefile("rb")
        head = f"POST /local/info HTTP/1.1\r\nHost: 127.0.0.1:{console.port}\r\nContent-Length: "
        for _ in range(2):
            connection.sendall(f"{head}2\r\n\r\n{{}}".encode())
            assert stream.readline() == b"HTTP/1.1 403 Forbidden\r\n", "no cookie"
            size = 0
            while line := stream.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split()[1])
            stream.read(size)
        connection.sendall(f"{head}+2\r\n\r\n{{}}".encode())
        assert b"Connection: close" in stream.read(), "a length that can't be read ends the connection"
