"""What only a local command can do, done for the page: scaffold, preflight, uploads, drops."""

import os
import re
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from support.console_browser import Browser, Got
from support.scripted_server import Asked, Reply, ScriptedServer
from support.waiting import wait_for

from droptrain.stack import Stack
from droptrain.upload import PART_BYTES
from droptrain_cli.console.local_calls import command_prefix
from droptrain_cli.console.server import ConsoleServer

CSV = b"a,b\n1,2\n"
LARGE = os.urandom(PART_BYTES * 2 + 1000)
FOLDER = "projects/trees/data/d1/"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where whatever is taken lies for a while."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def recipe(s3: Any, text: str) -> None:
    s3.put_object(Bucket="data", Key="projects/trees/train.yaml", Body=text.encode())


def send(browser: Browser, file: str, content: bytes = CSV, dataset: str = "d1", **headers: str) -> Got:
    return browser.ask(
        "PUT", f"/local/uploads?project=trees&dataset={dataset}&file={file}", content, **headers
    )


def drop(browser: Browser, *files: str) -> Got:
    return browser.ask("POST", "/local/drops", {"project": "trees", "dataset": "d1", "files": files})


def dropped(s3: Any) -> dict[str, str]:
    """The versions of what is to be seen in the dataset, by name."""
    listed = s3.list_object_versions(Bucket="data", Prefix=FOLDER).get("Versions", [])
    return {item["Key"].removeprefix(FOLDER): item["VersionId"] for item in listed if item["IsLatest"]}


def runs_of_what_is_dropped(s3: Any) -> Any:
    """An API with one run, of the newest versions of the dataset's files."""

    def answer(asked: Asked) -> Reply:
        inputs = [{"key": FOLDER + name, "version_id": version} for name, version in dropped(s3).items()]
        run = {"run_id": "trees-d1-1", "dataset": "d1", "inputs": inputs, "inputs_digest": None}
        return Reply(200, {"runs": [run]} if asked.method == "GET" else run)

    return answer


def test_it_says_what_it_addresses(browser: Browser) -> None:
    info = browser.ask("GET", "/local/info").document
    assert re.fullmatch(r"\d+\.\d+\.\d+", info.pop("version"))
    assert info == {
        "stack": "trees", "kind": "stack", "region": "eu-west-1", "bucket": "data",
        "command": "DROPTRAIN_STACK=trees AWS_REGION=eu-west-1 droptrain",
    }  # fmt: skip


def test_the_shown_command_names_the_profile(stack: Stack, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "config").write_text("[profile 'o brien']\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    of_profile = Stack("trees", "eu-west-1", stack.api_url, "data", boto3.Session(profile_name="o brien"))
    assert command_prefix(of_profile).endswith(" AWS_PROFILE='o brien' droptrain")


def test_a_new_project_is_the_scaffold_published(browser: Browser, s3: Any, temporary: Path) -> None:
    made = browser.ask("POST", "/local/projects", {"project": "trees"})
    assert (made.status, made.document) == (201, {"project": "trees"})
    listed = s3.list_objects_v2(Bucket="data", Prefix="projects/trees/")["Contents"]
    assert {"code/run.sh", "code/train.py", "push.json", "train.yaml"} <= {
        item["Key"].removeprefix("projects/trees/") for item in listed
    }
    again = browser.ask("POST", "/local/projects", {"project": "trees"})
    assert (again.status, again.problem) == (409, "exists")
    expects = browser.ask("GET", "/local/projects/trees").document
    assert expects["inputs"] == {"training": "train.csv", "testing": "test.csv"}
    assert expects["trigger"] == "files"
    assert expects["metric"] == {"name": "test_accuracy", "goal": "maximize"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-[0-9a-f]{6}", expects["dataset"])
    assert len(list(temporary.iterdir())) == 1, "nothing but the console's own folder"


@pytest.mark.parametrize(("body", "status", "words"), [
    ({"project": "My Project"}, 422, "can't be a project's name"),
    ({"project": "../x"}, 422, "can't be a project's name"),
    ({"project": 7}, 400, "lacks project"),
    (["trees"], 400, "JSON object"),
    (b"{", 400, "has to be JSON"),
    (b"[" * 100_000, 400, "has to be JSON"),
    (b'"' + b"x" * 2**20 + b'"', 413, "more than"),
], ids=str)  # fmt: skip
def test_a_project_that_can_not_be_is_refused(browser: Browser, body: Any, status: int, words: str) -> None:
    refused = browser.ask("POST", "/local/projects", body)
    assert refused.status == status
    assert refused.problem
    assert words in refused.document["detail"]


def test_a_project_that_is_not_there_or_not_right_is_told(browser: Browser, s3: Any, project: None) -> None:
    missing = browser.ask("GET", "/local/projects/nobody")
    assert (missing.status, missing.problem) == (404, "not-found")
    assert "droptrain push nobody" in missing.document["detail"]
    recipe(s3, "attempts: 99\n")
    wrong = browser.ask("GET", "/local/projects/trees")
    assert (wrong.status, wrong.problem) == (422, "refused")
    assert "attempts" in wrong.document["detail"]
    assert browser.ask("GET", "/local/projects/a%2Fb").status == 422


def test_preflight_says_what_droptrain_validate_says(browser: Browser, s3: Any, project: None) -> None:
    recipe(s3, "csv: {label: species}\n")

    def findings(file: str, content: bytes) -> Any:
        target = f"/local/preflight?project=trees&file={file}"
        return browser.ask("POST", target, content).document["findings"]

    assert findings("train.csv", b"species,b\nx,1\n") == []
    [short] = findings("train.csv", b"species,b\nx,1\ny\n")
    assert (short["level"], short["file"], short["row"]) == ("warning", "train.csv", 3)
    [unlabelled] = [it for it in findings("test.csv", b"a,b\n1,2\n3,4\n") if it["level"] == "error"]
    assert "species" in unlabelled["message"]
    assert unlabelled["fix"]
    assert findings("test.csv", b"")[0]["rule"] == "empty"
    assert findings("sales.csv", CSV)[0]["rule"] == "input"


@pytest.mark.parametrize("body", [b"", b"\n", b"a,b\n"])
def test_a_part_without_rows_is_a_warning_because_other_parts_may_have_some(
    browser: Browser, s3: Any, project: None, body: bytes
) -> None:
    recipe(s3, "inputs: {training: 'part-*.csv', testing: test.csv}\n")

    def levels(file: str) -> list[str]:
        target = f"/local/preflight?project=trees&file={file}"
        found = browser.ask("POST", target, body).document["findings"]
        return [each["level"] for each in found if each["rule"] in ("empty", "header_only")]

    assert levels("part-1.csv") == ["warning"]
    assert levels("test.csv") == ["error"]


def test_files_appear_together_and_their_run_is_found(
    browser: Browser, api: ScriptedServer, s3: Any, project: None, temporary: Path
) -> None:
    api.answer = runs_of_what_is_dropped(s3)
    sent = send(browser, "train.csv", LARGE)
    assert (sent.status, sent.document) == (200, {"file": "train.csv", "size": len(LARGE), "is_there": False})
    assert s3.list_multipart_uploads(Bucket="data")["Uploads"], "its parts are in S3 already"
    send(browser, "test.csv")
    progress = browser.ask("GET", "/local/uploads?project=trees&dataset=d1").document["files"]
    assert progress == [
        {"file": "test.csv", "size": len(CSV), "sent": 0, "is_ready": True},
        {"file": "train.csv", "size": len(LARGE), "sent": len(LARGE), "is_ready": True},
    ]
    assert dropped(s3) == {}, "nothing is to be seen of them yet"
    done = drop(browser, "train.csv", "test.csv")
    assert done.document == {
        "project": "trees", "dataset": "d1", "missing": [], "run_id": "trees-d1-1",
    }  # fmt: skip
    versions = dropped(s3)
    assert versions.keys() == {"train.csv", "test.csv"}
    assert s3.get_object(Bucket="data", Key=f"{FOLDER}train.csv")["Body"].read() == LARGE
    assert drop(browser, "train.csv", "test.csv").document == done.document, "after a lost answer"
    assert dropped(s3) == versions
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    assert {asked.method for asked in api.asked} == {"POST"}, "launched at once, both times"


def test_what_is_there_already_is_launched_and_not_sent_again(
    browser: Browser, api: ScriptedServer, s3: Any, project: None
) -> None:
    api.answer = runs_of_what_is_dropped(s3)
    for _ in range(2):
        for file, content in (("train.csv", LARGE), ("test.csv", CSV)):
            sent = send(browser, file, content)
        drop(browser, "train.csv", "test.csv")
        versions = dropped(s3)
    assert sent.document["is_there"]
    assert dropped(s3) == versions
    for launch in api.asked:
        assert (launch.method, launch.document) == ("POST", {"project": "trees", "dataset": "d1"})
        assert launch.headers["idempotency-key"]


def test_a_dataset_that_lacks_a_file_says_so_and_waits_for_no_run(
    browser: Browser, api: ScriptedServer, s3: Any, project: None
) -> None:
    send(browser, "train.csv")
    assert drop(browser, "train.csv").document["missing"] == ["test.csv"]
    assert dropped(s3).keys() == {"train.csv"}
    assert not api.asked
    api.answer = runs_of_what_is_dropped(s3)
    send(browser, "test.csv")
    assert drop(browser, "test.csv").document["run_id"] == "trees-d1-1"


def test_the_marker_comes_last(browser: Browser, api: ScriptedServer, s3: Any, project: None) -> None:
    recipe(s3, "inputs: {training: 'train/*.csv'}\ntrigger: marker\n")
    api.answer = runs_of_what_is_dropped(s3)
    for part in ("train%2Fa.csv", "train%2Fb.csv"):
        assert send(browser, part).status == 200
    drop(browser, "train/a.csv", "train/b.csv")
    assert dropped(s3).keys() == {"train/a.csv", "train/b.csv", "_SUCCESS"}


@pytest.mark.parametrize(("file", "content", "headers", "status", "words"), [
    ("sales.csv", CSV, {}, 422, "isn't an input of trees"),
    ("sales.csv", LARGE, {}, 422, "isn't an input of trees"),
    ("train.csv", b"", {}, 422, "is empty"),
    ("..%2Ftrain.csv", CSV, {}, 422, "can't be a file's name"),
    ("", CSV, {}, 400, "lacks file"),
    ("train.csv", b"", {"Content-Length": "", "Transfer-Encoding": "chunked"}, 411, "Content-Length"),
], ids=["other", "large", "empty", "path", "none", "chunked"])  # fmt: skip
def test_a_file_that_can_not_be_dropped_is_refused(
    browser: Browser, s3: Any, project: None, temporary: Path,
    file: str, content: bytes, headers: dict[str, str], status: int, words: str,
) -> None:  # fmt: skip
    refused = send(browser, file, content, **headers)
    assert refused.status == status
    assert words in refused.document["detail"]
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    assert drop(browser, "train.csv").problem == "not-sent"
    assert dropped(s3) == {}


def test_names_of_datasets_and_projects_are_checked(browser: Browser, project: None) -> None:
    assert "dataset's name" in send(browser, "train.csv", dataset="My%20Data").document["detail"]
    for body in ({"project": "trees", "dataset": "d1", "files": []}, {"project": "trees", "files": ["a"]}):
        assert browser.ask("POST", "/local/drops", body).problem == "bad-body"


def test_an_upload_that_is_cut_off_is_forgotten(
    console: ConsoleServer, browser: Browser, s3: Any, project: None, temporary: Path
) -> None:
    with socket.create_connection(("127.0.0.1", console.port), timeout=5) as connection:
        head = (
            "PUT /local/uploads?project=trees&dataset=d1&file=train.csv HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{console.port}\r\nOrigin: {browser.own}\r\nCookie: {browser.cookie}\r\n"
            "Content-Length: 1000\r\n\r\nhalf"
        )
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    assert drop(browser, "train.csv").problem == "not-sent"


class Held:
    """Holds up the parts that are sent to S3, after the first, until they are let go."""

    def __init__(self, s3: Any) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self._count = 0
        self._lock = threading.Lock()
        s3.meta.events.register("provide-client-params.s3.UploadPart", self._hold)

    def _hold(self, **_: Any) -> None:
        with self._lock:
            self._count += 1
            is_first = self._count == 1
        if not is_first:
            self.begun.set()
            assert self.let_go.wait(20)


def test_a_lost_connection_to_s3_is_told_and_a_repeat_goes_on(
    browser: Browser, api: ScriptedServer, s3: Any, project: None, temporary: Path
) -> None:
    api.answer = runs_of_what_is_dropped(s3)
    down = threading.Event()
    down.set()

    def lose(**_: Any) -> None:
        if down.is_set():
            raise EndpointConnectionError(endpoint_url="https://s3")

    s3.meta.events.register("provide-client-params.s3.UploadPart", lose)
    send(browser, "test.csv")
    lost = send(browser, "train.csv", LARGE)
    assert (lost.status, lost.problem) == (502, "aws")
    assert "Could not connect" in lost.document["detail"]
    assert [path.stat().st_size for path in temporary.rglob("*") if path.is_file()] == [len(CSV)]
    assert drop(browser, "train.csv", "test.csv").problem == "not-sent"
    down.clear()
    assert send(browser, "train.csv", LARGE).status == 200
    assert drop(browser, "train.csv", "test.csv").document["run_id"] == "trees-d1-1"


def test_a_file_that_is_still_on_its_way_does_not_appear(
    browser: Browser, api: ScriptedServer, s3: Any, project: None, temporary: Path
) -> None:
    held = Held(s3)
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send, browser, "train.csv", LARGE)
        assert held.begun.wait(20)
        assert drop(browser, "train.csv").problem == "not-sent"
        target = "/local/uploads?project=trees&dataset=d1"
        [file] = browser.ask("GET", target).document["files"]
        assert (file["size"], file["is_ready"]) == (len(LARGE), False)
        giving_up = pool.submit(browser.ask, "DELETE", target)
        wait_for("it to be forgotten", lambda: not browser.ask("GET", target).document["files"])
        held.let_go.set()
        assert giving_up.result().document == {"files": ["train.csv"]}
        assert (sending.result().status, sending.result().problem) == (422, "refused")
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    assert dropped(s3) == {}


def test_a_changed_file_replaces_the_one_that_was_on_its_way(
    browser: Browser, api: ScriptedServer, s3: Any, project: None
) -> None:
    api.answer = runs_of_what_is_dropped(s3)
    held = Held(s3)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(send, browser, "train.csv", LARGE)
        assert held.begun.wait(20)
        second = pool.submit(send, browser, "train.csv", LARGE[::-1])
        held.let_go.set()
        assert second.result().status == 200
        assert first.result().status in (200, 422)
    send(browser, "test.csv")
    drop(browser, "train.csv", "test.csv")
    assert s3.get_object(Bucket="data", Key=f"{FOLDER}train.csv")["Body"].read() == LARGE[::-1]


def test_who_waits_for_a_run_hears_it_when_the_console_ends(
    console: ConsoleServer, browser: Browser, api: ScriptedServer, s3: Any, project: None, temporary: Path
) -> None:
    asked = threading.Event()

    def no_runs(asking: Asked) -> Reply:
        if asking.method == "POST":
            return Reply(409, {"detail": "It still lacks test.csv"})
        asked.set()
        return Reply(200, {"runs": []})

    api.answer = no_runs
    for file in ("train.csv", "test.csv"):
        send(browser, file)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(drop, browser, "train.csv", "test.csv")
        assert asked.wait(20)
        console._local.close()
        assert waiting.result(20).document["run_id"] is None
    assert list(temporary.iterdir()) == [], "nothing of it stays"


def test_a_full_disk_and_missing_rights_are_told(
    browser: Browser, s3: Any, project: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("droptrain_cli.console.request.Body.write_to", full)
    refused = send(browser, "train.csv")
    assert (refused.status, refused.problem) == (507, "disk-full")

    def deny(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectVersions")

    s3.meta.events.register("provide-client-params.s3.ListObjectVersions", deny)
    denied = browser.ask("GET", "/local/projects/trees")
    assert (denied.status, denied.problem) == (403, "denied")
    assert "OperatorPolicy" in denied.document["detail"]
