"""S3 requests that are signed for whoever has no credentials: to fetch a file, to upload one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIFE = timedelta(hours=1)
# From here on a file comes in parts: what breaks off is sent again from the last part on.
MULTIPART_FROM = 64 << 20
# So many links at most for a file: an answer of the API has room for 6 MB.
_MOST_PARTS = 500
_METHODS = {
    "get_object": "GET",
    "put_object": "PUT",
    "upload_part": "PUT",
    "complete_multipart_upload": "POST",
    "abort_multipart_upload": "DELETE",
}


@dataclass(frozen=True)
class SignedRequest:
    """A request that S3 takes as it is, until it expires; `headers` have to be sent with it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SignedPart:
    """The request that uploads part `number` of a file, counted from 1."""

    number: int
    request: SignedRequest


@dataclass(frozen=True)
class SignedMultipart:
    """An upload in parts of `part_size` bytes, the last one shorter, and the requests that end it."""

    part_size: int
    parts: tuple[SignedPart, ...]
    complete: SignedRequest
    abort: SignedRequest


class SignedRequests:
    """Signs requests to one bucket, by a client with Signature Version 4 and virtual-hosted addresses."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str, filename: str) -> SignedRequest:
        """Fetch an object; a browser saves it as `filename`."""
        # RFC 6266: a plain name for old browsers, and the real one.
        plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename)
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
        return self._sign("get_object", {"Key": key, "ResponseContentDisposition": disposition})

    def put(self, key: str, size: int | None, crc32: str | None) -> SignedRequest:
        """Upload an object of exactly `size` bytes with this checksum (base64), where they are given."""
        bound = {"ContentLength": size} if size is not None else {}
        checked = {"ChecksumCRC32": crc32} if crc32 else {}
        return self._sign("put_object", {"Key": key, **bound, **checked}, _checksum(crc32))

    def multipart(self, key: str, size: int, crc32: str) -> SignedMultipart:
        """Begin an upload in parts; S3 completes it only if the whole has `size` bytes and this checksum."""
        upload_id = self._client.create_multipart_upload(
            Bucket=self._bucket, Key=key, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
        )["UploadId"]
        upload = {"Key": key, "UploadId": upload_id}
        part_size = max(MULTIPART_FROM, -(-size // _MOST_PARTS))
        parts = tuple(
            SignedPart(number, self._sign("upload_part", {
                **upload, "PartNumber": number, "ContentLength": min(part_size, size - start),
            }))
            for number, start in enumerate(range(0, size, part_size), 1)
        )  # fmt: skip
        whole = {"ChecksumCRC32": crc32, "ChecksumType": "FULL_OBJECT", "MpuObjectSize": size}
        headers = {
            **_checksum(crc32), "x-amz-checksum-type": "FULL_OBJECT", "x-amz-mp-object-size": str(size),
        }  # fmt: skip
        return SignedMultipart(
            part_size,
            parts,
            complete=self._sign("complete_multipart_upload", {**upload, **whole}, headers),
            abort=self._sign("abort_multipart_upload", upload),
        )

    def _sign(
        self, operation: Any, parameters: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> SignedRequest:
        url = self._client.generate_presigned_url(
            operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=int(LIFE.total_seconds())
        )
        return SignedRequest(_METHODS[operation], url, headers or {})


def _checksum(crc32: str | None) -> dict[str, str]:
    return {"x-amz-checksum-crc32": crc32} if crc32 else {}
