"""GET requests of a bucket's objects, signed by AWS Signature Version 4 in a tenth of botocore's time.

The rules: S3 API reference, "Authenticating Requests: Using the Authorization Header".
"""

import hashlib
import hmac
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_EMPTY = hashlib.sha256(b"").hexdigest()


class SignedGet:
    """Signs requests for one bucket, addressed by path at `endpoint_url`; botocore renews `credentials`."""

    def __init__(self, endpoint_url: str, bucket: str, region: str, credentials: "Credentials") -> None:
        address = urlsplit(endpoint_url)
        self.is_secure = address.scheme == "https"
        self.host = address.netloc
        self._folder = f"{address.path.rstrip('/')}/{bucket}/"
        self._region = region
        self._credentials = credentials

    def target(self, key: str, version_id: str | None) -> str:
        """The request's path and query."""
        query = f"?versionId={quote(version_id, safe='')}" if version_id else ""
        return quote(self._folder + key, safe="/~") + query

    def headers(self, target: str, now: datetime | None = None) -> dict[str, str]:
        """The headers of the request for a target, good for 15 minutes."""
        found = self._credentials.get_frozen_credentials()
        stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.host, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
        if found.token:
            headers["x-amz-security-token"] = found.token
        names = ";".join(headers)
        path, _, query = target.partition("?")
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = f"GET\n{path}\n{query}\n{lines}\n{names}\n{_EMPTY}"
        scope = f"{stamp[:8]}/{self._region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = _hmac(_key(found.secret_key, stamp[:8], self._region), text).hex()
        return headers | {
            "authorization": f"AWS4-HMAC-SHA256 Credential={found.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        }


@lru_cache(4)
def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
