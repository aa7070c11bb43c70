"""The HTTP API on a laptop: the template's routes, signatures checked, functions called."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from droptrain_local.delivery import Invoke, logger
from droptrain_local.errors import TemplateError
from droptrain_local.http_event import Request, Response, as_event, as_response, message
from droptrain_local.lambda_runtime import FunctionError, RuntimeClosedError
from droptrain_local.loopback import LoopbackHandler, LoopbackServer
from droptrain_local.signature import is_signed

_MAX_PAYLOAD_BYTES = 10 * 1024 * 1024  # of API Gateway
_INTEGRATION_ARN = re.compile(r"functions/(arn:aws:lambda:[^/]+)/invocations")


@dataclass(frozen=True)
class Route:
    """A method and a path with {names}, and the function behind."""

    method: str
    path: str
    function_arn: str
    needs_signature: bool

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters if the request is this route's."""
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
    """The routes of an HttpApi's OpenAPI body; fixed paths first, as API Gateway prefers them."""
    for path, methods in sorted(body["paths"].items(), key=lambda item: item[0].count("{")):
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            match = _INTEGRATION_ARN.search(uri)
            if match is None:
                raise TemplateError(f"Route {method} {path} leads to no function: {uri}")
            signed = any("AWS_IAM" in item for item in operation.get("security", []))
            yield Route(method.upper(), path, match[1], signed)


class Gateway:
    """Serves an HTTP API on 127.0.0.1 from the moment it is made."""

    def __init__(self, api_id: str, routes: list[Route], invoke: Invoke) -> None:
        self._api_id = api_id
        self._routes = routes
        self._invoke = invoke
        self._server = LoopbackServer(type("Handler", (_Handler,), {"gateway": self}), "gateway")
        self.url = f"http://{self._server.address}"

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def answer(self, request: Request) -> Response:
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
        url = f"http://{request.headers.get('host', '')}{request.target}"
        if route.needs_signature and not is_signed(request.method, url, request.headers, request.body, now):
            return message(403, "Forbidden")
        event = as_event(request, f"{route.method} {route.path}", names, self._api_id, now)
        try:
            return as_response(self._invoke(route.function_arn, event))
        except RuntimeClosedError:
            return message(503, "Service Unavailable")
        except (FunctionError, ValueError) as error:
            logger.warning("%s", error)
            return message(500, "Internal Server Error")


class _Handler(LoopbackHandler):
    gateway: Gateway

    def _answer(self) -> None:
        if int(self.headers.get("Content-Length") or 0) > _MAX_PAYLOAD_BYTES:
            self.close_connection = True
            answer = message(413, "Request Entity Too Large")
        else:
            answer = self.gateway.answer(self._request())
        self.send(answer.status, answer.body, answer.headers)

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = _answer

    def _request(self) -> Request:
        names = {name.lower() for name in self.headers}
        return Request(
            method=self.command,
            target=self.path,
            headers={name: ",".join(self.headers.get_all(name, [])) for name in names},
            body=self.read_body(),
            source_ip=self.client_address[0],
            protocol=self.request_version,
        )
