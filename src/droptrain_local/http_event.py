"""HTTP requests as API Gateway's payload 2.0, and a function's answers as HTTP responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from droptrain_local.callers import Caller
from droptrain_local.clients import ACCOUNT

_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came; header names in lower case, several values of one joined by commas."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str
    protocol: str


@dataclass(frozen=True)
class Response:
    """An answer to send."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def message(status: int, text: str) -> Response:
    """An answer of API Gateway's own."""
    return Response(status, [("Content-Type", "application/json")], json.dumps({"message": text}).encode())


def as_event(
    request: HttpRequest,
    route_key: str,
    path_parameters: Mapping[str, str],
    api_id: str,
    now: datetime,
    caller: Caller,
) -> dict[str, Any]:
    """The event that a function gets of a request that `caller` signed."""
    address = urlsplit(request.target)
    path = unquote(address.path)
    headers = {name: value for name, value in request.headers.items() if name != "cookie"}
    domain = request.headers.get("host", "")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": address.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "authorizer": {"iam": _identity(caller)},
            "domainName": domain,
            "domainPrefix": domain.split(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": uuid4().hex[:16],
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(address.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    if query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in query.items()}
    if path_parameters:
        event["pathParameters"] = dict(path_parameters)
    if "cookie" in request.headers:
        event["cookies"] = [item.strip() for item in request.headers["cookie"].split(";")]
    if request.body:
        event["body"], event["isBase64Encoded"] = _encode(request)
    return event


def as_response(result: Any) -> Response:
    """The response that a function's result stands for; ValueError if API Gateway couldn't read it."""
    if not isinstance(result, Mapping) or "statusCode" not in result:
        return Response(200, [("Content-Type", "application/json")], json.dumps(result).encode())
    try:
        status = int(result["statusCode"])
        headers = [(str(name), str(value)) for name, value in (result.get("headers") or {}).items()]
        headers += [("Set-Cookie", cookie) for cookie in result.get("cookies") or []]
        text = result.get("body") or ""
        body = base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()
    except (AttributeError, TypeError) as error:
        raise ValueError(f"not a response: {error}") from error
    if "content-type" not in {name.lower() for name, _ in headers}:
        headers.append(("Content-Type", "text/plain;charset=utf-8"))
    return Response(status, [item for item in headers if item[0].lower() != "content-length"], body)


def _encode(request: HttpRequest) -> tuple[str, bool]:
    kind = request.headers.get("content-type", "text/plain").strip().lower()
    if kind.startswith(_TEXT_TYPES) or kind.partition(";")[0].endswith(("+json", "+xml")):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def _identity(caller: Caller) -> dict[str, Any]:
    user_id = f"AIDA{caller.access_key.upper()}"
    return {
        "accessKey": caller.access_key,
        "accountId": ACCOUNT,
        "callerId": user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": user_id,
    }
