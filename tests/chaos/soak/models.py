"""The promoted models of a soak: the table's registry is the truth, and the bucket follows it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from droptrain_core.aws.model_table import ModelTable
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion

from droptrain_local.cloud import LaptopCloud

_TOGETHER = 100


@dataclass(frozen=True)
class SeenModels:
    """A project's current model, its promotions, and `current.json` with whether its files are there."""

    project: str
    current: CurrentModel
    promotions: tuple[Promotion, ...]
    pointer: dict[str, Any] | None
    has_files: bool

    @property
    def requested(self) -> int:
        """How many promotions and rollbacks people have requested."""
        return sum(not each.is_by_gate for each in self.promotions)


def seen_models(cloud: LaptopCloud, projects: list[str]) -> list[SeenModels]:
    """The models of these projects."""
    s3, table = cloud.client("s3"), ModelTable(cloud.client("dynamodb"), cloud.ready.table)
    return [_seen(s3, cloud.ready.bucket, table, project) for project in projects]


def broken(seen: SeenModels) -> Iterator[str]:
    """What doesn't hold of a project's models, in words."""
    project, last = seen.project, seen.promotions[-1] if seen.promotions else None
    numbers = [each.number for each in seen.promotions]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the promotions of {project} have gaps: {numbers}"
    if seen.current.promotion != last:
        yield f"{project} has the current model {seen.current.number} of {len(numbers)}"
    if last is None and seen.pointer is None:
        return
    if not seen.current.is_published:
        yield f"the current model of {project} isn't published"
    named = seen.pointer and (seen.pointer["number"], seen.pointer["run_id"], seen.pointer["kind"])
    wanted = last and (last.number, last.run_id, last.kind)
    if named != wanted:
        yield f"current.json of {project} names {named}, and the last promotion is {wanted}"
    if seen.pointer and not seen.has_files:
        yield f"current.json of {project} names files that aren't there"


def _seen(s3: Any, bucket: str, table: ModelTable, project: str) -> SeenModels:
    current, pointer = table.current(project), _pointer(s3, bucket, project)
    promotions: tuple[Promotion, ...] = ()
    for first in range(1, current.number + 1, _TOGETHER):
        promotions += table.promotions(project, range(first, min(first + _TOGETHER, current.number + 1)))
    prefix = pointer["export"].removeprefix(f"s3://{bucket}/") if pointer else ""
    has_files = bool(prefix and s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents"))
    return SeenModels(project, current, promotions, pointer, has_files)


def _pointer(s3: Any, bucket: str, project: str) -> dict[str, Any] | None:
    try:
        answer = s3.get_object(Bucket=bucket, Key=f"models/{project}/current.json")
    except s3.exceptions.NoSuchKey:
        return None
    return dict(json.loads(answer["Body"].read()))
