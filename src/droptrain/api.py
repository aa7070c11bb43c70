"""Calls of a stack's HTTP API: signed, repeated where that is safe, errors in the API's own words."""

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError, SSLError

from droptrain.errors import ApiError, UnreachableError
from droptrain.signed_http import SignedHttp
from droptrain.stack import Stack

TRIES = 5
_LONGEST_WAIT_SECONDS = 20.0
_THROTTLED = 429  # by API Gateway, before any code of the API ran
_MAY_PASS = (_THROTTLED, 502, 503, 504)
_PROBLEM = "urn:droptrain:problem:"


@dataclass(frozen=True)
class Answer:
    """What the API answered: header names in lower case, `body` is parsed JSON, None if it is empty."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Api:
    """A stack's HTTP API. A call raises ApiError if it is refused, UnreachableError if no answer comes.

    Calls that may be sent twice (GET, DELETE, PATCH, and POST with an idempotency key or `repeatable`) are
    repeated after lost connections and 502 to 504, any call after 429: `tries` times in all, first after
    `backoff_seconds`, or as `Retry-After` says.
    """

    def __init__(self, stack: Stack, *, backoff_seconds: float = 0.5, tries: int = TRIES) -> None:
        self._stack = stack
        self._tries = tries
        self._backoff_seconds = backoff_seconds
        self._http = SignedHttp(stack)

    def get(self, path: str, **query: str | int | None) -> Any:
        """The body of a GET; query parameters that are None are left out."""
        return self.call("GET", path, query=query).body

    def post(
        self, path: str, body: Any = None, *, idempotency_key: str | None = None, repeatable: bool = False
    ) -> Answer:
        """The answer to a POST of a JSON body."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.call("POST", path, body=body, headers=headers, repeatable=repeatable or bool(headers))

    def patch(self, path: str, body: Any) -> Any:
        """The body of the answer to a PATCH of a JSON body."""
        return self.call("PATCH", path, body=body).body

    def delete(self, path: str) -> Any:
        """The body of the answer to a DELETE."""
        return self.call("DELETE", path).body

    def pages(self, path: str, **query: str | int | None) -> Iterator[Any]:
        """The bodies of a list's pages, one after another, as far as they are asked for."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, cursor=cursor)
            yield page
            cursor = page["cursor"]
            if cursor is None:
                return

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int | None] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """The answer to a request; 304 is one too."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = path + (f"?{urlencode(given, quote_via=quote)}" if given else "")
        data = b"" if body is None else json.dumps(body).encode()
        repeatable = repeatable or method in ("GET", "DELETE", "PATCH")
        for attempt in range(1, self._tries + 1):
            last = attempt == self._tries
            try:
                answer = self._send(method, target, data, headers or {})
            except (HTTPClientError, NoConnectionError) as error:
                if last or not repeatable or isinstance(error, SSLError):
                    raise unreachable(self._stack, error) from error
                self._wait(attempt, None)
                continue
            if answer.status < 400:
                return self._checked(answer)
            if last or not _may_pass(answer, repeatable):
                raise refusal(self._stack, method, path, answer)
            self._wait(attempt, answer.headers.get("retry-after"))
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, method: str, target: str, data: bytes, headers: Mapping[str, str]) -> Answer:
        sent = {"Content-Type": "application/json", **headers}
        response = self._http.send(method, target, sent, data)
        return answer_of(response.status_code, response.headers, response.content)

    def _wait(self, attempt: int, retry_after: str | None) -> None:
        backoff = self._backoff_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311  spreads
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
        time.sleep(min(max(backoff, asked), _LONGEST_WAIT_SECONDS))

    def _checked(self, answer: Answer) -> Answer:
        if isinstance(answer.body, str) or answer.status in (301, 302, 303, 307, 308):
            raise ApiError(
                f"The answer of {self._stack.api_url} isn't JSON, so it isn't the API's. Check whether a "
                "proxy or a sign-in page is in the way.",
                answer.status,
            )
        return answer


def quoted(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")


def answer_of(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """An answer as it came."""
    return Answer(status, {name.lower(): value for name, value in headers.items()}, _parsed(content))


def unreachable(stack: Stack, error: Exception) -> UnreachableError:
    """Why no answer came, as botocore says it, and what to do about it."""
    if isinstance(error, SSLError):
        return UnreachableError(
            f"No secure connection to {stack.api_url}: {error}. Behind a proxy that inspects traffic, name "
            "its certificate in AWS_CA_BUNDLE."
        )
    fix = (
        "The laptop cloud has ended, or is stuck: start it again with make up."
        if stack.is_laptop
        else "Check the network, and whether a proxy is in the way (HTTPS_PROXY)."
    )
    return UnreachableError(f"{str(error).rstrip('.')}. {fix}")


def refusal(stack: Stack, method: str, path: str, answer: Answer) -> ApiError:
    """What an answer of 400 or more means, and what to do about it."""
    body = answer.body if isinstance(answer.body, dict) else {}
    problem = _problem_of(answer)
    detail = body.get("detail") or body.get("message") or f"HTTP {answer.status}"
    if answer.status == 403:
        policy = stack.reader_policy if method == "GET" else stack.operator_policy
        return ApiError(
            f"The API refuses these credentials ({detail}). Ask the stack's owner for the policy "
            f"{policy}; if you have it, check this machine's clock.",
            403,
        )
    if answer.status in (404, 405) and problem != "not-found":
        fix = "Start it again: make up" if stack.is_laptop else "Deploy: sam build && sam deploy"
        return ApiError(
            f"The stack's API has no {method} {path}: it is older than this command. {fix}",
            answer.status,
            problem,
        )
    if answer.status >= 500 and not problem:
        request_id = answer.headers.get("apigw-requestid", "none")
        return ApiError(
            f"The API failed ({answer.status}: {detail}; request {request_id}). Try again; if it stays, "
            "look at the log of the stack's RunsApiFunction.",
            answer.status,
        )
    return ApiError(detail if detail.endswith(".") else f"{detail}.", answer.status, problem)


def _may_pass(answer: Answer, repeatable: bool) -> bool:
    if answer.status == _THROTTLED:
        return True
    return repeatable and answer.status in _MAY_PASS and _problem_of(answer) != "paused"


def _problem_of(answer: Answer) -> str:
    kind = answer.body.get("type", "") if isinstance(answer.body, dict) else ""
    return kind.removeprefix(_PROBLEM) if isinstance(kind, str) and kind.startswith(_PROBLEM) else ""


def _parsed(content: bytes) -> Any:
    """JSON, or the bytes' own text where a proxy answered with something else."""
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
