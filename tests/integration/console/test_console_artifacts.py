"""What a run left: downloaded as one ZIP, and shown without the browser running anything of it."""

import http.client
import io
import json
import zipfile
from base64 import b64decode
from urllib.parse import quote, unquote

import pytest
from support.console_browser import Browser
from support.scripted_server import Asked, Reply, ScriptedServer, problem

from droptrain_cli.console import artifacts

RUN = "trees-first-0123456789ab"
PNG = b"\x89PNG\r\n\x1a\nrest"


@pytest.fixture
def left(api: ScriptedServer) -> dict[str, bytes]:
    """The files of a run, which the API lists in pages of two; the first link to `export/expired` is old."""
    files: dict[str, bytes] = {}
    lists = 0

    def answer(asked: Asked) -> Reply:
        nonlocal lists
        path, _, query = asked.target.partition("?")
        if path.startswith("/s3/"):
            name = unquote(path.removeprefix("/s3/"))
            return Reply(403, b"") if (name, query) == ("export/expired", "1") else Reply(200, files[name])
        if path != f"/runs/{RUN}/artifacts":
            return problem(404, "not-found", "There is no run")
        start = int(query.rpartition("cursor=")[2]) if "cursor=" in query else 0
        lists += not start
        listed = [
            {"path": name, "size": len(body), "url": f"{api.url}/s3/{quote(name)}?{lists}"}
            for name, body in list(files.items())[start : start + 2]
        ]
        cursor = str(start + 2) if start + 2 < len(files) else None
        return Reply(200, {"artifacts": listed, "cursor": cursor})

    api.answer = answer
    return files


def test_all_files_of_a_run_come_as_one_zip(left: dict[str, bytes], browser: Browser) -> None:
    left |= {"export/model.keras": b"weights" * 1000, "export/شبكة 🐧.json": b"{}", "log.txt": b"Epoch 1\n"}
    got = browser.ask("GET", f"/local/archive?run={RUN}")
    assert got.status == 200
    assert got.headers["content-type"] == "application/zip"
    assert got.headers["content-disposition"] == f'attachment; filename="{RUN}.zip"'
    with zipfile.ZipFile(io.BytesIO(got.body)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == {f"{RUN}/{name}": body for name, body in left.items()}


def test_the_files_of_a_folder_come_alone(left: dict[str, bytes], browser: Browser) -> None:
    left |= {"export/a": b"a", "log.txt": b"log"}
    got = browser.ask("GET", f"/local/archive?run={RUN}&folder=export/")
    with zipfile.ZipFile(io.BytesIO(got.body)) as archive:
        assert archive.namelist() == [f"{RUN}/export/a"]
    assert browser.ask("GET", f"/local/archive?run={RUN}&folder=model/").problem == "not-found"


def test_a_link_that_expires_while_others_are_sent_is_renewed(
    left: dict[str, bytes], browser: Browser
) -> None:
    left |= {"export/a": b"a", "export/expired": b"late"}
    got = browser.ask("GET", f"/local/archive?run={RUN}")
    with zipfile.ZipFile(io.BytesIO(got.body)) as archive:
        assert archive.read(f"{RUN}/export/expired") == b"late"


def test_a_zip_that_lacks_a_file_does_not_look_whole(
    api: ScriptedServer, left: dict[str, bytes], browser: Browser
) -> None:
    left |= {"export/a": b"a", "export/b": b"b"}
    listed = api.answer
    api.answer = lambda asked: Reply(500, b"") if "/s3/export/b" in asked.target else listed(asked)
    with pytest.raises(http.client.IncompleteRead):
        browser.ask("GET", f"/local/archive?run={RUN}")


def test_what_can_not_be_downloaded_is_refused_before_anything_is_sent(
    left: dict[str, bytes], browser: Browser, stranger: Browser
) -> None:
    left |= {"export/../../escaped": b""}
    assert browser.ask("GET", f"/local/archive?run={RUN}").status == 422
    assert browser.ask("GET", "/local/archive?run=nope").problem == "not-found"
    assert stranger.ask("GET", f"/local/archive?run={RUN}").problem == "token"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b'{"a": 1}', {"text": '{"a": 1}'}),
        (b"<svg onload='alert(1)'/>", {"text": "<svg onload='alert(1)'/>"}),
        (b"a\0b", {"unshown": "binary"}),
        (b"\xff\xfe", {"unshown": "binary"}),
        (b"x" * (artifacts.MOST_TEXT_BYTES + 1), {"unshown": "large"}),
        (b"x" * (artifacts.MOST_IMAGE_BYTES + 1), {"unshown": "large"}),
    ],
    ids=["json", "svg", "binary", "not-utf8", "long", "huge"],
)
def test_a_small_text_is_shown_as_text(
    left: dict[str, bytes], browser: Browser, content: bytes, shown: dict[str, str]
) -> None:
    left |= {"other": b"", "export/a b": content}
    got = browser.ask("GET", f"/local/preview?run={RUN}&path=export/a%20b")
    assert got.headers["content-type"] == "application/json"
    nothing = {"text": None, "image": None, "unshown": None}
    assert json.loads(got.body) == {"path": "export/a b", "size": len(content), **nothing, **shown}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xffrest", "jpeg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x01\0\0\0WEBPVP8", "webp"),
    ],
)
def test_an_image_is_shown_by_its_first_bytes_whatever_its_name(
    left: dict[str, bytes], browser: Browser, content: bytes, kind: str
) -> None:
    left["export/page.html"] = content
    shown = browser.ask("GET", f"/local/preview?run={RUN}&path=export/page.html").document
    head, _, data = shown["image"].partition(",")
    assert head == f"data:image/{kind};base64"
    assert b64decode(data) == content
    assert shown["text"] is shown["unshown"] is None


def test_a_file_that_is_not_there_is_not_found(left: dict[str, bytes], browser: Browser) -> None:
    left["a"] = b""
    assert browser.ask("GET", f"/local/preview?run={RUN}&path=b").problem == "not-found"
