"""The pointers to a project's latest and best model, in S3: each is replaced only as it was last seen."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from droptrain_core.domain.runs import model_pointer
from droptrain_core.domain.runs.model_pointer import Held, Name, Pointer, pointer_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_BYTES = 64 * 1024
# PutObject's refusals of If-Match and If-None-Match: it changed, it is changing, it is gone
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
_SOMEBODY_ELSE = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class ModelPointers:
    """`models/*/latest.json` and `best.json`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def read(self, project: str, name: Name) -> Held | None:
        """The pointer as it is; None if there is none."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=pointer_key(project, name))
        except self._client.exceptions.NoSuchKey:
            return None
        body = answer["Body"].read(_MAX_BYTES + 1)
        try:
            document = json.loads(body) if len(body) <= _MAX_BYTES else None
        except (ValueError, RecursionError):
            document = None
        return Held(model_pointer.read(document), answer["ETag"])

    def replace(self, name: Name, pointer: Pointer, seen: Held | None) -> Held | None:
        """Write `pointer` where `seen` is, or where nothing is; None if somebody else was faster."""
        condition: Any = {"IfMatch": seen.etag} if seen else {"IfNoneMatch": "*"}
        document = model_pointer.to_document(pointer)
        try:
            answer = self._client.put_object(
                Bucket=self.bucket,
                Key=pointer_key(pointer.project, name),
                Body=json.dumps(document, indent=1, sort_keys=True).encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _SOMEBODY_ELSE:
                raise
            return None
        return Held(pointer, answer["ETag"])
