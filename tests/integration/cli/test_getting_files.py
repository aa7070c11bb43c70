"""Files of a run as they come from S3: whole or not at all, and inside the folder."""

import os
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.scripted_server import Asked, Reply, ScriptedServer

from droptrain.api import Api
from droptrain.download import Download, UnsafePathError
from droptrain.errors import DroptrainError
from droptrain.run_files import ExpiredLinkError, LinkError, RunFiles
from droptrain.stack import Stack
from droptrain_cli import get_run, show_run

RUN_ID = "penguins-first-9a8869ef2b6a"


class Left:
    """What a run left, as the API lists it and S3 gives it."""

    def __init__(self, server: ScriptedServer, **files: bytes) -> None:
        self.files = {name.replace("__", "/"): content for name, content in files.items()}
        self.trouble: dict[str, list[Reply]] = {}
        self.listings = 0
        self._url = server.url
        server.answer = self._answer

    def _answer(self, asked: Asked) -> Reply:
        if asked.target.startswith(f"/runs/{RUN_ID}/artifacts"):
            self.listings += 1
            listed = [
                {"path": path, "size": len(content), "url": f"{self._url}/{path}?link={self.listings}"}
                for path, content in self.files.items()
            ]
            return Reply(200, {"artifacts": listed, "cursor": None})
        path = asked.target.partition("?")[0].removeprefix("/")
        waiting = self.trouble.get(path)
        return waiting.pop(0) if waiting else Reply(200, self.files[path])


def fetch(stack: Stack, folder: Path) -> list[int]:
    files = RunFiles(stack, Api(stack, backoff_seconds=0.01), RUN_ID)
    counted: list[int] = []
    lock = Lock()

    def count(written: int) -> None:
        with lock:
            counted.append(written)

    Download(files, folder, count, pause_seconds=0.01).run(list(files.each()))
    return counted


def there(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_file_comes_with_its_folders(server: ScriptedServer, stack: Stack, tmp_path: Path):
    big = os.urandom(3_000_000)
    left = Left(server, export__model_keras=big, export__empty=b"", export__variables__index=b"x", log=b"y")
    (tmp_path / "log").write_bytes(b"old")
    counted = fetch(stack, tmp_path)
    assert there(tmp_path) == left.files, "and no .part is left"
    assert sum(counted) == sum(map(len, left.files.values()))


@pytest.mark.parametrize("trouble", [Reply(cut=-1), Reply(200, b"abcdef", cut=3), Reply(503, b"slow down")])
def test_what_breaks_off_is_fetched_again(
    server: ScriptedServer, stack: Stack, tmp_path: Path, trouble: Reply
):
    left = Left(server, export__m=b"abcdef")
    left.trouble = {"export/m": [trouble]}
    assert sum(fetch(stack, tmp_path)) == 6, "what was counted of the broken one is taken back"
    assert there(tmp_path) == left.files


def test_a_link_that_has_expired_is_asked_for_anew(server: ScriptedServer, stack: Stack, tmp_path: Path):
    left = Left(server, export__m=b"abcdef")
    left.trouble = {"export/m": [Reply(403, b"<Code>AccessDenied</Code>")]}
    fetch(stack, tmp_path)
    assert there(tmp_path) == left.files
    assert left.listings == 2
    assert server.asked[-1].target == "/export/m?link=2"


def test_a_link_that_is_always_refused_is_told(server: ScriptedServer, stack: Stack, tmp_path: Path):
    left = Left(server, export__m=b"abcdef")
    left.trouble = {"export/m": [Reply(403, b"")] * 9}
    with pytest.raises(ExpiredLinkError, match="export/m"):
        fetch(stack, tmp_path)
    assert there(tmp_path) == {}


def test_a_file_that_fails_leaves_what_was_there(server: ScriptedServer, stack: Stack, tmp_path: Path):
    left = Left(server, m=b"new", n=b"n")
    left.trouble = {"m": [Reply(404, b"")]}
    (tmp_path / "m").write_bytes(b"old")
    with pytest.raises(LinkError, match="404 for m"):
        fetch(stack, tmp_path)
    assert (tmp_path / "m").read_bytes() == b"old"
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("path", ["../evil", "/evil", "export/../../evil"])
def test_a_path_that_leads_out_writes_nothing(
    server: ScriptedServer, stack: Stack, tmp_path: Path, path: str
):
    left = Left(server, good=b"x")
    left.files[path] = b"evil"
    with pytest.raises(UnsafePathError):
        fetch(stack, tmp_path / "in")
    assert there(tmp_path) == {}


def test_a_link_that_lies_in_the_folder_is_not_followed(server: ScriptedServer, stack: Stack, tmp_path: Path):
    Left(server, export__sub__m=b"evil")
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "export").symlink_to(outside)
    with pytest.raises(UnsafePathError, match="leads out of"):
        fetch(stack, inside)
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_a_file_is_replaced_not_written_through(
    server: ScriptedServer, stack: Stack, tmp_path: Path
):
    Left(server, m=b"new")
    inside, outside = tmp_path / "in", tmp_path / "mine.txt"
    inside.mkdir()
    outside.write_bytes(b"mine")
    (inside / "m").symlink_to(outside)
    fetch(stack, inside)
    assert (inside / "m").read_bytes() == b"new"
    assert outside.read_bytes() == b"mine"


class Project:
    """A project whose newest run FAILED and left nothing; the run before SUCCEEDED and left a model."""

    def __init__(self, server: ScriptedServer) -> None:
        self._url = server.url
        self._runs = [self._run("FAILED", "b"), self._run("SUCCEEDED", "a")]
        self.models: dict[str, str] = {}
        server.answer = self._answer

    @staticmethod
    def _run(status: str, digit: str) -> dict[str, Any]:
        run_id = f"penguins-first-{digit * 12}"
        links = {"run": "s3://b/", "log": "s3://b/log.txt"}
        links |= {name: f"s3://b/{name}/" for name in ("export", "model")}
        return {
            "run_id": run_id, "project": "penguins", "dataset": "first", "status": status, "cause": None,
            "advice": [], "created_at": "2026-11-23T02:10:00Z", "launched_by": "upload", "rerun_of": None,
            "cancelled_by": None, "started_at": None, "cost": None, "gpu": None, "code": None, "recipe": None,
            "metric": None, "metrics": {}, "attempts": [], "inputs": [], "input_count": 0, "history": [],
            "links": links, "batch_job_id": None, "log_stream": None,
        }  # fmt: skip

    def _answer(self, asked: Asked) -> Reply:
        path, query = urlsplit(asked.target).path, parse_qs(urlsplit(asked.target).query)
        if path == "/runs":
            listed = [run for run in self._runs if query.get("status", [run["status"]]) == [run["status"]]]
            return Reply(200, {"runs": listed[: int(query["limit"][0])], "cursor": None})
        if path.endswith("/models"):
            names = ("current", "latest", "best")
            models = {
                name: self.models.get(name) and {"run_id": self.models[name], "missing_at": None}
                for name in names
            }
            served = self.models.get("current")
            return Reply(200, {**models, "served_run_id": served, "promoted": [], "cursor": None})
        if path.startswith("/runs/") and not path.endswith("/artifacts"):
            return Reply(200, next(run for run in self._runs if path.endswith(run["run_id"])))
        if path.endswith("/artifacts"):
            left = ["export/m", "log.txt"] if "aaaa" in path else ["log.txt"]
            listed = [{"path": each, "size": 1, "url": f"{self._url}/{each}"} for each in left]
            return Reply(200, {"artifacts": listed, "cursor": None})
        return Reply(200, b"x")


@pytest.mark.parametrize("name", ["penguins", "latest"])
def test_a_project_s_model_is_that_of_the_newest_run_that_succeeded(
    server: ScriptedServer,
    stack: Stack,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
):
    Project(server)
    get_run.get(stack, name, tmp_path / "model", which=None, everything=False, as_json=False)
    assert there(tmp_path) == {"model/export/m": b"x"}
    said = capsys.readouterr()
    assert (
        said.err
        == "penguins-first-bbbbbbbbbbbb is FAILED. This is the model of penguins-first-aaaaaaaaaaaa.\n"
    )
    get_run.get(stack, name, tmp_path / "all", which=None, everything=True, as_json=False)
    assert there(tmp_path / "all") == {"log.txt": b"x"}, "all that the newest run left"


@pytest.mark.parametrize("which", [None, "latest", "best"])
def test_a_project_s_current_model_is_fetched_or_the_one_that_is_asked_for(
    server: ScriptedServer, stack: Stack, tmp_path: Path, which: Any
):
    project = Project(server)
    project.models[which or "current"] = "penguins-first-aaaaaaaaaaaa"
    get_run.get(stack, "penguins", tmp_path / "model", which=which, everything=False, as_json=False)
    assert there(tmp_path) == {"model/export/m": b"x"}


def test_a_model_is_named_with_its_folder_and_with_the_files_that_are_there_from_another_one(
    server: ScriptedServer, stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    Project(server).models["latest"] = "penguins-first-aaaaaaaaaaaa"
    export = tmp_path / "export"
    export.mkdir()
    (export / "older.keras").write_bytes(b"y")
    get_run.get(stack, "penguins", tmp_path, which="latest", everything=False, as_json=False)
    said = capsys.readouterr()
    assert said.out == f"penguins-first-aaaaaaaaaaaa: 1 file, 1 B, in {export}\n"
    assert said.err == f"{export} also has 1 older file that this model doesn't include.\n"


def test_a_model_that_a_project_lacks_is_said_with_what_to_do(
    server: ScriptedServer, stack: Stack, tmp_path: Path
):
    Project(server)
    with pytest.raises(DroptrainError, match="penguins has no best model"):
        get_run.get(stack, "penguins", tmp_path, which="best", everything=False, as_json=False)


def test_a_place_without_files_is_shown_as_empty(
    server: ScriptedServer, stack: Stack, capsys: pytest.CaptureFixture[str]
):
    Project(server)
    show_run.show(stack, "penguins", as_json=False)
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[-4:])
    assert shown == {
        "export": "nothing there",
        "model": "nothing there",
        "log": "s3://b/log.txt",
        "run": "s3://b/",
    }
