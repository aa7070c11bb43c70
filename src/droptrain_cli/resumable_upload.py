"""Uploads files, large ones in parts: of an interrupted upload the parts that are there aren't sent again.

boto3's transfer manager deletes the parts of an upload that fails, so the parts are ours here.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from droptrain_cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 16 * 1024 * 1024
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
_MOST_PARTS = 10_000
_MOST_BYTES = 5 * 1024**4
_AT_ONCE = 8
_TURN_SECONDS = 0.5


class _StoppedError(Exception):
    """Another part failed, or Ctrl-C: this one isn't begun."""


@dataclass(frozen=True)
class _Part:
    """A part of a file, in bytes."""

    number: int
    start: int
    size: int


class ResumableUpload:
    """Uploads files to one bucket; `progress` is called with bytes that are there, from any thread.

    What Ctrl-C or an error interrupts stays in the bucket, until the next upload of the same key goes on with
    it or the bucket's lifecycle deletes it.
    """

    def __init__(
        self, s3: "S3Client", bucket: str, progress: Callable[[int], None], *, part_bytes: int = PART_BYTES
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._progress = progress
        self._part_bytes = part_bytes

    def put(self, path: Path, key: str) -> str:
        """Upload a file, in one request or in parts; its version id. CommandError if it is too large."""
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise CommandError(
                f"{path} is larger than S3's 5 TiB. Split it, and name the parts in the recipe."
            )
        if size <= self._part_bytes:
            with path.open("rb") as body:
                answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=body)
            self._progress(size)
            return answer["VersionId"]
        return self._put_parts(path, key, _split(size, self._part_bytes))

    def _put_parts(self, path: Path, key: str, parts: list[_Part]) -> str:
        upload_id = self._find(key)
        there = self._listed(key, upload_id) if upload_id else {}
        if upload_id is None:
            upload_id = self._s3.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"]
        stopped = threading.Event()

        def send(part: _Part) -> dict[str, Any]:
            if stopped.is_set():
                raise _StoppedError
            return self._send(path, key, upload_id, part, there.get(part.number))

        with ThreadPoolExecutor(_AT_ONCE, "upload") as pool:
            tries = [pool.submit(send, part) for part in parts]
            try:
                pending = set(tries)
                while pending:  # with a timeout, or Windows has no turn for Ctrl-C
                    done, pending = wait(pending, timeout=_TURN_SECONDS, return_when=FIRST_EXCEPTION)
                    for each in done:
                        each.result()
            finally:
                stopped.set()
                pool.shutdown(cancel_futures=True)
        sent: Any = [each.result() for each in tries]
        answer = self._s3.complete_multipart_upload(
            Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": sent}
        )
        return answer["VersionId"]

    def _find(self, key: str) -> str | None:
        """The newest upload of the key that was begun and not completed."""
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=key)
        found = [each for page in pages for each in page.get("Uploads", []) if each["Key"] == key]
        return max(found, key=lambda each: each["Initiated"])["UploadId"] if found else None

    def _listed(self, key: str, upload_id: str) -> dict[int, Mapping[str, Any]]:
        """The parts that are there, by number."""
        pages = self._s3.get_paginator("list_parts").paginate(
            Bucket=self._bucket, Key=key, UploadId=upload_id
        )
        return {each["PartNumber"]: each for page in pages for each in page.get("Parts", [])}

    def _send(
        self, path: Path, key: str, upload_id: str, part: _Part, there: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Send a part unless the very same bytes are there; what completes the upload says of it."""
        with path.open("rb") as stream:
            stream.seek(part.start)
            body = stream.read(part.size)
        if len(body) != part.size:
            raise CommandError(f"{path} became shorter while it was uploaded. Upload it again.")
        # SSE-S3: the part's ETag is its MD5.
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        answer: Mapping[str, Any] | None = there
        if there is None or there["ETag"].strip('"') != digest:
            answer = self._s3.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=part.number, Body=body
            )
        self._progress(part.size)
        assert answer is not None
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        return {"PartNumber": part.number, "ETag": answer["ETag"], **checksums}


def _split(size: int, part_bytes: int) -> list[_Part]:
    """The parts of a file; the same size gives the same parts, so that an upload can go on."""
    while part_bytes * _MOST_PARTS < size:
        part_bytes *= 2
    starts = range(0, size, part_bytes)
    return [
        _Part(number, start, min(part_bytes, size - start)) for number, start in enumerate(starts, start=1)
    ]
