"""Answers of the console's server: JSON, problem documents, and the headers that all of them carry."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

_PROBLEM = "urn:droptrain:problem:"
_TITLES: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# On every answer. The page is one origin's alone: nobody frames it, embeds its files, or hears its address.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Answer:
    """What is sent; without a Cache-Control of its own nobody keeps it.

    `parts` is a body that is sent as it comes.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Iterator[bytes] | None = None


class ProblemError(Exception):
    """A call that is refused: HTTP's status, the last word of the problem's type, and why, with the fix."""

    def __init__(self, status: int, name: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.name = name
        self.detail = detail

    @property
    def answer(self) -> Answer:
        """The problem document (RFC 9457), as the API writes them too."""
        document = {
            "type": f"{_PROBLEM}{self.name}",
            "title": _TITLES.get(self.status, ""),
            "status": self.status,
            "detail": self.detail,
        }
        kind = {"Content-Type": "application/problem+json"}
        return Answer(self.status, json.dumps(document).encode(), kind)


def as_json(document: Any, status: int = 200) -> Answer:
    """A document as an answer."""
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
