"""A request is let through only with a signature as AWS checks it."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from droptrain_local.signature import signer_of

URL = "http://127.0.0.1:8000/runs?project=a%20b&status=RUNNING&empty="
BODY = b'{"project": "p"}'


def sign(
    url: str = URL, body: bytes = BODY, *, key: str = "test", secret: str = "test",
    service: str = "execute-api", region: str = "eu-west-1", **headers: str,
) -> dict[str, str]:  # fmt: skip
    request = AWSRequest("POST", url, headers={"Content-Type": "application/json", **headers}, data=body)
    SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
    return {"host": "127.0.0.1:8000", **{name.lower(): value for name, value in request.headers.items()}}


def check(headers: dict[str, str], *, url: str = URL, body: bytes = BODY, late: float = 0) -> bool:
    now = datetime.now(UTC) + timedelta(seconds=late)
    return signer_of("POST", url, headers, body, now, {"test": "test"}) == "test"


def test_a_signed_request_passes() -> None:
    assert check(sign())
    assert check(sign(), late=290)
    assert check({**sign(), "user-agent": "not signed"})


def test_the_body_s_digest_may_be_a_signed_header() -> None:
    digest = hashlib.sha256(BODY).hexdigest()
    assert check(sign(**{"X-Amz-Content-SHA256": digest}))


@pytest.mark.parametrize("given", [
    {"key": "other"}, {"secret": "wrong"}, {"service": "s3"}, {"region": "us-east-1"},
    {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"},
])  # fmt: skip
def test_a_signature_for_something_else_is_refused(given) -> None:
    assert not check(sign(**given))


def test_what_was_changed_after_signing_is_refused() -> None:
    headers = sign()
    assert not check(headers, body=BODY + b" ")
    assert not check(headers, url=URL + "1")
    assert not check(headers, url=URL.replace("/runs", "/runs/x"))
    assert not check({**headers, "content-type": "text/plain"})
    assert not check({**headers, "host": "elsewhere"})


def test_an_old_signature_is_refused() -> None:
    assert not check(sign(), late=310)
    assert not check(sign(), late=-310)


@pytest.mark.parametrize("authorization", ["", "Basic dGVzdA==", "AWS4-HMAC-SHA256 Credential=x"])
def test_a_request_without_a_signature_is_refused(authorization) -> None:
    assert not check({**sign(), "authorization": authorization})


def test_a_malformed_date_is_refused() -> None:
    assert not check({**sign(), "x-amz-date": "today"})
