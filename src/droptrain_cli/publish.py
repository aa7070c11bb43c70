"""Publishes a project's recipe and code in one switch: a launch finds what was there before, or all of it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import code_prefix, recipe_key
from droptrain_core.domain.recipes import push as pushes
from droptrain_core.domain.recipes.push import Published, push_key

from droptrain.errors import DroptrainError
from droptrain.published import find

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DELETED_AT_ONCE = 1000  # S3's limit for one DeleteObjects
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


class OvertakenError(DroptrainError):
    """Another push of the same project came in between: what is published is for that one to say."""


@dataclass(frozen=True)
class Changes:
    """What a push has changed: keys; `finished` says whether it ended one that had died."""

    uploaded: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]
    finished: bool


class Publisher:
    """Publishes one project; `say` hears of each key as it is done: "uploaded" or "deleted".

    `push_id` is new for each push. The bucket has to be versioned.
    """

    def __init__(
        self,
        s3: "S3Client",
        bucket: str,
        project: str,
        push_id: str,
        *,
        say: Callable[[str, str], None] = lambda what, key: None,
    ) -> None:
        self._s3 = s3
        self._bucket = Bucket(s3, bucket)
        self._project = project
        self._push_id = push_id
        self._say = say

    def publish(self, files: Mapping[str, Path], at: str) -> Changes:
        """Let the project's recipe and code be `files`, by key; `at` is the time, for those who look.

        Nothing is written if that is so already. A push that died is finished: launches go on with what it
        found until this one is done. OvertakenError if another push comes in between, DroptrainError if the
        files change meanwhile.
        """
        wanted = {key: _digest(path) for key, path in files.items()}
        state = find(self._bucket, push_key(self._project))
        push = self._bucket.push(self._project) if state else pushes.Push()
        here = self._published()
        lying = _contents(here)
        upload = sorted(key for key in wanted if lying.get(key) != wanted[key])
        delete = sorted(lying.keys() - wanted.keys())
        unchanged = tuple(sorted(wanted.keys() - set(upload)))
        if not upload and not delete and not push.before and not push.problem:
            return Changes((), (), unchanged, finished=False)
        etag = self._write_state(pushes.pushing(push.before or here, at), state.etag if state else None)
        for key in upload:
            self._put(key, files[key])
        self._delete(delete)
        if _contents(self._published()) != wanted:
            state = find(self._bucket, push_key(self._project))
            if state is None or state.etag != etag:
                raise OvertakenError(self._overtaken())
            raise DroptrainError(
                f"Files of {self._project} changed while they were pushed, here or in the bucket, so "
                "launches go on with what was there before. Push again."
            )
        self._write_state(pushes.complete(at), etag)
        return Changes(tuple(upload), tuple(delete), unchanged, finished=push.before is not None)

    def _published(self) -> Published:
        """What lies in the bucket."""
        code = self._bucket.folder(code_prefix(self._project))
        return Published(find(self._bucket, recipe_key(self._project)), code)

    def _write_state(self, document: Mapping[str, Any], etag: str | None) -> str:
        """Write push.json in the place of the one with `etag`, or of none; the new one's ETag."""
        body = json.dumps({**document, "push_id": self._push_id}).encode()
        written = hashlib.md5(body, usedforsecurity=False).hexdigest()
        condition: Any = {"IfMatch": f'"{etag}"'} if etag else {"IfNoneMatch": "*"}
        key = push_key(self._project)
        try:
            self._s3.put_object(
                Bucket=self._bucket.name, Key=key, Body=body, ContentType="application/json", **condition
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TAKEN:
                raise
            now = find(self._bucket, key)
            if now is None or now.etag != written:  # else a repeat of ours met our own first try
                raise OvertakenError(self._overtaken()) from error
        return written

    def _overtaken(self) -> str:
        return (
            f"Another user is pushing {self._project}. Agree with them on what is published, and push again."
        )

    def _put(self, key: str, path: Path) -> None:
        with path.open("rb") as body:
            self._s3.put_object(Bucket=self._bucket.name, Key=key, Body=body)
        self._say("uploaded", key)

    def _delete(self, keys: Iterable[str]) -> None:
        rest = iter(keys)
        while some := list(islice(rest, _DELETED_AT_ONCE)):
            objects: Any = [{"Key": key} for key in some]
            answer = self._s3.delete_objects(
                Bucket=self._bucket.name, Delete={"Objects": objects, "Quiet": True}
            )
            for failed in answer.get("Errors", []):
                raise DroptrainError(f"S3 doesn't delete {failed['Key']}: {failed['Message']}. Push again.")
            for key in some:
                self._say("deleted", key)


def _contents(published: Published) -> dict[str, tuple[int, str]]:
    """Size and ETag by key."""
    items = (*published.code, *([published.recipe] if published.recipe else []))
    return {item.key: (item.size, item.etag) for item in items}


def _digest(path: Path) -> tuple[int, str]:
    """Size and MD5: the ETag that S3 gives to an object that was put whole into a bucket with SSE-S3."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        return stream.tell(), digest
