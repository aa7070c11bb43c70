"""What runs left in the bucket: artifacts, log.txt, metrics.jsonl, copies of inputs."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.identity import runs_prefix
from droptrain_core.domain.runs.preparation import JobStep
from droptrain_core.domain.runs.promotion import copy_prefix, export_prefix
from droptrain_core.domain.runs.run import PINNED, run_prefix, step_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Everything in a run's folder is an artifact, except these, which belong to the container.
_INNER = ("checkpoints/", PINNED, "prepare/checkpoints/")
_INNER_FILES = ("lease", "timing.json", "prepare/timing.json")
_EXPORT = "export/"
# The newest part of a long metrics.jsonl; a function has to read it within seconds.
_METRICS_BYTES = 8 << 20


@frozen
class Artifact:
    """A file that a run left; `path` is relative to the run's folder, `size` in bytes.

    `key` is that of the file, or of its copy below models/.
    """

    key: str
    path: str
    size: int
    modified_at: datetime


class RunFiles:
    """The folders of runs."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def artifacts(self, project: str, run_id: str, after: str, limit: int) -> tuple[list[Artifact], bool]:
        """At most `limit` artifacts whose paths follow `after`; whether there are more."""
        return self._listed(run_prefix(project, run_id), "", after, limit)

    def copied(self, project: str, run_id: str, after: str, limit: int) -> tuple[list[Artifact], bool]:
        """As `artifacts`, of the copy of a promoted model: its export/, which doesn't expire with the run."""
        if after > _EXPORT and not after.startswith(_EXPORT):
            return [], False
        inside = after.removeprefix(_EXPORT) if after.startswith(_EXPORT) else ""
        return self._listed(copy_prefix(project, run_id), _EXPORT, inside, limit)

    def has_export(self, project: str, run_id: str) -> bool:
        """Whether the run's own export/ has a file; what consoles leave for a folder is none."""
        answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=export_prefix(project, run_id))
        return any(not item["Key"].endswith("/") for item in answer.get("Contents", []))

    def _listed(self, folder: str, above: str, after: str, limit: int) -> tuple[list[Artifact], bool]:
        """The files of a folder; their paths begin with `above`."""
        found: list[Artifact] = []
        while True:
            answer = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=folder, StartAfter=folder + after, MaxKeys=limit + 1
            )
            inner = None
            for item in answer.get("Contents", []):
                path = item["Key"].removeprefix(folder)
                inner = next((name for name in _INNER if (above + path).startswith(name)), None)
                if inner:
                    break
                if above + path not in _INNER_FILES and not path.endswith("/"):
                    found.append(Artifact(item["Key"], above + path, item["Size"], item["LastModified"]))
                after = path
            if len(found) > limit:
                return found[:limit], True
            if inner:
                after = f"{inner}\U0010ffff"
            elif not answer["IsTruncated"]:
                return found, False

    def log_text(
        self, project: str, run_id: str, offset: int, size: int, step: JobStep = "train"
    ) -> bytes | None:
        """At most `size` bytes of a step's log.txt behind `offset`, b"" at its end; None if there is none."""
        key = step_prefix(project, run_id, step) + "log.txt"
        return self._range(key, f"bytes={offset}-{offset + size - 1}")

    def metrics_lines(self, project: str, run_id: str) -> Iterable[bytes]:
        """The lines of metrics.jsonl: all, or the newest that are together 8 MiB."""
        key = run_prefix(project, run_id) + "metrics.jsonl"
        return io.BytesIO(self._range(key, f"bytes=-{_METRICS_BYTES}") or b"")

    def runs_named_like(self, project: str, dataset: str) -> Iterator[str]:
        """The ids of the runs with a folder whose names begin as those of the dataset's runs do.

        Runs of other datasets are among them: of `v1-2` and `v1-2-x` where the dataset is `v1.2`.
        """
        prefix = runs_prefix(project, dataset)
        pages: Any = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            for folder in page.get("CommonPrefixes", []):
                yield folder["Prefix"].rstrip("/").rpartition("/")[2]

    def _range(self, key: str, wanted: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidRange":
                raise
            return b""
