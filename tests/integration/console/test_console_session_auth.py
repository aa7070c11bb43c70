"""Who may call the console: the page of the browser that followed the link, and nobody else."""

import pytest
from support.console_browser import Browser
from support.scripted_server import Reply, ScriptedServer

from droptrain.stack import Stack
from droptrain_cli.console.server import ConsoleServer

CALLS = ("/api/runs", "/local/info")
HARDENED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def test_the_link_lets_a_browser_in(api: ScriptedServer, console: ConsoleServer, stranger: Browser) -> None:
    api.script = [Reply(200, {"runs": []})]
    assert stranger.ask("GET", "/").status == 200, "the page itself is no secret"
    for target in CALLS:
        refused = stranger.ask("GET", target)
        assert (refused.status, refused.problem) == (403, "token")
    led = stranger.follow(console.session_auth.link)
    assert (led.status, led.headers["location"]) == (303, "/")
    name, *attributes = led.headers["set-cookie"].split("; ")
    assert name.startswith(f"droptrain_console_{console.port}=")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert [stranger.ask("GET", target).status for target in CALLS] == [200, 200]
    assert len(api.asked) == 1, "nothing was asked before"


@pytest.mark.parametrize("token", ["", "wrong", "%00", "%C3%BC"])
def test_another_token_opens_nothing(stranger: Browser, token: str) -> None:
    led = stranger.ask("GET", f"/?token={token}")
    assert (led.status, led.headers["location"]) == (303, "/")
    assert "set-cookie" not in led.headers


def test_a_ticket_opens_once_and_the_link_again_and_again(console: ConsoleServer, stranger: Browser) -> None:
    token = console.session_auth.login_link()
    assert token != console.session_auth.link
    assert "set-cookie" in stranger.follow(token).headers
    assert "set-cookie" not in stranger.follow(token).headers
    for _ in range(2):
        assert "set-cookie" in stranger.follow(console.session_auth.link).headers


@pytest.mark.parametrize("token", ["", "wrong", "%C3%BC"])
def test_another_token_opens_nothing_while_a_login_link_waits(
    console: ConsoleServer, stranger: Browser, token: str
) -> None:
    link = console.session_auth.login_link()
    assert "set-cookie" not in stranger.ask("GET", f"/?token={token}").headers
    assert "set-cookie" in stranger.follow(link).headers


def test_each_start_has_a_token_of_its_own(stack: Stack, console: ConsoleServer, browser: Browser) -> None:
    other = ConsoleServer(stack)
    try:
        there = Browser(other.port)
        there.cookie = browser.cookie.replace(str(console.port), str(other.port))
        assert there.ask("GET", "/local/info").status == 403
        assert (
            "set-cookie"
            not in there.follow(console.session_auth.link.replace(browser.own, there.own)).headers
        )
        there.cookie = f"theme=dark; _xsrf=2|a b; {browser.cookie}"
        there.follow(other.session_auth.link)
        assert there.ask("GET", "/local/info", Cookie=f"a={{b}}; {there.cookie}; c=d").status == 200
    finally:
        other.close()


@pytest.mark.parametrize("host", ["rebound.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""])
def test_another_name_for_this_machine_is_refused(
    console: ConsoleServer, browser: Browser, host: str
) -> None:
    link = console.session_auth.link.removeprefix(browser.own)
    for target in ("/", link, *CALLS):
        refused = browser.ask("GET", target, Host=host.format(port=console.port))
        assert (refused.status, refused.problem) == (403, "host"), target
        assert "set-cookie" not in refused.headers


def test_the_page_may_be_opened_as_localhost(console: ConsoleServer, browser: Browser) -> None:
    host = f"localhost:{console.port}"
    assert browser.ask("GET", "/local/info", Host=host).status == 200
    made = browser.ask("POST", "/local/nothing", {}, Host=host, Origin=f"http://{host}")
    assert made.problem == "not-found", "it came through"
    assert browser.ask("POST", "/local/nothing", {}, Host=host).problem == "origin"


@pytest.mark.parametrize("headers", [
    {"Origin": "https://example.com", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1:8888", "Sec-Fetch-Site": "same-site"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
], ids=str)  # fmt: skip
def test_other_pages_in_the_same_browser_are_refused(
    api: ScriptedServer, browser: Browser, headers: dict[str, str]
) -> None:
    for method, target in (
        ("POST", "/api/runs"), ("DELETE", "/api/runs/r"), ("PATCH", "/api/runs/r"),
        ("POST", "/local/projects"),
        ("PUT", "/local/uploads?project=p&dataset=d&file=train.csv"), ("POST", "/local/drops"),
    ):  # fmt: skip
        refused = browser.ask(method, target, {"project": "p"}, **headers)
        assert (refused.status, refused.problem) == (403, "origin"), target
    if headers != {"Origin": ""}:  # a browser names no origin when a page reads what is its own
        assert browser.ask("GET", "/api/runs", **headers).problem == "origin"
    assert not api.asked


def test_a_large_body_of_a_stranger_is_not_read(console: ConsoleServer, stranger: Browser) -> None:
    target = "/local/uploads?project=p&dataset=d&file=train.csv"
    refused = stranger.ask("PUT", target, b"", Content_Length=str(10**12))
    assert (refused.status, refused.headers["connection"]) == (403, "close")


def test_every_answer_carries_the_same_strict_headers(
    api: ScriptedServer, console: ConsoleServer, browser: Browser
) -> None:
    api.script = [Reply(200, {"runs": []})]
    stranger = Browser(console.port)
    answers = [
        *(browser.ask("GET", target) for target in ("/", "/app.js", "/no.js", "/runs/r", *CALLS)),
        browser.ask("POST", "/"),
        browser.ask("GET", "/", Host="x"),
        stranger.follow(console.session_auth.link),
        Browser(console.port).ask("GET", "/local/info"),
    ]
    for got in answers:
        assert HARDENED.items() <= got.headers.items()
        assert got.headers["cache-control"] in ("no-cache", "no-store")
        assert "access-control-allow-origin" not in got.headers
        assert got.headers["server"].strip() == "droptrain"
