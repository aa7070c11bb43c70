"""The HTTP API answers signed requests to its routes, and refuses the others as API Gateway does."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from droptrain_local.callers import LAPTOP, Caller
from droptrain_local.gateway import Gateway, Route
from droptrain_local.lambda_runtime import FunctionError
from droptrain_local.permissions.guard import Guard, Principal

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:api"

READS = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:api/*/GET/*"}
READER_ARN = "arn:aws:iam::123456789012:user/reader"
READER = Caller("reader", "reader", READER_ARN, Principal("Reader", READER_ARN, ({"Statement": [READS]},)))
CALLERS = {"test": LAPTOP, "reader": READER}


class Failed(FunctionError):
    def __init__(self) -> None:
        Exception.__init__(self, "failed")


def echo(arn: str, event: Any) -> Any:
    """Answers with the event; fails, or answers nonsense, when asked to."""
    assert arn == ARN
    if event["rawQueryString"] == "fail":
        raise Failed
    body = 7 if event["rawQueryString"] == "nonsense" else json.dumps(event)
    return {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": body}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    routes = [Route("POST", "/runs", ARN), Route("GET", "/runs/{run_id}", ARN)]
    served = Gateway("api", routes, echo, CALLERS, Guard())
    yield served
    served.close()


def call(
    gateway: Gateway, method: str, path: str, body: bytes = b"", *, secret: str | None = "test", key="test"
) -> Any:
    request = AWSRequest(method, gateway.url + path, data=body, headers={"Content-Type": "application/json"})
    if secret:
        SigV4Auth(Credentials(key, secret), "execute-api", "eu-west-1").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, json.loads(answer.text)


def test_a_signed_request_reaches_the_function(gateway: Gateway) -> None:
    status, event = call(gateway, "POST", "/runs?dry=yes", b'{"project": "p"}')
    assert status == 201
    assert event["routeKey"] == "POST /runs"
    assert event["body"] == '{"project": "p"}'
    assert event["queryStringParameters"] == {"dry": "yes"}
    assert event["requestContext"]["authorizer"]["iam"]["userArn"].endswith(":user/laptop")


def test_a_path_s_parameter_is_named(gateway: Gateway) -> None:
    assert call(gateway, "GET", "/runs/p-first-abc")[1]["pathParameters"] == {"run_id": "p-first-abc"}


@pytest.mark.parametrize("secret", [None, "wrong"])
def test_an_unsigned_or_wrongly_signed_request_is_forbidden(gateway: Gateway, secret) -> None:
    assert call(gateway, "POST", "/runs", secret=secret) == (403, {"message": "Forbidden"})


def test_a_caller_may_do_what_its_policies_allow(gateway: Gateway) -> None:
    status, event = call(gateway, "GET", "/runs/x", key="reader", secret="reader")
    assert status == 201
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] == READER.arn
    assert call(gateway, "POST", "/runs", key="reader", secret="reader") == (403, {"message": "Forbidden"})
    assert call(gateway, "GET", "/runs/x", key="reader", secret="test") == (403, {"message": "Forbidden"})
    assert call(gateway, "GET", "/runs/x", key="nobody", secret="reader") == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("DELETE", "/runs"), ("GET", "/runs/a/b")])
def test_an_unknown_route_is_not_found(gateway: Gateway, method, path) -> None:
    assert call(gateway, method, path) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("query", ["fail", "nonsense"])
def test_a_function_that_fails_is_an_internal_error(gateway: Gateway, query) -> None:
    assert call(gateway, "GET", f"/runs/x?{query}") == (500, {"message": "Internal Server Error"})


def test_a_payload_that_is_too_large_is_refused_unread(gateway: Gateway) -> None:
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(b"POST /runs HTTP/1.1\r\nHost: x\r\nContent-Length: 10485761\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
