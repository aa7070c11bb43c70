"""The record of calls is free of the names of one run, and no call was denied."""

import json
from pathlib import Path
from typing import Any

import pytest
from permissions.calls import Call, calls_of, recording

BUCKET = "arn:aws:s3:::droptrain-databucket"
BATCH = "arn:aws:batch:eu-west-1:123456789012:"


def line(operation: str, resource: str, *, allowed: bool = True, **keys: str) -> dict[str, Any]:
    context = {name.replace("_", ":"): [value] for name, value in keys.items()}
    return {
        "principal": "droptrain-TrainingRole",
        "operation": operation,
        "needs": [[operation, resource, context]],
        "allowed": allowed,
    }


@pytest.mark.parametrize(
    ("resource", "plain"),
    [
        (f"{BUCKET}/projects/p-1/data/a/part/0.csv", f"{BUCKET}/projects/PROJECT/data/DATASET/FILE"),
        (f"{BUCKET}/projects/p-1/code/run.sh", f"{BUCKET}/projects/PROJECT/code/FILE"),
        (f"{BUCKET}/projects/p-1/train.yaml", f"{BUCKET}/projects/PROJECT/train.yaml"),
        (f"{BUCKET}/models/p-1/best.json", f"{BUCKET}/models/PROJECT/best.json"),
        (f"{BUCKET}/runs/p-1/p-1-a-0/checkpoints/objects/0", f"{BUCKET}/runs/PROJECT/RUN/checkpoints/FILE"),
        (f"{BUCKET}/sweeps/p-1/p-1-a-sweep-0/9/7/0.5", f"{BUCKET}/sweeps/PROJECT/SWEEP/FILE"),
        (f"{BUCKET}/runs/p-1/p-1-a-0/lease", f"{BUCKET}/runs/PROJECT/RUN/lease"),
        (f"{BUCKET}/projects/p-1/data/a/b:c/d.csv", f"{BUCKET}/projects/PROJECT/data/DATASET/FILE"),
        (BUCKET, BUCKET),
        (f"{BATCH}job/0a1b", f"{BATCH}job/JOB"),
        (f"{BATCH}job-queue/droptrain-SpotJobQueue", f"{BATCH}job-queue/droptrain-SpotJobQueue"),
    ],
)
def test_a_resource_is_kept_without_the_names_of_one_run(resource: str, plain: str) -> None:
    [call] = calls_of(line("s3:GetObject", resource))
    assert call == Call("TrainingRole", "s3:GetObject", "s3:GetObject", plain)


def test_condition_keys_are_kept_and_are_read_again() -> None:
    [call] = calls_of(line("s3:ListObjectsV2", BUCKET, s3_prefix="projects/p-1/data/a/"))
    assert call.keys == "s3:prefix=projects/PROJECT/data/DATASET/"
    assert call.need.context == {"s3:prefix": ("projects/PROJECT/data/DATASET/",)}


def test_a_call_that_was_refused_fails_the_test_that_made_it(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="policies refuse"), recording(tmp_path) as record:
        record.write_text(json.dumps(line("s3:GetObject", BUCKET, allowed=False)))
    with recording(tmp_path, ["TrainingRole"]) as record:
        record.write_text(json.dumps(line("s3:GetObject", BUCKET, allowed=False)))
