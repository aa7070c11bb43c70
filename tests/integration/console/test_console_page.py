"""The page's files, and nothing else of this machine."""

import gzip
import os
from pathlib import Path

import pytest
from support.console_browser import Browser

from droptrain.errors import DroptrainError
from droptrain_cli.console.page import Page
from droptrain_cli.console.server import ConsoleServer

INDEX = "<!doctype html><title>droptrain</title>"
SCRIPT = "export const x = 1;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page with a library, a hidden file, and a secret beside it."""
    page = tmp_path / "page"
    for name, text in {
        "index.html": INDEX, "app.js": SCRIPT, "vendor/lib/lib.js": SCRIPT, ".env": "SECRET", "x.png": "P",
    }.items():  # fmt: skip
        (page / name).parent.mkdir(parents=True, exist_ok=True)
        (page / name).write_text(text)
    (tmp_path / "secret.txt").write_text("SECRET")
    return page


@pytest.fixture
def browser(folder: Path, console: ConsoleServer) -> Browser:
    console._page = Page(folder)
    return Browser(console.port)


def test_files_are_compressed_and_asked_about_again(browser: Browser, folder: Path) -> None:
    plain = browser.ask("GET", "/vendor/lib/lib.js")
    assert (plain.status, plain.body.decode()) == (200, SCRIPT)
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    zipped = browser.ask("GET", "/vendor/lib/lib.js?v=1", Accept_Encoding="br, gzip;q=0.9")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body).decode() == SCRIPT
    assert len(zipped.body) < len(plain.body)
    assert zipped.headers["etag"] != plain.headers["etag"]
    for got, accepts in ((plain, ""), (zipped, "gzip")):
        again = browser.ask(
            "GET", "/vendor/lib/lib.js", Accept_Encoding=accepts, If_None_Match=got.headers["etag"]
        )
        assert (again.status, again.body, again.headers["cache-control"]) == (304, b"", "no-cache")
    (folder / "vendor/lib/lib.js").write_text("changed")
    changed = browser.ask("GET", "/vendor/lib/lib.js", If_None_Match=plain.headers["etag"])
    assert (changed.status, changed.body) == (200, b"changed")


def test_a_module_comes_without_its_comments_and_lines_keep_their_numbers(
    browser: Browser, folder: Path
) -> None:
    module = """// What it does.

const address = "https://example.org"; // stays
  // Why.
/** One line. */
const one = 1;
/**
 * @param {number} x
 */
export const twice = (x) => x * 2;
"""
    (folder / "app.js").write_text(module)
    (folder / "vendor/lib/lib.js").write_text("/** Licence */\n")
    served = browser.ask("GET", "/app.js").body.decode()
    assert (
        served
        == """

const address = "https://example.org"; // stays


const one = 1;



export const twice = (x) => x * 2;
"""
    )
    assert browser.ask("GET", "/vendor/lib/lib.js").body == b"/** Licence */\n"


def test_every_place_in_the_page_is_the_page(browser: Browser) -> None:
    for target in (
        "/",
        "/index.html",
        "/runs/p-d-0123456789ab",
        "/projects/p/datasets/a.b",
        "/compare?runs=a,b",
    ):
        got = browser.ask("GET", target)
        assert (got.status, got.body.decode()) == (200, INDEX), target
        assert got.headers["content-type"] == "text/html; charset=utf-8"
    head = browser.ask("HEAD", "/runs/r")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(INDEX)))
    assert browser.ask("POST", "/runs/r").status == 405


def test_a_file_that_is_missing_is_not_the_page_unless_somebody_goes_there(browser: Browser) -> None:
    assert browser.ask("GET", "/vendor/gone.js", Accept="*/*").problem == "not-found"
    went = browser.ask("GET", "/projects/p/datasets/gone.js", Accept="text/html,*/*;q=0.8")
    assert went.body.decode() == INDEX


@pytest.mark.parametrize("target", [
    "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/vendor/../../secret.txt",
    "/vendor/lib/..%2f..%2f..%2fsecret.txt", "/..\\secret.txt", "/%5c..%5csecret.txt", "//etc/passwd",
    "//secret.txt", "/%00/../secret.txt", "/.env", "/vendor/", "secret.txt", "http://x/secret.txt",
    "/%252e%252e/secret.txt",
])  # fmt: skip
def test_nothing_else_is_reachable(browser: Browser, target: str) -> None:
    got = browser.ask("GET", target)
    assert b"SECRET" not in got.body
    assert b"root:" not in got.body
    assert got.status == 404 or got.body.decode() == INDEX
    if ".." in target or not target.startswith("/"):
        assert got.status == 404


@pytest.mark.skipif(os.name == "nt", reason="no symbolic links there without a privilege")
def test_a_folder_that_links_elsewhere_is_not_followed(browser: Browser, folder: Path) -> None:
    (folder / "out").symlink_to(folder.parent)
    assert browser.ask("GET", "/out/secret.txt").status == 404


def test_a_page_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(DroptrainError, match=r"isn't installed whole"):
        Page(tmp_path)
