"""A browser that visits the console, as far as requests and a cookie go."""

import http.client
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Got:
    """An answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The last word of a problem document's type."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        assert self.document["status"] == self.status
        return self.document["type"].removeprefix("urn:droptrain:problem:")


class Browser:
    """Sends what a browser sends for the console's own page; a header that is "" isn't sent."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.own = f"http://127.0.0.1:{port}"
        self.cookie = ""

    def follow(self, link: str) -> Got:
        """Follow a link of the console, and keep the cookie."""
        got = self.ask("GET", link.removeprefix(self.own))
        if "set-cookie" in got.headers:
            self.cookie = got.headers["set-cookie"].partition(";")[0]
        return got

    def ask(self, method: str, target: str, body: Any = None, /, **headers: str) -> Got:
        """Send a request, its target as it is."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}
        if method not in ("GET", "HEAD"):
            sent |= {"Origin": self.own, "Sec-Fetch-Site": "same-origin", "Content-Length": str(len(content))}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders(content)
            answer = connection.getresponse()
            answer_headers = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, answer_headers, answer.read())
        finally:
            connection.close()
