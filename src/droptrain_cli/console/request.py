"""A request to the console's server: what is asked, and a body of any size that is read when it is wanted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from droptrain_cli.console.answers import ProblemError
from droptrain_cli.console.deadlines import PIECE_SECONDS

MAX_BODY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Body:
    """The bytes behind a request's headers; `left` is what has not been read of them.

    `allow` sets how many seconds the next bytes may take. More than MAX_BODY_BYTES are only read if the body
    `is_wanted`, which means that its caller is authenticated. A connection can't be used after a body that
    `is_broken`.
    """

    def __init__(self, stream: _Readable, length: int | None, allow: Callable[[float], None]) -> None:
        self._stream = stream
        self._length = length
        self._allow = allow
        self.left = length or 0
        self.is_wanted = False
        self.is_broken = False

    def read(self) -> bytes:
        """All of a small body; ProblemError 413 beyond MAX_BODY_BYTES."""
        if self.left > MAX_BODY_BYTES:
            raise ProblemError(413, "too-large", f"The body has more than {MAX_BODY_BYTES} bytes.")
        return self._take(self.left)

    def write_to(self, path: Path) -> None:
        """All of a body of any size, into a file; ProblemError 411 without its length."""
        if self._length is None:
            raise ProblemError(411, "no-length", "Give the file's size in Content-Length.")
        with path.open("wb") as file:
            while self.left:
                file.write(self._take(min(self.left, _PIECE_BYTES)))

    def skip(self) -> bool:
        """Read what is left, so that the client reads the answer; False if the connection has to close."""
        if self.is_broken or (self.left > MAX_BODY_BYTES and not self.is_wanted):
            return False
        try:
            while self.left:
                self._take(min(self.left, _PIECE_BYTES))
        except ProblemError:
            return False
        return True

    def _take(self, count: int) -> bytes:
        self._allow(PIECE_SECONDS)
        try:
            taken = self._stream.read(count)
        except TimeoutError:
            self.is_broken = True
            raise ProblemError(408, "too-slow", "The body comes too slowly. Send it again.") from None
        self.left -= len(taken)
        if len(taken) < count:
            self.is_broken = True
            raise ProblemError(400, "cut-off", "The body ended before its length. Send it again.")
        return taken


@dataclass(frozen=True)
class Request:
    """`path` is quoted as it came, `query` has the last value of each name, `headers` lower-case names."""

    method: str
    path: str
    raw_query: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body

    def named(self, *names: str) -> tuple[str, ...]:
        """The values of query parameters that have to be there; ProblemError 400."""
        if missing := [name for name in names if not self.query.get(name)]:
            raise ProblemError(400, "missing", f"The query lacks {', '.join(missing)}.")
        return tuple(self.query[name] for name in names)
