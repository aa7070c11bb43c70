"""The HTTP API on a laptop: the template's routes, signatures and policies checked, functions called."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from droptrain_local.callers import Caller
from droptrain_local.clients import ACCOUNT, REGION
from droptrain_local.delivery import Invoke, logger
from droptrain_local.errors import TemplateError
from droptrain_local.http_event import HttpRequest, Response, as_event, as_response, message
from droptrain_local.lambda_runtime import FunctionError, RuntimeClosedError
from droptrain_local.loopback import LoopbackHandler, LoopbackServer
from droptrain_local.permissions.guard import Guard
from droptrain_local.permissions.policy import Need
from droptrain_local.signature import signer_of

_MAX_PAYLOAD_BYTES = 10 * 1024 * 1024  # of API Gateway
_DEFAULT = "$default"  # the route of what no other route takes, and the name of the stage
_DEFAULT_PATH = f"/{_DEFAULT}"
_INTEGRATION_ARN = re.compile(r"functions/(arn:aws:lambda:[^/]+)/invocations")


@dataclass(frozen=True)
class Route:
    """A method and a path with {names}, or `$default` for whatever is left, and the function behind."""

    method: str
    path: str
    function_arn: str

    @property
    def key(self) -> str:
        """How API Gateway names the route."""
        return _DEFAULT if self.path == _DEFAULT else f"{self.method} {self.path}"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters if the request is this route's."""
        if self.path == _DEFAULT:
            return {}
        parts, given = self.path.split("/"), path.split("/")
        if method != self.method or len(parts) != len(given):
            return None
        parameters = {}
        for part, value in zip(parts, given, strict=True):
            if part.startswith("{") and value:
                parameters[part.strip("{}")] = unquote(value)
            elif part != value:
                return None
        return parameters


def routes_of(body: Mapping[str, Any]) -> Iterator[Route]:
    """The routes of an HttpApi's OpenAPI body, in API Gateway's order: fixed paths first, $default last."""
    by_preference = sorted(
        body["paths"].items(), key=lambda item: (item[0] == _DEFAULT_PATH, item[0].count("{"))
    )
    for path, methods in by_preference:
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            match = _INTEGRATION_ARN.search(uri)
            if match is None:
                raise TemplateError(f"Route {method} {path} leads to no function: {uri}")
            if not any("AWS_IAM" in item for item in operation.get("security", [])):
                raise TemplateError(f"Route {method} {path} is open to everybody: it has no AWS_IAM.")
            yield Route(method.upper(), _DEFAULT if path == _DEFAULT_PATH else path, match[1])


class Gateway:
    """Serves an HTTP API on 127.0.0.1 from the moment it is made."""

    def __init__(
        self, api_id: str, routes: list[Route], invoke: Invoke, callers: Mapping[str, Caller], guard: Guard
    ) -> None:
        self._api_id = api_id
        self._routes = routes
        self._invoke = invoke
        self._callers = callers
        self._guard = guard
        self._server = LoopbackServer(type("Handler", (_Handler,), {"gateway": self}), "gateway")
        self.url = f"http://{self._server.address}"

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def answer(self, request: HttpRequest) -> Response:
        """What API Gateway answers to a request."""
        path = urlsplit(request.target).path
        found = next(
            (
                (route, names)
                for route in self._routes
                if (names := route.match(request.method, path)) is not None
            ),
            None,
        )
        if found is None:
            return message(404, "Not Found")
        route, names = found
        now = datetime.now(UTC)
        caller = self._caller(request, now)
        if caller is None or not self._may(caller, route, self._arn(request.method, path)):
            return message(403, "Forbidden")
        event = as_event(request, route.key, names, self._api_id, now, caller)
        try:
            return as_response(self._invoke(route.function_arn, event))
        except RuntimeClosedError:
            return message(503, "Service Unavailable")
        except (FunctionError, ValueError) as error:
            logger.warning("%s", error)
            return message(500, "Internal Server Error")

    def _may(self, caller: Caller, route: Route, arn: str) -> bool:
        if caller.bound is None:
            return True
        wanted = [Need("execute-api:Invoke", arn)]
        return self._guard.missing(caller.bound, f"execute-api:{route.key}", wanted) is None

    def _caller(self, request: HttpRequest, now: datetime) -> Caller | None:
        url = f"http://{request.headers.get('host', '')}{request.target}"
        secrets = {key: caller.secret_key for key, caller in self._callers.items()}
        key = signer_of(request.method, url, request.headers, request.body, now, secrets)
        return self._callers[key] if key else None

    def _arn(self, method: str, path: str) -> str:
        """What an IAM policy has to allow (API Gateway guide: control access for invoking an API)."""
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self._api_id}/{_DEFAULT}/{method}{unquote(path)}"


class _Handler(LoopbackHandler):
    gateway: Gateway

    def _answer(self) -> None:
        if int(self.headers.get("Content-Length") or 0) > _MAX_PAYLOAD_BYTES:
            self.close_connection = True
            answer = message(413, "Request Entity Too Large")
        else:
            answer = self.gateway.answer(self._request())
        self.send(answer.status, answer.body, answer.headers)

    def __getattr__(self, name: str) -> Any:
        """Every method is taken: what the API does with it is for its routes to say."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _request(self) -> HttpRequest:
        names = {name.lower() for name in self.headers}
        return HttpRequest(
            method=self.command,
            target=self.path,
            headers={name: ",".join(self.headers.get_all(name, [])) for name in names},
            body=self.read_body(),
            source_ip=self.client_address[0],
            protocol=self.request_version,
        )
