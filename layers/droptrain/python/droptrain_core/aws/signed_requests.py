"""Signed S3 requests for clients without credentials: to download or upload a file."""

import re
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from droptrain_core.domain.datasets.dataset import LINK_METADATA
from droptrain_core.domain.frozen import frozen

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIFE = timedelta(hours=1)
_METHODS = {
    "get_object": "GET",
    "put_object": "PUT",
    "upload_part": "PUT",
    "complete_multipart_upload": "POST",
    "abort_multipart_upload": "DELETE",
}

# The parameters that are headers. They have to be sent as they were signed; every client sends a length.
_HEADERS = {
    "ChecksumCRC32": "x-amz-checksum-crc32",
    "ChecksumSHA256": "x-amz-checksum-sha256",
    "ChecksumType": "x-amz-checksum-type",
    "IfMatch": "if-match",
    "IfNoneMatch": "if-none-match",
    "MpuObjectSize": "x-amz-mp-object-size",
}


@frozen
class SignedRequest:
    """A request that S3 takes as it is, until it expires; `headers` have to be sent with it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@frozen
class SignedPart:
    """The request that uploads part `number` of a file, counted from 1."""

    number: int
    request: SignedRequest


@frozen
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

    def put(self, key: str, etag: str | None, size: int | None, sha256: str | None) -> SignedRequest:
        """Upload an object of exactly `size` bytes with this checksum (base64), where they are given.

        S3 accepts it only while the current object has `etag`, or while there is none. An upload of the bytes
        that are there already leaves the ETag as it is, so the object's metadata names the link as well.
        """
        condition = {"IfMatch": f'"{etag}"'} if etag else {"IfNoneMatch": "*"}
        bound = {"ContentLength": size} if size is not None else {}
        checked = {"ChecksumSHA256": sha256} if sha256 else {}
        link = uuid4().hex
        named = {"Metadata": {LINK_METADATA: link}}
        signed = self._sign("put_object", {"Key": key, **condition, **bound, **checked, **named})
        return replace(signed, headers={**signed.headers, f"x-amz-meta-{LINK_METADATA}": link})

    def multipart(self, key: str, etag: str | None, size: int, crc32: str, part_size: int) -> SignedMultipart:
        """Begin an upload in parts of `part_size` bytes.

        S3 completes it only if the whole has `size` bytes and this checksum, and only while the current
        object has `etag`, or while there is none. The checksum is a CRC-32: S3 computes no SHA-256 of a whole
        object from its parts (S3 user guide, "Checking object integrity").
        """
        upload_id = self._client.create_multipart_upload(
            Bucket=self._bucket, Key=key, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
        )["UploadId"]
        upload = {"Key": key, "UploadId": upload_id}
        parts = tuple(
            SignedPart(number, self._sign("upload_part", {
                **upload, "PartNumber": number, "ContentLength": min(part_size, size - start),
            }))
            for number, start in enumerate(range(0, size, part_size), 1)
        )  # fmt: skip
        condition = {"IfMatch": f'"{etag}"'} if etag else {"IfNoneMatch": "*"}
        whole = {"ChecksumCRC32": crc32, "ChecksumType": "FULL_OBJECT", "MpuObjectSize": size}
        return SignedMultipart(
            part_size,
            parts,
            complete=self._sign("complete_multipart_upload", {**upload, **condition, **whole}),
            abort=self._sign("abort_multipart_upload", upload),
        )

    def _sign(self, operation: Any, parameters: Mapping[str, Any]) -> SignedRequest:
        url = self._client.generate_presigned_url(
            operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=int(LIFE.total_seconds())
        )
        headers = {_HEADERS[name]: str(value) for name, value in parameters.items() if name in _HEADERS}
        return SignedRequest(_METHODS[operation], url, headers)
