"""The promoted models of a soak: the table's registry is the truth, and the bucket follows it."""

import json
from collections.abc import Iterator
from typing import Any

from droptrain_core.aws.model_table import ModelTable

from droptrain_local.cloud import LaptopCloud

_MOST = 100


def broken(cloud: LaptopCloud, projects: list[str]) -> Iterator[str]:
    """What doesn't hold of the projects' models."""
    s3, table = cloud.client("s3"), ModelTable(cloud.client("dynamodb"), cloud.ready.table)
    for project in projects:
        current, pointer = table.current(project), _pointer(s3, cloud.ready.bucket, project)
        promotions = table.promotions(project, range(1, _MOST + 1))
        numbers = [each.number for each in promotions]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"the promotions of {project} have gaps: {numbers}"
        if current.promotion != (promotions[-1] if len(promotions) < _MOST and promotions else None):
            yield f"{project} has the current model {current.number} of {len(numbers)}"
        if current.is_published and pointer["number"] != current.number:
            yield f"current.json of {project} names the model {pointer['number']}, not {current.number}"
        if pointer["number"] > current.number:
            yield f"current.json of {project} is ahead of the table"
        prefix = pointer["export"].partition(f"s3://{cloud.ready.bucket}/")[2]
        if prefix and not s3.list_objects_v2(Bucket=cloud.ready.bucket, Prefix=prefix).get("Contents"):
            yield f"current.json of {project} names files that aren't there"


def _pointer(s3: Any, bucket: str, project: str) -> dict[str, Any]:
    try:
        answer = s3.get_object(Bucket=bucket, Key=f"models/{project}/current.json")
    except s3.exceptions.NoSuchKey:
        return {"number": 0, "export": ""}
    return dict(json.loads(answer["Body"].read()))
