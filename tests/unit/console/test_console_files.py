"""The page's files are whole: what it loads is there, preloaded, and as it was vendored."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from droptrain_cli.console.page import Page

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "console"
IMPORT = re.compile(r'(?:^import|^export|^\})[^;(]*?"(\.[^"]+)"', re.MULTILINE)  # at once, not by import()


MOST_BYTES = 150_000


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        if tag == "link":
            self.found.append((values["rel"], values["href"]))
        if tag == "script":
            self.found.append(("script", values["src"]))


def links() -> _Links:
    parser = _Links()
    parser.feed((PAGE / "index.html").read_text("utf-8"))
    return parser


def weight() -> int:
    """The bytes of the page with all of its views, as the console sends them."""
    served = Page(PAGE)
    kinds = (".js", ".mjs", ".css", ".html", ".svg")
    names = [str(path.relative_to(PAGE)) for path in PAGE.rglob("*") if path.suffix in kinds]
    return sum(len(served.get(f"/{name}", {"accept-encoding": "gzip"}).body) for name in names)


def imported(path: str, seen: set[str]) -> set[str]:
    """Every module that a module needs, by its address."""
    if path in seen:
        return seen
    seen.add(path)
    folder = Path(path).parent
    for name in IMPORT.findall((PAGE / path[1:]).read_text("utf-8")):
        imported("/" + str((PAGE / str(folder)[1:] / name).resolve().relative_to(PAGE)), seen)
    return seen


def test_every_module_that_the_page_needs_is_preloaded() -> None:
    preloaded = {href for rel, href in links().found if rel == "modulepreload"}
    assert imported("/main.js", set()) == preloaded | {"/main.js"}


def test_the_page_is_small() -> None:
    assert weight() < MOST_BYTES


def test_the_page_asks_nobody_else_and_has_nothing_inline() -> None:
    parser = links()
    assert all((PAGE / href[1:]).is_file() for _, href in parser.found)
    assert not parser.inline
    own = [
        path
        for path in PAGE.rglob("*")
        if path.suffix in (".js", ".css", ".html") and "vendor" not in path.parts
    ]
    for path in own:
        assert not re.search(r"https?://", path.read_text("utf-8").replace("http://www.w3.org", "")), path
        assert not re.search(
            r"innerHTML|insertAdjacentHTML|dangerouslySet|\beval\(", path.read_text("utf-8")
        ), path


def test_what_was_vendored_is_as_recorded() -> None:
    done = subprocess.run(
        [sys.executable, str(PAGE / "vendor.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
