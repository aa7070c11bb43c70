"""Events and answers have the shapes that Lambda documents."""

from datetime import UTC, datetime

import pytest

from droptrain_local.callers import LAPTOP
from droptrain_local.delivery import failed_items
from droptrain_local.errors import TemplateError
from droptrain_local.gateway import Route, routes_of
from droptrain_local.http_event import HttpRequest, as_event, as_response
from droptrain_local.loopback import follows_a_link, is_from_here
from droptrain_local.schedules import rate_seconds
from droptrain_local.streams import as_event as stream_event

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)


def request(target: str = "/runs", body: bytes = b"", **headers: str) -> HttpRequest:
    return HttpRequest("POST", target, {"host": "localhost:1", **headers}, body, "127.0.0.1", "HTTP/1.1")


def test_a_request_becomes_payload_two() -> None:
    asked = request(
        "/runs/a%20b?x=1&x=2&y=",
        b'{"a": "\xc3\xa4"}',
        **{"content-type": "application/json", "cookie": "k=v; l=w"},
    )
    event = as_event(asked, "POST /runs/{id}", {"id": "a b"}, "api", NOW, LAPTOP)
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "POST /runs/{id}", "/runs/a b")
    assert event["rawQueryString"] == "x=1&x=2&y="
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["pathParameters"] == {"id": "a b"}
    assert (event["cookies"], "cookie" in event["headers"]) == (["k=v", "l=w"], False)
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": "ä"}', False)
    context = event["requestContext"]
    assert context["authorizer"]["iam"]["userArn"] == "arn:aws:iam::123456789012:user/laptop"
    assert (context["time"], context["timeEpoch"]) == ("23/Nov/2026:02:10:00 +0000", 1795399800000)


def test_a_request_without_query_or_body_has_neither_field() -> None:
    event = as_event(request(), "POST /runs", {}, "api", NOW, LAPTOP)
    assert not {"body", "queryStringParameters", "pathParameters", "cookies"} & event.keys()


@pytest.mark.parametrize(
    ("kind", "body"), [("application/octet-stream", b"abc"), ("application/json", b"\xff")]
)
def test_a_binary_body_comes_as_base64(kind, body) -> None:
    assert as_event(request(body=body, **{"content-type": kind}), "POST /runs", {}, "api", NOW, LAPTOP)[
        "isBase64Encoded"
    ]


def test_a_function_s_answer_becomes_a_response() -> None:
    answer = {
        "statusCode": 202, "headers": {"Content-Type": "text/csv", "Content-Length": "9"}, "body": "w6Q=",
        "isBase64Encoded": True, "cookies": ["a=b"],
    }  # fmt: skip
    response = as_response(answer)
    assert (response.status, response.body) == (202, "ä".encode())
    assert response.headers == [("Content-Type", "text/csv"), ("Set-Cookie", "a=b")]
    assert as_response({"plain": 1}).body == b'{"plain": 1}'
    with pytest.raises(ValueError, match="not a response"):
        as_response({"statusCode": 200, "body": {"not": "text"}})


def test_fixed_paths_are_found_before_those_with_parameters() -> None:
    operation = {
        "x-amazon-apigateway-integration": {
            "uri": "arn:x/functions/arn:aws:lambda:r:1:function:f/invocations"
        },
        "security": [{"AWS_IAM": []}],
    }
    routes = list(
        routes_of({"paths": {"/runs/{id}": {"get": operation}, "/runs/latest": {"get": operation}}})
    )
    assert routes[0] == Route("GET", "/runs/latest", "arn:aws:lambda:r:1:function:f")
    assert routes[1].match("GET", "/runs/a%2Fb") == {"id": "a/b"}
    assert routes[1].match("GET", "/runs/") is None
    assert routes[1].match("POST", "/runs/x") is None


@pytest.mark.parametrize(("answer", "failed"), [
    (None, set()), ({}, set()), ({"batchItemFailures": None}, set()), ({"batchItemFailures": []}, set()),
    ({"batchItemFailures": [{"itemIdentifier": "b"}]}, {"b"}),
    ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
    ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, {"a", "b"}),
    ({"batchItemFailures": [{"wrong": "b"}]}, {"a", "b"}),
])  # fmt: skip
def test_a_malformed_partial_answer_fails_the_whole_batch(answer, failed) -> None:
    assert failed_items(answer, ["a", "b"]) == failed


def test_a_stream_record_has_seconds_and_base64() -> None:
    record = {"eventID": "1", "dynamodb": {"ApproximateCreationDateTime": NOW, "Keys": {"k": {"B": b"\x00"}}}}
    assert stream_event(record, "arn") == {
        "eventID": "1",
        "eventSourceARN": "arn",
        "dynamodb": {"ApproximateCreationDateTime": NOW.timestamp(), "Keys": {"k": {"B": "AA=="}}},
    }


def test_a_rate_is_in_seconds_and_a_cron_is_an_error() -> None:
    assert rate_seconds("rate(5 minutes)") == 300
    assert rate_seconds("rate(1 hour)") == 3600
    with pytest.raises(TemplateError, match="cron"):
        rate_seconds("cron(0 1 * * ? *)")


@pytest.mark.parametrize(("host", "origin", "site", "answer"), [
    ("127.0.0.1:5000", None, None, True),
    ("localhost:5000", None, "none", True),
    ("bucket.localhost:5000", None, None, True),
    ("rebound.example:5000", None, None, False),
    ("127.0.0.1:5000", "https://example.com", None, False),
    ("127.0.0.1:5000", "null", None, False),
    ("127.0.0.1:5000", None, "cross-site", False),
])  # fmt: skip
def test_web_pages_of_other_sites_are_told_from_programs(host, origin, site, answer) -> None:
    assert is_from_here(host, origin, site) is answer


@pytest.mark.parametrize(("method", "target", "headers", "answer"), [
    ("GET", "/bucket/runs/p/r/export/model.keras?X-Amz-Signature=0", {}, True),
    ("GET", "/bucket/key", {"sec-fetch-site": "cross-site"}, False),
    ("GET", "/bucket/key", {"sec-fetch-mode": "no-cors"}, False),
    ("GET", "/bucket/key", {"host": "rebound.example:5000"}, False),
    ("POST", "/bucket/key", {}, False),
    ("GET", "/123456789012/queue?%41ction=DeleteQueue", {}, False),
])  # fmt: skip
def test_a_link_of_a_page_of_this_machine_is_followed_if_it_only_reads(
    method, target, headers, answer
) -> None:
    sent = {"host": "127.0.0.1:5000", "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"}
    assert follows_a_link(method, target, {**sent, **headers}) is answer
