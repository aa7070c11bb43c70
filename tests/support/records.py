"""Runs, objects and Batch details for tests; what a test doesn't care about has a plain value."""

from typing import Any

from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.runs.preparation import JobRequest
from droptrain_core.domain.runs.run import Code, Run

RUN_ID = "penguins-first-0123456789ab"
JOB_ID = "3c1f5b5e-7a3d-4c53-a5c5-0a6a3f2c9a11"
JOB = JobRequest(
    script="run.sh",
    gpus=1,
    vcpus=4,
    memory_mib=14336,
    attempts=3,
    timeout_seconds=3600,
    spot="auto",
    data={
        "TRAINING_DATA": "projects/penguins/data/first/train.csv",
        "TEST_DATA": "projects/penguins/data/first/test.csv",
    },
)


def object_version(key: str, version: str = "v1", size: int = 10) -> ObjectVersion:
    """A version of an object."""
    return ObjectVersion(key, version, size, "etag")


def run(**changes: Any) -> Run:
    """A claimed run of penguins/first."""
    values: dict[str, Any] = {
        "run_id": RUN_ID,
        "project": "penguins",
        "dataset": "first",
        "status": "CLAIMED",
        "created_at": "2026-11-23T02:10:00Z",
        "updated_at": "2026-11-23T02:10:00Z",
        "claimed_at": "2026-11-23T02:10:00Z",
        "launched_by": "upload",
        "created_order": f"2026-11-23T02:10:00.000Z#{RUN_ID}",
        "job": JOB,
        "inputs": (
            Input("training", object_version("projects/penguins/data/first/train.csv")),
            Input("testing", object_version("projects/penguins/data/first/test.csv")),
        ),
        "code": Code(2, "abcd"),
        "notify": ("failed", "succeeded", "rejected", "cancelled", "attention"),
    }
    return Run(**(values | changes))


def job_detail(status: str, *, attempts: int = 0, **changes: Any) -> dict[str, Any]:
    """A Batch job as DescribeJobs and the state-change event tell of it; `attempts` have ended by reclaim."""
    ended = [
        {
            "container": {"exitCode": 143, "logStreamName": f"droptrain/default/{number}"},
            "startedAt": 1795399800000 + number * 100_000,
            "stoppedAt": 1795399860000 + number * 100_000,
            "statusReason": "Host EC2 (instance i-0abc) terminated.",
        }
        for number in range(attempts)
    ]
    detail: dict[str, Any] = {
        "jobName": RUN_ID,
        "jobId": JOB_ID,
        "jobQueue": "arn:aws:batch:eu-west-1:123456789012:job-queue/spot",
        "status": status,
        "attempts": ended,
        "createdAt": 1795399800000,
        "container": {"environment": [], "logStreamName": "droptrain/default/last"},
        "tags": {"droptrain:project": "penguins"},
    }
    return detail | changes
