"""Checks Signature Version 4 of a request with botocore's own signer, as API Gateway does."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from droptrain_local.clients import REGION

_SERVICE = "execute-api"
_CLOCK_SKEW_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<scope>[^,\s]+),\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


class _Signer(SigV4Auth):
    """Signs the headers that the client named, where botocore would choose them itself."""

    def __init__(self, credentials: Credentials, signed: list[str]) -> None:
        super().__init__(credentials, _SERVICE, REGION)
        self._signed = signed

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name in self._signed:
            for value in request.headers.get_all(name, [""]):
                headers[name] = value
        return headers


def signer_of(
    method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime, secrets: Mapping[str, str]
) -> str | None:
    """The access key whose valid signature the request carries, not older than 5 minutes; None if none does.

    `url` is the whole URL as the client sent it, `headers` has names in lower case, `secrets` are the secret
    keys by access key. A request whose body isn't signed is refused.
    """
    given = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    stamp = headers.get("x-amz-date", "")
    if given is None or not _is_fresh(stamp, now):
        return None
    signed = given["headers"].split(";")
    scope = f"{stamp[:8]}/{REGION}/{_SERVICE}/aws4_request"
    if given["key"] not in secrets or given["scope"] != scope or "host" not in signed:
        return None
    digest = hashlib.sha256(body).hexdigest()
    if headers.get("x-amz-content-sha256", digest) != digest:
        return None
    request = AWSRequest(method, url, dict(headers), body)
    request.context["timestamp"] = stamp
    signer = _Signer(Credentials(given["key"], secrets[given["key"]]), signed)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    is_valid = hmac.compare_digest(signer.signature(text, request), given["signature"])
    return given["key"] if is_valid else None


def _is_fresh(stamp: str, now: datetime) -> bool:
    try:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs((now - at).total_seconds()) <= _CLOCK_SKEW_SECONDS
