"""The page's files: served as they lie in console/, but comments; compressed, asked about at each load."""

import gzip
import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from droptrain.errors import DroptrainError
from droptrain.project_folder import files_below
from droptrain_cli.console.answers import Answer, ProblemError

_INDEX = "index.html"
_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
# In the page's own modules, a comment has whole lines.
_COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
_COMPRESSED = (".ico", ".png", ".woff2")
# In a wheel it lies beside this package, in a checkout at its root.
_PACKAGED, _CHECKED_OUT = (
    Path(__file__).parents[2] / "droptrain_console",
    Path(__file__).parents[3] / "console",
)
FOLDER = _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT


@dataclass(frozen=True)
class _File:
    """A file's content as it was at `state`: as it is, and compressed where that is less."""

    state: tuple[int, int]
    kind: str
    plain: bytes
    zipped: bytes | None
    etag: str


class Page:
    """The files below `folder`; what is asked for is looked up among them, so nothing else is reachable."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._read: dict[str, _File] = {}
        self._lock = threading.Lock()
        if not (folder / _INDEX).is_file():
            raise DroptrainError(
                f"{folder} has no {_INDEX}: droptrain isn't installed whole. Install it again."
            )

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """The file at an unquoted path, or the page itself for a place in it, such as /runs/RUN."""
        first, *segments = path.split("/")
        if first or "\\" in path or "\0" in path or ".." in segments or "" in segments[:-1]:
            raise ProblemError(404, "not-found", "There is no such page.")
        name = "/".join(segments)
        files = dict(files_below(self._folder))
        if name not in files:
            is_navigation = "text/html" in headers.get("accept", "")
            if PurePosixPath(name).suffix in _TYPES and not is_navigation:
                raise ProblemError(404, "not-found", f"The page has no file {name}.")
            name = _INDEX
        return _answer(self._file(name, files[name]), headers)

    def _file(self, name: str, path: Path) -> _File:
        status = path.stat()
        state = (status.st_mtime_ns, status.st_size)
        with self._lock:
            known = self._read.get(name)
            if known is None or known.state != state:
                known = self._read[name] = _read(path, state)
        return known


def _read(path: Path, state: tuple[int, int]) -> _File:
    plain = path.read_bytes()
    if path.suffix == ".js" and "vendor" not in path.parts:
        plain = _without_comments(plain)
    zipped = None if path.suffix in _COMPRESSED else gzip.compress(plain, mtime=0)
    digest = hashlib.sha256(plain).hexdigest()[:32]
    kind = _TYPES.get(path.suffix, "application/octet-stream")
    return _File(state, kind, plain, zipped if zipped and len(zipped) < len(plain) else None, digest)


def _without_comments(module: bytes) -> bytes:
    """A module whose comments are empty lines, so that lines keep their numbers."""
    return _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), module)


def _answer(file: _File, asked: Mapping[str, str]) -> Answer:
    accepted = {item.partition(";")[0].strip() for item in asked.get("accept-encoding", "").split(",")}
    zipped = file.zipped if "gzip" in accepted else None
    etag = f'"{file.etag}{"-gzip" if zipped else ""}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in asked.get("if-none-match", ""):
        return Answer(304, b"", headers)
    headers["Content-Type"] = file.kind
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Answer(200, zipped or file.plain, headers)
