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

from droptrain_local.clients import ACCESS_KEY, REGION, SECRET_KEY

_SERVICE = "execute-api"
_CLOCK_SKEW_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<scope>[^,\s]+),\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


class _Signer(SigV4Auth):
    """Signs the headers that the client named, where botocore would choose them itself."""

    def __init__(self, signed: list[str]) -> None:
        super().__init__(Credentials(ACCESS_KEY, SECRET_KEY), _SERVICE, REGION)
        self._signed = signed

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name in self._signed:
            for value in request.headers.get_all(name, [""]):
                headers[name] = value
        return headers


def is_signed(method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether the request carries a valid signature by the laptop's credentials, not older than 5 minutes.

    `url` is the whole URL as the client sent it, `headers` has names in lower case. A request whose body
    isn't signed is refused.
    """
    given = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    stamp = headers.get("x-amz-date", "")
    if given is None or not _is_fresh(stamp, now):
        return False
    signed = given["headers"].split(";")
    scope = f"{stamp[:8]}/{REGION}/{_SERVICE}/aws4_request"
    if given["key"] != ACCESS_KEY or given["scope"] != scope or "host" not in signed:
        return False
    digest = hashlib.sha256(body).hexdigest()
    if headers.get("x-amz-content-sha256", digest) != digest:
        return False
    request = AWSRequest(method, url, dict(headers), body)
    request.context["timestamp"] = stamp
    signer = _Signer(signed)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return hmac.compare_digest(signer.signature(text, request), given["signature"])


def _is_fresh(stamp: str, now: datetime) -> bool:
    try:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs((now - at).total_seconds()) <= _CLOCK_SKEW_SECONDS
