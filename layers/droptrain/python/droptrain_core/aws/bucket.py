"""The bucket in S3: recipes, pushes, current objects of a folder, run.json and outcome.json."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from droptrain_core.domain.datasets.dataset import (
    LINK_METADATA,
    Created,
    ObjectVersion,
    datasets_prefix,
    oldest_first,
    recipe_key,
)
from droptrain_core.domain.errors import BusyError, Cause, CrowdedError, DeniedError, RejectedError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import plan as plans
from droptrain_core.domain.runs.preparation import JobStep
from droptrain_core.domain.runs.run import run_prefix, step_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from droptrain_core.domain.preflight.facts import Piece
    from droptrain_core.domain.recipes.push import Published, Push

_MAX_ACCOUNT_BYTES = 256 * 1024
_MAX_PUSH_BYTES = 16 * 1024 * 1024
# Of a thousand versions each; a function has 30 s, and each upload of a dataset looks through all of it.
MAX_PAGES = 50
# How S3 refuses an archived object, one under SSE-C, and one under a key that the stack may not use (S3 API
# reference, Error responses; GetObject).
_UNREADABLE = {"InvalidObjectState", "InvalidRequest", "AccessDenied"}
# How S3 answers for an object or version that isn't there: also for a text that names no version, and for a
# version that is a delete marker (S3 API reference, GetObject and Error responses).
_NOT_THERE = {"NoSuchKey", "NoSuchVersion", "InvalidArgument", "MethodNotAllowed"}
# How S3 answers HeadObject, without a code, for a version that is gone, and for one whose encryption needs
# headers that no link signs (S3 API reference, HeadObject).
_NO_LINK = {"400", "403", "404"}
_IS_LINK = re.compile("[0-9a-f]{32}")


@frozen
class RecipeFile:
    """The recipe's parsed YAML and which version it is; `version` is None where there is no recipe."""

    document: object
    version: ObjectVersion | None
    problem: RejectedError | None = None


@frozen
class PlanFile:
    """The parsed `run.json` of a run, and the SHA-256 of its bytes, hex."""

    document: dict[str, Any]
    sha256: str


class _RefusedError(Exception):
    """S3 doesn't let an object be read: it is archived, or encrypted with a key that the stack can't use."""


class Bucket:
    """The stack's data bucket."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self.name = name

    def push(self, project: str) -> "Push":
        """The state of the project's pushes; `problem` says why it can't be read."""
        from droptrain_core.domain.recipes import push as pushes

        key = pushes.push_key(project)
        try:
            answer = self._get(key)
        except _RefusedError as error:
            version = self._latest(key)
            problem = RejectedError(_unreadable("bad_push", key, error))
            return pushes.Push(version.version_id if version else None, problem=problem)
        if answer is None:
            return pushes.Push()
        document = _parsed(answer["Body"].read(_MAX_PUSH_BYTES + 1), _MAX_PUSH_BYTES)
        return pushes.read(project, document, answer.get("VersionId", "null"))

    def recipe(self, project: str, before: "Published | None" = None) -> RecipeFile:
        """The project's recipe, or the one `before` a push; `problem` says why it can't be read as YAML."""
        from droptrain_core import recipe_yaml
        from droptrain_core.domain.recipes import push as pushes
        from droptrain_core.domain.recipes import recipe as recipes

        key = recipe_key(project)
        version_id = None
        if before:
            if before.recipe is None:
                return RecipeFile(None, None)
            version_id = before.recipe.version_id
        try:
            answer = self._get(key, version_id)
        except _RefusedError as error:
            refused = before.recipe if before else self._latest(key)
            return RecipeFile(None, refused, RejectedError(_unreadable("bad_recipe", key, error)))
        if answer is None:
            return RecipeFile(None, None, RejectedError(pushes.expired(project)) if before else None)
        version = ObjectVersion(
            key, answer.get("VersionId", "null"), answer["ContentLength"], answer["ETag"].strip('"')
        )
        try:
            return RecipeFile(recipe_yaml.parse(answer["Body"].read(recipes.MAX_BYTES + 1)), version)
        except RejectedError as problem:
            return RecipeFile(None, version, problem)

    def link_of(self, upload: Created) -> str | None:
        """The id of the signed link that uploaded an object version; None if there is none, or it is gone."""
        try:
            answer = self._client.head_object(Bucket=self.name, Key=upload.key, VersionId=upload.version_id)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NO_LINK:
                return None
            raise
        link = answer["Metadata"].get(LINK_METADATA, "")
        return link if _IS_LINK.fullmatch(link) else None

    def sample(self, file: ObjectVersion) -> "tuple[Piece, ...]":
        """At most three ranges of a file: its start, middle and end; all of a small one, in one request.

        BusyError if that version was deleted meanwhile. RejectedError if S3 refuses: the object is archived,
        or encrypted with a key that the stack can't use.
        """
        from droptrain_core.domain.preflight import ranges
        from droptrain_core.domain.preflight.facts import Piece

        pieces: list[Piece] = []
        for start, length in ranges(file.key, file.size):
            byte_range = f"bytes={start}-{start + length - 1}"
            try:
                answer = self._get(file.key, file.version_id, byte_range)
            except _RefusedError as error:
                raise RejectedError(_unreadable("unreadable_input", file.key, error)) from error
            if answer is None:
                raise BusyError(f"s3://{self.name}/{file.key} was deleted meanwhile")
            pieces.append(Piece(start, answer["Body"].read()))
        return tuple(pieces)

    def projects(self, after: str | None, limit: int) -> tuple[list[str], bool]:
        """At most `limit` names of folders below `projects/`, after that one; whether there are more."""
        return self._folders("projects/", after, limit)

    def has_project(self, project: str) -> bool:
        """Whether the project has any file."""
        answer = self._client.list_objects_v2(Bucket=self.name, Prefix=f"projects/{project}/", MaxKeys=1)
        return bool(answer.get("Contents"))

    def datasets(self, project: str, after: str | None, limit: int) -> tuple[list[str], bool]:
        """At most `limit` names of folders in the project's `data/`, as `projects`."""
        return self._folders(datasets_prefix(project), after, limit)

    def _folders(self, prefix: str, after: str | None, limit: int) -> tuple[list[str], bool]:
        # "0" follows "/": so the listing starts behind all that lies in the folder.
        start: Any = {"StartAfter": f"{prefix}{after}0"} if after else {}
        answer = self._client.list_objects_v2(
            Bucket=self.name, Prefix=prefix, Delimiter="/", MaxKeys=limit, **start
        )
        folders = [each["Prefix"][len(prefix) : -1] for each in answer.get("CommonPrefixes", [])]
        return folders, answer["IsTruncated"] and bool(folders)

    def folder(self, prefix: str, named: Collection[str] = ()) -> tuple[ObjectVersion, ...]:
        """The current version of every object below `prefix`, oldest first; folder markers are left out.

        In a folder of more than one page, `named` files are looked up one by one, if they are all that is
        asked for. CrowdedError if the folder has more versions than fit into MAX_PAGES.
        """
        found: dict[str, tuple[ObjectVersion, datetime]] = {}
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix)
        for number, page in enumerate(pages, 1):
            if number > MAX_PAGES:
                raise CrowdedError(_crowded(self.name, prefix))
            found |= _current(page)
            if named and page["IsTruncated"]:
                for name in named:
                    found |= self._looked_up(prefix + name)
                break
        return oldest_first(found.values())

    def first_files(self, prefix: str, limit: int) -> tuple[list[tuple[ObjectVersion, datetime]], bool]:
        """At most `limit` current versions below `prefix`, with their upload times; whether these are all.

        It reads one page, which a file with many old versions fills.
        """
        page = self._client.list_object_versions(Bucket=self.name, Prefix=prefix)
        found = list(_current(page).values())
        return found[:limit], len(found) <= limit and not page["IsTruncated"]

    def _looked_up(self, key: str) -> dict[str, tuple[ObjectVersion, datetime]]:
        """The current version of one object, by key; S3 lists a key's newest version first."""
        current = _current(self._client.list_object_versions(Bucket=self.name, Prefix=key, MaxKeys=1))
        return {key: current[key]} if key in current else {}

    def _latest(self, key: str) -> ObjectVersion | None:
        """The current version of one object; None if there is none."""
        return next((item for item, _ in self._looked_up(key).values()), None)

    def delete_folder(self, prefix: str) -> Iterator[int]:
        """Delete every version of every object below `prefix`; yields how many, at most 1000 at a time."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix)
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            objects: Any = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            if not objects:
                continue
            answer = self._client.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})
            for failed in answer.get("Errors", []):
                raise DeniedError(f"S3 doesn't delete s3://{self.name}/{failed['Key']}: {failed['Message']}")
            yield len(objects)

    def write_plan(self, plan: Mapping[str, Any]) -> str | None:
        """Write `run.json` if there is none; else the ETag of a file there that has other content.

        BusyError if another process writes it.
        """
        key = _plan_key(plan)
        try:
            self._client.put_object(
                Bucket=self.name,
                Key=key,
                Body=plans.plan_bytes(plan),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalRequestConflict":
                raise BusyError(f"{plan['run_id']} is being launched by another process") from error
            if code != "PreconditionFailed":
                raise
            there = self._client.get_object(Bucket=self.name, Key=key)
            if there["Body"].read(plans.MAX_BYTES) != plans.plan_bytes(plan):
                return there["ETag"]
        return None

    def replace_plan(self, plan: Mapping[str, Any], etag: str) -> None:
        """Write `run.json` in the place of a file with that ETag; BusyError if that has changed."""
        try:
            self._client.put_object(
                Bucket=self.name,
                Key=_plan_key(plan),
                Body=plans.plan_bytes(plan),
                ContentType="application/json",
                IfMatch=etag,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise BusyError(f"{plan['run_id']} is being launched by another process") from error
            raise

    def plan(self, project: str, run_id: str) -> PlanFile | None:
        """The `run.json` of a run; None if it is gone, can't be read, or isn't a JSON object.

        Every Batch job can write to `runs/`: compare the digest with the run's record.
        """
        try:
            answer = self._get(run_prefix(project, run_id) + "run.json")
        except _RefusedError:
            return None
        if answer is None:
            return None
        body = answer["Body"].read(plans.MAX_BYTES + 1)
        document = _parsed(body, plans.MAX_BYTES)
        return PlanFile(document, hashlib.sha256(body).hexdigest()) if isinstance(document, dict) else None

    def content(self, key: str, version_id: str, most: int) -> bytes | None:
        """At most `most` bytes of one version of an object; None if it isn't there or can't be read."""
        try:
            answer = self._get(key, version_id)
        except _RefusedError:
            return None
        return answer["Body"].read(most) if answer else None

    def outcome(self, project: str, run_id: str) -> object:
        """The parsed `outcome.json` of a run; None if none can be read as JSON of a sane size."""
        return self._document(run_prefix(project, run_id) + "outcome.json", _MAX_ACCOUNT_BYTES)

    def timing(self, project: str, run_id: str, step: JobStep) -> object:
        """The parsed `timing.json` of a run's step; None if none can be read as JSON of a sane size."""
        return self._document(step_prefix(project, run_id, step) + "timing.json", _MAX_ACCOUNT_BYTES)

    def lease_holder(self, project: str, run_id: str) -> str | None:
        """The id of the Batch job that trains the run; None if none does."""
        lease = self._document(run_prefix(project, run_id) + "lease", _MAX_ACCOUNT_BYTES)
        job_id = lease.get("batch_job_id") if isinstance(lease, dict) else None
        return job_id if isinstance(job_id, str) else None

    def last_checkpoint_at(self, project: str, run_id: str, step: JobStep = "train") -> datetime | None:
        """When the newest generation of checkpoints of a run's step was complete; None if there is none."""
        folder = step_prefix(project, run_id, step) + "checkpoints/generations/"
        answer = self._client.list_objects_v2(Bucket=self.name, Prefix=folder)
        return max((item["LastModified"] for item in answer.get("Contents", [])), default=None)

    def _document(self, key: str, max_bytes: int) -> object:
        try:
            answer = self._get(key)
        except _RefusedError:
            return None
        return _parsed(answer["Body"].read(max_bytes + 1), max_bytes) if answer else None

    def _get(self, key: str, version_id: str | None = None, byte_range: str | None = None) -> Any:
        """S3's answer to GetObject; None if the object, or that version of it, isn't there.

        _RefusedError if S3 doesn't let it be read.
        """
        wanted: Any = {}
        if version_id:
            wanted["VersionId"] = version_id
        if byte_range:
            wanted["Range"] = byte_range
        try:
            return self._client.get_object(Bucket=self.name, Key=key, **wanted)
        except ClientError as error:
            refusal = error.response["Error"]
            if refusal["Code"] in _NOT_THERE:
                return None
            if refusal["Code"] in _UNREADABLE or refusal["Code"].startswith("KMS."):
                raise _RefusedError(f"{refusal['Code']}: {refusal['Message']}") from error
            raise


def _plan_key(plan: Mapping[str, Any]) -> str:
    return run_prefix(plan["project"], plan["run_id"]) + "run.json"


def _current(page: Any) -> dict[str, tuple[ObjectVersion, datetime]]:
    """The current versions of a page, by key, each with the time of its upload."""
    found = {}
    for item in page.get("Versions", []):
        if item["IsLatest"] and not item["Key"].endswith("/"):
            version = ObjectVersion(item["Key"], item["VersionId"], item["Size"], item["ETag"].strip('"'))
            found[item["Key"]] = (version, item["LastModified"])
    return found


def _unreadable(code: str, key: str, error: _RefusedError) -> Cause:
    return Cause(
        code,
        f"S3 doesn't let {key} be read: {error}",
        "Restore it from its archive storage class, or upload it again with the bucket's own encryption "
        "(without SSE-C or a KMS key that the stack's roles may not use).",
    )


def _crowded(bucket: str, prefix: str) -> Cause:
    return Cause(
        "too_many_objects",
        f"s3://{bucket}/{prefix} has more than {MAX_PAGES * 1000:,} objects and old versions of objects",
        "Move what a training doesn't need out of that folder, or use a new one, and drop the dataset again.",
    )


def _parsed(body: bytes, max_bytes: int) -> object:
    if len(body) > max_bytes:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
