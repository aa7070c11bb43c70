"""Who may call the console's server: the browser that opened its link, for a page of its own.

Every other page in the same browser can send requests to 127.0.0.1, and a name that somebody binds to
127.0.0.1 makes them its own (DNS rebinding). So a call needs a Host of this machine with this port, no other
page's Origin or Sec-Fetch-Site, and the cookie that only the link sets. Cookies don't know ports: the name
has the port in it.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Mapping

from droptrain_cli.console.answers import Answer, ProblemError

_BYTES = 32
_LINK_SECONDS = 120
_READS = ("GET", "HEAD")


class SessionAuth:
    """The token of one start, and what it opens."""

    def __init__(self, port: int) -> None:
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._cookie = f"droptrain_console_{port}"
        self._token = secrets.token_urlsafe(_BYTES)
        self._session = secrets.token_urlsafe(_BYTES)
        self._tokens: dict[str, float] = {}  # until when, on the monotonic clock
        self._lock = threading.Lock()
        self.address = f"http://{self._hosts[0]}/"

    @property
    def link(self) -> str:
        """The link that opens the page, as often as it is followed."""
        return f"{self.address}?token={self._token}"

    def login_link(self) -> str:
        """A link that opens the page once, and soon: for a command line, which other users can read."""
        with self._lock:
            token = secrets.token_urlsafe(_BYTES)
            self._tokens[token] = time.monotonic() + _LINK_SECONDS
        return f"{self.address}?token={token}"

    def check_host(self, headers: Mapping[str, str]) -> None:
        """ProblemError unless the request names this server by an address of this machine."""
        if headers.get("host", "").lower() not in self._hosts:
            raise ProblemError(
                403, "host", f"The console answers at {self.address} alone. Open the link that it printed."
            )

    def let_in(self, token: str) -> Answer:
        """What follows a link: the page, with the cookie if the token is right; else the page says so."""
        headers = {"Location": "/"}
        if self._takes(token):
            headers["Set-Cookie"] = f"{self._cookie}={self._session}; Path=/; HttpOnly; SameSite=Strict"
        return Answer(303, b"", headers)

    def check_call(self, method: str, headers: Mapping[str, str]) -> None:
        """ProblemError unless a call comes from this server's own page, let in by the link."""
        own = f"http://{headers.get('host', '').lower()}"
        origin = headers.get("origin")
        is_own = origin == own if origin is not None else method in _READS
        if not is_own or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise ProblemError(403, "origin", "The console answers its own page alone, no other site's.")
        if not _equal(self._cookie_in(headers), self._session):
            raise ProblemError(
                403, "token", "This browser isn't let in. Open the link that droptrain console printed."
            )

    def _takes(self, token: str) -> bool:
        if _equal(token, self._token):
            return True
        with self._lock:
            found = next((known for known in self._tokens if _equal(known, token)), "")
            return self._tokens.pop(found, 0.0) > time.monotonic()

    def _cookie_in(self, headers: Mapping[str, str]) -> str:
        pairs = (item.strip().partition("=") for item in headers.get("cookie", "").split(";"))
        return next((value for name, _, value in pairs if name == self._cookie), "")


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
