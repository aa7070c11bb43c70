"""Copies of large files in S3, part by part: the next call continues what one leaves unfinished."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.frozen import frozen

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A larger file is copied in parts of this size, a few at a time, so that each call takes seconds. CopyObject
# takes at most 5 GiB, and an upload at most 10,000 parts
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
PART_BYTES = 256 << 20
_AT_ONCE = 8


@frozen
class ListedFile:
    """A file in S3 as a listing has it: its key, size, ETag and time."""

    key: str
    size: int
    etag: str
    modified_at: datetime


def is_large(file: ListedFile) -> bool:
    """Whether the file is copied in parts."""
    return file.size > PART_BYTES


class PartCopies:
    """Copies files inside the bucket by multipart uploads."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def copy(self, file: ListedFile, key: str, has_time: Callable[[], bool]) -> bool:
        """Copy one file; False if there was no time for all of its parts, which the next call continues.

        A restart from the first part would never finish a file that takes longer than a function may run, and
        S3 bills the parts of each unfinished upload.
        """
        upload_id = self._unfinished(key) or self._begun(key)
        parts = self._copied(file, key, upload_id)
        left = [number for number in range(1, -(-file.size // PART_BYTES) + 1) if number not in parts]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for start in range(0, len(left), _AT_ONCE):
                if not has_time():
                    return False
                numbers = left[start : start + _AT_ONCE]
                etags = threads.map(lambda number: self._copy_part(file, key, upload_id, number), numbers)
                parts |= dict(zip(numbers, etags, strict=True))
        whole: Any = [{"PartNumber": number, "ETag": parts[number]} for number in sorted(parts)]
        self._client.complete_multipart_upload(
            Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": whole}
        )
        return True

    def _unfinished(self, key: str) -> str | None:
        """The oldest unfinished upload of a key, which S3 lists first."""
        answer = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=key)
        return next((each["UploadId"] for each in answer.get("Uploads", []) if each["Key"] == key), None)

    def _begun(self, key: str) -> str:
        return self._client.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"]

    def _copied(self, file: ListedFile, key: str, upload_id: str) -> dict[int, str]:
        """The ETags of the file's parts that are there, by number.

        A part of the same second as the file may be that of the file's previous version.
        """
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=self._bucket, Key=key, UploadId=upload_id
        )
        return {
            part["PartNumber"]: part["ETag"]
            for page in pages
            for part in page.get("Parts", [])
            if part["LastModified"] > file.modified_at and part["Size"] == _size(file, part["PartNumber"])
        }

    def _copy_part(self, file: ListedFile, key: str, upload_id: str, number: int) -> str:
        """Copy one part; its content is that of the listing. Returns the part's ETag."""
        start = (number - 1) * PART_BYTES
        answer = self._client.upload_part_copy(
            Bucket=self._bucket,
            Key=key,
            UploadId=upload_id,
            PartNumber=number,
            CopySource={"Bucket": self._bucket, "Key": file.key},
            CopySourceIfMatch=file.etag,
            CopySourceRange=f"bytes={start}-{start + _size(file, number) - 1}",
        )
        return answer["CopyPartResult"]["ETag"]


def _size(file: ListedFile, number: int) -> int:
    """The bytes of a part; none or fewer beyond the end of the file."""
    return min(PART_BYTES, file.size - (number - 1) * PART_BYTES)
