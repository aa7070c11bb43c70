"""Calls of the page to the HTTP API, signed and passed on, and its answers passed back."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlencode

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

from droptrain.api import answer_of, refusal, unreachable
from droptrain.signed_http import SignedHttp
from droptrain.stack import Stack
from droptrain_cli.console.answers import Answer, ProblemError
from droptrain_cli.console.request import Request

_METHODS = ("GET", "POST", "PATCH", "DELETE")
_ASKED = ("content-type", "idempotency-key", "if-none-match")
_TOLD = ("content-type", "etag", "retry-after")
_LED_ELSEWHERE = (301, 302, 303, 307, 308)
_JSON = ("application/json", "application/problem+json")


class Forward:
    """Passes calls on to a stack's API, each once: the page asks again by itself."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = SignedHttp(stack)

    def call(self, request: Request, path: str) -> Answer:
        """The API's answer to a request for its `path`, quoted as it came.

        ProblemError: 502 if no answer comes; with the API's own status where API Gateway refuses without a
        problem document.
        """
        if request.method not in _METHODS:
            raise ProblemError(405, "no-such-method", f"The API takes {', '.join(_METHODS)}.")
        headers = {name: request.headers[name] for name in _ASKED if name in request.headers}
        target = _target(path, request.raw_query)
        try:
            response = self._http.send(request.method, target, headers, request.body.read())
        except (HTTPClientError, NoConnectionError) as error:
            raise ProblemError(502, "unreachable", unreachable(self._stack, error).message) from error
        return self._passed(request.method, path, response.status_code, response.headers, response.content)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _passed(
        self, method: str, path: str, status: int, headers: Mapping[str, str], content: bytes
    ) -> Answer:
        received = {name.lower(): value for name, value in headers.items()}
        kind = received.get("content-type", "").partition(";")[0]
        if status >= 400 and kind != "application/problem+json":
            error = refusal(self._stack, method, path, answer_of(status, headers, content))
            raise ProblemError(status, "refused", error.message)
        if (content and kind not in _JSON) or status in _LED_ELSEWHERE:
            raise ProblemError(
                502, "unreachable",
                f"The answer of {self._stack.api_url} isn't JSON, so it isn't the API's. Check whether a "
                "proxy or a sign-in page is in the way.",
            )  # fmt: skip
        return Answer(status, content, {name.title(): received[name] for name in _TOLD if name in received})


def _target(path: str, query: str) -> str:
    """Path and query quoted in the one way that a signature stands for."""
    segments = [unquote(segment) for segment in path.split("/")]
    if any(segment in (".", "..") for segment in segments):
        raise ProblemError(404, "not-found", "There is no such call.")
    quoted = "/".join(quote(segment, safe="") for segment in segments)
    pairs = urlencode(parse_qsl(query, keep_blank_values=True), quote_via=quote)
    return f"{quoted}?{pairs}" if pairs else quoted
