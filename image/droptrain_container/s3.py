"""One S3 bucket, in the words that the container needs; how S3 can fail is named here, once.

boto3 takes several times as long to import as all the rest, so it is imported where it is first needed: by
then TERM is caught and the settings are known to be right.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from droptrain_container.exit_codes import EndError
from droptrain_container.folder import open_regular
from droptrain_container.signed_get import SignedGet

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# From this size on, several connections are worth a transfer manager of their own.
_MANAGED_BYTES = 16 << 20
_DOWNLOAD_TRIES = 3
_DELETE_BATCH = 1000
# Several downloads at a time, of ten connections each, and the records' own.
_CONNECTIONS = 48


class MissingError(Exception):
    """The object, or this version of it, isn't there."""


class ConflictError(Exception):
    """A conditional write lost: the object exists, or isn't the expected one any more."""


class Bucket:
    """An S3 bucket. Each raises EndError (s3_unreachable, s3_denied, unreadable_input) when S3 doesn't answer
    or refuses.

    `endpoint_url` is the address of a local stand-in for S3, None for S3 itself. `signed_get` makes requests
    beside boto3's, which take a tenth of their time; None where there are no credentials to sign with.
    """

    def __init__(
        self,
        client: "S3Client",
        name: str,
        endpoint_url: str | None = None,
        signed_get: SignedGet | None = None,
    ) -> None:
        self._client = client
        self.name = name
        self.endpoint_url = endpoint_url
        self.signed_get = signed_get
        self.region = client.meta.region_name

    def get(self, key: str, version_id: str | None = None) -> bytes:
        """The content of an object, or of one version of it; MissingError."""
        return self.get_tagged(key, version_id)[0]

    def get_tagged(self, key: str, version_id: str | None = None) -> tuple[bytes, str]:
        """(content, ETag) of an object; MissingError."""
        from botocore.exceptions import BotoCoreError

        for left in reversed(range(_DOWNLOAD_TRIES)):
            with _failures_named(self._uri(key)):
                answer = self._client.get_object(**self._name(key, version_id))
                try:
                    return answer["Body"].read(), answer["ETag"]
                except BotoCoreError:
                    # botocore repeats requests, but not a body that broke off.
                    if not left:
                        raise
        raise AssertionError("unreachable")

    def download(self, key: str, path: Path, size: int, version_id: str | None = None) -> None:
        """Fetch an object of about `size` bytes into a file; MissingError. What breaks off is tried again."""
        if size < _MANAGED_BYTES:
            path.write_bytes(self.get(key, version_id))
            return
        version = {"VersionId": version_id} if version_id else None
        with _failures_named(self._uri(key)):
            self._client.download_file(self.name, key, str(path), ExtraArgs=version)

    def tells_md5(self, key: str, version_id: str) -> bool:
        """Whether the ETag of a version, if it looks like an MD5, is one; MissingError.

        It isn't where a KMS key encrypts the object (S3 API reference: Object, ETag).
        """
        with _failures_named(self._uri(key)):
            # GetObject, not HeadObject, whose refusals come without a code.
            answer = self._client.get_object(**self._name(key, version_id))
            answer["Body"].close()
        return answer.get("ServerSideEncryption", "AES256") == "AES256"

    def put(self, key: str, body: bytes) -> None:
        """Write an object."""
        with _failures_named(self._uri(key), is_write=True):
            self._client.put_object(Bucket=self.name, Key=key, Body=body)

    def put_new(self, key: str, body: bytes) -> str:
        """Write an object where there is none, and return its ETag; ConflictError.

        S3 answers 412 where the key exists, 409 where two writes race (S3 user guide: conditional writes).
        """
        with _failures_named(self._uri(key), is_write=True):
            return self._client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")["ETag"]

    def replace(self, key: str, body: bytes, etag: str) -> str:
        """Write an object in place of the one with this ETag, and return the new ETag; ConflictError."""
        with _failures_named(self._uri(key)):
            return self._client.put_object(Bucket=self.name, Key=key, Body=body, IfMatch=etag)["ETag"]

    def upload(self, path: Path, key: str) -> None:
        """Write an object from a regular file, a large one over several connections; OSError."""
        with open_regular(path) as content:
            size = os.fstat(content.fileno()).st_size
            # All of a small file at once: it may grow or shrink while it is sent.
            body = content.read(size) if size < _MANAGED_BYTES else None
        with _failures_named(self._uri(key), is_write=True):
            if body is None:
                self._client.upload_file(str(path), self.name, key)
            else:
                self._client.put_object(Bucket=self.name, Key=key, Body=body)

    def live_version(self, key: str) -> str | None:
        """The version id that a plain read of `key` would get; None if it would find nothing."""
        try:
            with _failures_named(self._uri(key)):
                return self._client.head_object(Bucket=self.name, Key=key).get("VersionId", "null")
        except MissingError:
            return None

    def live_versions(self, prefix: str) -> dict[str, str]:
        """Keys below `prefix`, each with the version id that a plain read would get."""
        with _failures_named(self._uri(prefix)):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self.name, Prefix=prefix
            )
            versions = [item for page in pages for item in page.get("Versions", [])]
            return {item["Key"]: item["VersionId"] for item in versions if item["IsLatest"]}

    def keys(self, prefix: str) -> list[str]:
        """The keys below `prefix`."""
        return list(self.sizes(prefix))

    def sizes(self, prefix: str) -> dict[str, int]:
        """The keys below `prefix`, each with its object's size in bytes."""
        with _failures_named(self._uri(prefix)):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}

    def first_keys(self, prefix: str) -> list[str]:
        """The first keys below `prefix`, at most 1,000: one request."""
        with _failures_named(self._uri(prefix)):
            answer = self._client.list_objects_v2(Bucket=self.name, Prefix=prefix)
            return [item["Key"] for item in answer.get("Contents", [])]

    def copy(self, key: str, version_id: str, target: str) -> None:
        """Copy a version of an object to `target` inside S3, of any size, without tags; MissingError."""
        with _failures_named(self._uri(key)):
            self._client.copy(
                {"Bucket": self.name, "Key": key, "VersionId": version_id},
                self.name,
                target,
                ExtraArgs={"TaggingDirective": "REPLACE"},
            )

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that aren't there are passed over."""
        for start in range(0, len(keys), _DELETE_BATCH):
            batch = keys[start : start + _DELETE_BATCH]
            with _failures_named(self._uri(batch[0])):
                self._client.delete_objects(
                    Bucket=self.name, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
                )

    def _name(self, key: str, version_id: str | None) -> Any:
        name = {"Bucket": self.name, "Key": key}
        return name | {"VersionId": version_id} if version_id else name

    def _uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"


def connect(name: str, *, is_local: bool, attempts: int) -> Bucket:
    """The bucket `name`. Each request is tried so often, with standard back-off of up to 20 s.

    A local stand-in has no name for each bucket, so its buckets are addressed by path.
    """
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=_CONNECTIONS,
        s3={"addressing_style": "path"} if is_local else {},
    )
    with _failures_named(f"s3://{name}"):
        session = boto3.Session()
        client = session.client("s3", config=config)
        endpoint, credentials = client.meta.endpoint_url, session.get_credentials()
        get = SignedGet(endpoint, name, client.meta.region_name, credentials) if credentials else None
        return Bucket(client, name, endpoint if is_local else None, get)


def _is_unreadable(code: str, words: str) -> bool:
    """Whether S3 refuses an object because it is archived, under SSE-C, or under a KMS key that the job role
    may not use.

    S3 API reference, Error responses. A missing permission for the key is AccessDenied, and the words name
    the action: https://repost.aws/knowledge-center/s3-troubleshoot-403
    """
    return (
        code in ("InvalidObjectState", "InvalidRequest")
        or code.startswith("KMS.")
        or (code == "AccessDenied" and "kms:" in words)
    )


@contextmanager
def _failures_named(uri: str, *, is_write: bool = False) -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        code = error.response.get("Error", {}).get("Code", "")
        if code == "NoSuchBucket":
            raise EndError("s3_unreachable", f"{uri}: the bucket doesn't exist.") from error
        # S3 answers 400 where a version id can't be one of its own. Who misses what is written isn't S3.
        missing = status == 404 or (status == 400 and "ersion" in code + str(error))
        if missing and not is_write:
            raise MissingError(uri) from error
        if status in {409, 412}:
            raise ConflictError(uri) from error
        answer = f"{code or status} ({error.operation_name})"
        if not is_write and _is_unreadable(code, str(error)):
            raise EndError("unreadable_input", f"S3 doesn't let {uri} be read: {answer}.") from error
        denied = "s3_denied" if status in {401, 403} else "s3_unreachable"
        raise EndError(denied, f"S3 refused {uri}: {answer}. Check the job role's policy.") from error
    except (BotoCoreError, Boto3Error) as error:
        raise EndError("s3_unreachable", f"S3 can't be reached for {uri}: {error}") from error
