"""The container's own signed requests are those that botocore would send."""

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from droptrain_container.signed_get import SignedGet

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("token", [None, "a/token+of=a role"])
@pytest.mark.parametrize("version", [None, "3/L4kqtJl+40Nr8X8gdRQBpUMLUo=="])
@pytest.mark.parametrize("key", ["a/b.csv", "a b/ü+%25*'()~!@$&,;=:.csv", "a//b/../c", "é?versionId=x#y"])
@pytest.mark.parametrize("endpoint", ["https://s3.eu-west-1.amazonaws.com", "http://127.0.0.1:9000/at"])
def test_a_request_has_the_signature_that_botocore_gives_it(
    endpoint: str, key: str, version: str | None, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = Credentials("AKID", "secret", token)
    made = SignedGet(endpoint, "my-bucket", "eu-west-1", credentials)
    target = made.target(key, version)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW.replace(tzinfo=None))
    request = AWSRequest("GET", endpoint.removesuffix("/at") + target)
    request.context["payload_signing_enabled"] = True
    S3SigV4Auth(credentials, "s3", "eu-west-1").add_auth(request)
    ours = made.headers(target, NOW)
    assert ours.pop("host") == made.host
    assert ours == {name.lower(): value for name, value in request.headers.items()}
