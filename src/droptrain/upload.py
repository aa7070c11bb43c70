"""Uploads a file to S3, a large one in parts: what S3 has of it from an earlier try isn't sent again."""

import hashlib
import io
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.datasets.dataset import ObjectVersion

from droptrain import at_once
from droptrain.bucket_versions import kept_version
from droptrain.errors import DroptrainError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024 * 1024
PART_BYTES = 8 * MIB
_MOST_PARTS = 10_000  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
_AT_ONCE = 8
_COPIED_IN_MEMORY_BYTES = 64 * MIB
# What boto3 sends along with a part; one upload takes parts with one kind of checksum alone.
_CHECKSUMS = (None, "CRC32")


class ChangedError(DroptrainError):
    """The file isn't what it was when its upload began."""


class StoppedError(DroptrainError):
    """Somebody stopped the upload; S3 keeps what has come."""


class _StoppedError(BaseException):
    """Another part failed, or Ctrl-C. No Exception, since boto3 would try again after one."""


class _Body(io.BytesIO):
    """Bytes on their way, which end at once when the upload is stopped."""

    def __init__(self, content: bytes, stopped: threading.Event) -> None:
        super().__init__(content)
        self._stopped = stopped

    def read(self, size: int | None = -1, /) -> bytes:
        if self._stopped.is_set():
            raise _StoppedError
        return super().read(size)


class _Copies:
    """Copies of small files, which nobody else can change: in memory, or on disk if there are many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_COPIED_IN_MEMORY_BYTES)  # noqa: SIM115  __exit__ closes it
        self._lock = threading.Lock()

    def __enter__(self) -> "_Copies":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, content: bytes) -> Callable[[], bytes]:
        """Copy these bytes; returns the function that reads them, from any thread."""
        at = self._file.tell()
        self._file.write(content)
        return lambda: self._read(at, len(content))

    def _read(self, at: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(at)
            return self._file.read(size)


class Upload:
    """One file on its way to one key of a versioned bucket: `send` what is large, `hold`, then `finish`.

    Nothing is to be seen at the key before `finish`; then the object has `version_id`. `advance` hears how
    many bytes S3 has more, from any thread.
    """

    def __init__(
        self, s3: "S3Client", bucket: str, key: str, path: Path, advance: Callable[[int], None]
    ) -> None:
        self.key = key
        self.path = path
        self.version_id: str | None = None
        self._state = _state(path)
        self.size = self._state[0]
        self._copy: Callable[[], bytes] | None = None
        self._s3 = s3
        self._place: Any = {"Bucket": bucket, "Key": key}
        self._advance = advance
        self._upload_id = ""
        self._parts: dict[int, Any] = {}
        self._stopped = threading.Event()
        self._part_bytes = max(PART_BYTES, -(-self.size // (_MOST_PARTS * MIB)) * MIB)

    @property
    def is_large(self) -> bool:
        """Whether it is sent in parts."""
        return self.size > PART_BYTES

    @property
    def kept_bytes(self) -> int:
        """How much of a large file S3 has, for a later try."""
        return sum(
            min(self._part_bytes, self.size - (number - 1) * self._part_bytes) for number in list(self._parts)
        )

    def is_there(self, present: Collection[ObjectVersion]) -> ObjectVersion | None:
        """The object among `present` that is this file; reads the file only if one has its size."""
        for item in present:
            if item.key == self.key and item.size == self.size and item.etag == self._etag():
                return item
        return None

    def send(self) -> None:
        """Send the parts that S3 lacks; does nothing for a small file. What has come stays if that ends.

        StoppedError after `stop`.
        """
        if not self.is_large:
            return
        there = self._unfinished()
        if not self._upload_id:
            self._upload_id = self._s3.create_multipart_upload(**self._place)["UploadId"]
        with ThreadPoolExecutor(_AT_ONCE, "upload") as pool:
            try:
                numbers = range(1, -(-self.size // self._part_bytes) + 1)
                at_once.finish([pool.submit(self._send_part, each, there.get(each)) for each in numbers])
            except _StoppedError as error:
                raise StoppedError(f"The upload of {self.key} was stopped. Send it again.") from error
            finally:
                self._stopped.set()
                pool.shutdown(cancel_futures=True)

    def stop(self) -> None:
        """End sending, from any thread."""
        self._stopped.set()

    def hold(self, copies: _Copies) -> None:
        """Check that the file is as it was when its upload began, and copy a small one.

        ChangedError if the file has been written to or replaced since.
        """
        content = b"" if self.is_large else self.path.read_bytes()
        if _state(self.path) != self._state:
            raise ChangedError(
                f"{self.path} changed while it was uploaded. So nothing of this drop has appeared. Drop all "
                "of it again when the file is complete."
            )
        if not self.is_large:
            self._copy = copies.add(content)

    def finish(self) -> str:
        """Let the object appear, once it is held; its version."""
        if self.is_large:
            parts: Any = [self._parts[number] for number in sorted(self._parts)]
            done = self._s3.complete_multipart_upload(
                **self._place, UploadId=self._upload_id, MultipartUpload={"Parts": parts}
            )
            self.version_id = kept_version(done.get("VersionId"), self._place["Bucket"])
        else:
            assert self._copy
            answer = self._s3.put_object(**self._place, Body=self._copy())
            self._advance(self.size)
            self.version_id = kept_version(answer.get("VersionId"), self._place["Bucket"])
        return self.version_id

    def _unfinished(self) -> dict[int, Any]:
        """What an earlier try left, the newest one: its parts by number."""
        bucket, key = self._place["Bucket"], self._place["Key"]
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=key)
        uploads = [
            each
            for page in pages
            for each in page.get("Uploads", [])
            if each["Key"] == key and each.get("ChecksumAlgorithm") in _CHECKSUMS
        ]
        if not uploads:
            return {}
        self._upload_id = max(uploads, key=lambda each: each["Initiated"])["UploadId"]
        listed = self._s3.get_paginator("list_parts").paginate(**self._place, UploadId=self._upload_id)
        return {part["PartNumber"]: part for page in listed for part in page.get("Parts", [])}

    def _send_part(self, number: int, there: Any) -> None:
        if self._stopped.is_set():
            raise _StoppedError
        content = self._read(number)
        if there and there["Size"] == len(content) and there["ETag"].strip('"') == _md5(content).hex():
            sent = there
        else:
            sent = self._s3.upload_part(
                **self._place,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=_Body(content, self._stopped),
            )
        # S3 wants to hear its checksum again, if it has one.
        named = {name: sent[name] for name in ("ETag", "ChecksumCRC32") if name in sent}
        self._parts[number] = {"PartNumber": number, **named}
        self._advance(len(content))

    def _read(self, number: int) -> bytes:
        with self.path.open("rb") as stream:
            stream.seek((number - 1) * self._part_bytes)
            return stream.read(self._part_bytes)

    def _etag(self) -> str:
        """What S3 says of this file if it was sent as `finish` does it, in a bucket with SSE-S3."""
        if not self.is_large:
            return _md5(self.path.read_bytes()).hex()
        count = -(-self.size // self._part_bytes)
        digests = (_md5(self._read(number)) for number in range(1, count + 1))
        return f"{_md5(b''.join(digests)).hex()}-{count}"


def finish_together(uploads: Iterable[Upload]) -> dict[str, str]:
    """Let all objects appear within moments, or none if a file has changed; versions by key.

    ChangedError.
    """
    those = list(uploads)
    with _Copies() as copies, ThreadPoolExecutor(_AT_ONCE, "finish") as pool:
        for each in those:
            each.hold(copies)
        return dict(zip((each.key for each in those), pool.map(Upload.finish, those), strict=True))


def _state(path: Path) -> tuple[int, int, int, int]:
    """Size, times of the last change, and inode: one of them differs after any change of the file."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
