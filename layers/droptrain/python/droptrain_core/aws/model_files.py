"""The files of promoted models in S3: copies of exports, and the pointer `current.json`."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from droptrain_core.aws.part_copies import ListedFile, PartCopies, is_large
from droptrain_core.aws.run_files import RunFiles
from droptrain_core.domain.runs import promotion as promotions
from droptrain_core.domain.runs.promotion import Promotion, copies_prefix, copy_prefix, export_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_POINTER_BYTES = 512 * 1024
# People may write anything into the pointer; a promotion's number is part of a key of the table.
_NUMBERS = 10**9
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}

Copied = Literal["complete", "unfinished", "missing"]


class ModelFiles:
    """`models/*/current/` and `models/*/current.json`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket
        self._runs = RunFiles(client, bucket)
        self._large = PartCopies(client, bucket)

    def has_export(self, project: str, run_id: str) -> bool:
        """Whether the run exported any file."""
        return self._runs.has_export(project, run_id)

    def copy_export(self, project: str, run_id: str, has_time: Callable[[], bool]) -> Copied:
        """Copy the run's export to the promoted models.

        "unfinished" if there was no time for all of it, "missing" if the export has no files. Files and parts
        of files that an earlier call has copied aren't copied again.
        """
        source, target = export_prefix(project, run_id), copy_prefix(project, run_id)
        there = {each.key.removeprefix(target): each for each in self._files(target)}
        is_empty = True
        for file in self._files(source):
            is_empty = False
            name = file.key.removeprefix(source)
            copied = there.get(name)
            if copied and copied.size == file.size and copied.modified_at >= file.modified_at:
                continue
            if not has_time() or not self._copy(file, target + name, has_time):
                return "unfinished"
        return "missing" if is_empty else "complete"

    def point(self, promotion: Promotion, is_current: Callable[[], bool]) -> bool:
        """Make `current.json` name this model, unless it names that of a later promotion: then False.

        A later number in the file while the promotion still `is_current` is of a table that has been restored
        since, or of another bucket.
        """
        key = _pointer_key(promotion.project)
        document = promotions.to_document(promotion, self.bucket)
        while True:
            named, etag = self._pointer(key)
            if named == document:
                return True
            # Asked after the file was read: a promotion that is later than this answer changes the ETag.
            if named and named["number"] >= promotion.number and not is_current():
                return False
            body = json.dumps(document, indent=1, sort_keys=True).encode()
            condition: Any = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            try:
                self._client.put_object(
                    Bucket=self.bucket, Key=key, Body=body, ContentType="application/json", **condition
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _CHANGED:
                    raise
            else:
                return True

    def named(self, project: str) -> tuple[int, str] | None:
        """(the number, the run) of the promotion that `current.json` names; None if it names none."""
        named, _ = self._pointer(_pointer_key(project))
        return (named["number"], named["run_id"]) if named else None

    def copies(self, project: str) -> set[str]:
        """The runs whose exports were copied, also in part."""
        folder = copies_prefix(project)
        pages: Any = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=folder, Delimiter="/"
        )
        found = (each["Prefix"] for page in pages for each in page.get("CommonPrefixes", []))
        return {prefix.removeprefix(folder).rstrip("/") for prefix in found}

    def delete_copies(self, project: str, run_ids: Iterable[str]) -> None:
        """Delete the copies of these runs' exports."""
        for run_id in run_ids:
            self._delete(copy_prefix(project, run_id))

    def _files(self, prefix: str) -> Iterator[ListedFile]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):
                    yield ListedFile(item["Key"], item["Size"], item["ETag"], item["LastModified"])

    def _copy(self, file: ListedFile, key: str, has_time: Callable[[], bool]) -> bool:
        """Copy one file; its content is that of the listing. False if there was no time for all of it."""
        if is_large(file):
            return self._large.copy(file, key, has_time)
        source: Any = {"Bucket": self.bucket, "Key": file.key}
        self._client.copy_object(Bucket=self.bucket, Key=key, CopySource=source, CopySourceIfMatch=file.etag)
        return True

    def _pointer(self, key: str) -> tuple[dict[str, Any] | None, str | None]:
        """(what a pointer says, None if it names no promotion; its ETag, None if there is no pointer)."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None, None
        try:
            document = json.loads(answer["Body"].read(_MAX_POINTER_BYTES))
        except (ValueError, RecursionError):
            document = None
        match document:
            case {"schema": promotions.SCHEMA, "number": int(number), "run_id": str()} if (
                0 < number < _NUMBERS
            ):
                return document, answer["ETag"]
        return None, answer["ETag"]

    def _delete(self, prefix: str) -> None:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            objects: Any = [{"Key": item["Key"]} for item in page.get("Contents", [])]
            if objects:
                self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})


def _pointer_key(project: str) -> str:
    return f"models/{project}/current.json"
