"""`droptrain name`, `note` and `tag`, against a server that plays the API."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result
from support.scripted_server import Asked, Reply, ScriptedServer

from droptrain.stack import Stack
from droptrain_cli.main import main

RUN_ID = "penguins-first-0123456789ab"


class Described:
    """The API of a stack with one run that has two tags."""

    def __init__(self, server: ScriptedServer) -> None:
        self.run: dict[str, Any] = {"run_id": RUN_ID, "name": None, "note": None, "tags": ["best", "wide"]}
        self.sent: list[Any] = []
        self.tags_asked: list[list[str]] = []
        server.answer = self._answer

    def _answer(self, asked: Asked) -> Reply:
        if asked.method == "PATCH":
            self.sent.append(json.loads(asked.body))
            return Reply(200, {**self.run, **self.sent[-1]})
        target = urlsplit(asked.target)
        if target.path == "/runs":
            self.tags_asked.append(parse_qs(target.query).get("tag", []))
            return Reply(200, {"runs": [], "cursor": None})
        return Reply(200, self.run)


@pytest.fixture
def described(server: ScriptedServer) -> Described:
    return Described(server)


@pytest.fixture
def droptrain(stack: Stack, described: Described, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("droptrain.stack.find_stack", lambda *_, **__: stack)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words, prog_name="droptrain")

    return run


def test_a_run_is_named_and_noted(droptrain: Any, described: Described) -> None:
    assert droptrain("name", RUN_ID, "wide net").output == f"{RUN_ID}\n  Name: wide net\n  Tags: best, wide\n"
    assert droptrain("note", RUN_ID, "twice\nthe units").output == (
        f"{RUN_ID}\n  Note: twice the units\n  Tags: best, wide\n"
    )
    assert droptrain("note", RUN_ID, "").exit_code == 0
    assert described.sent == [{"name": "wide net"}, {"note": "twice\nthe units"}, {"note": None}]


def test_tags_are_added_and_removed_beside_those_that_are_there(droptrain: Any, described: Described) -> None:
    assert droptrain("tag", RUN_ID, "new", "best").exit_code == 0
    assert droptrain("tag", RUN_ID, "best", "--remove", "--json").exit_code == 0
    assert described.sent == [{"tags": ["best", "new", "wide"]}, {"tags": ["wide"]}]


def test_runs_are_listed_by_a_tag(droptrain: Any, described: Described) -> None:
    droptrain("runs", "--tag", "best")
    assert described.tags_asked == [["best"]]
