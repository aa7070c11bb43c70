"""Runs without GPUs: their queues, their job definition, their image and their price."""

import json
from typing import Any

import boto3
import pytest
from droptrain_core.aws.image_repository import ImageRepository
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.costs.pricing import Refreshed, Size
from support.core_stack import REGION, Stack
from support.records import job_detail

AT = "2026-11-23T00:00:00Z"
PRICES = Refreshed(
    {"g4dn.xlarge": 0.587, "m6i.xlarge": 0.2, "c6i.2xlarge": 0.4},
    AT,
    {"m6i.xlarge": {"eu-west-1a": 0.08}, "g4dn.xlarge": {"eu-west-1a": 0.01}},
    AT,
    {"g4dn.xlarge": Size(1, 4, 16, 16), "m6i.xlarge": Size(0, 4, 16), "c6i.2xlarge": Size(0, 8, 16)},
    AT,
)


def launched(stack: Stack, recipe: str) -> Any:
    """The run of a dropped dataset."""
    stack.prices.refresh(PRICES, AT)
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe.encode())
    for event in stack.drop():
        stack.launch.upload(*event)
    [run] = stack.query.runs(limit=10).runs
    return run


def job_of(stack: Stack, run: Any) -> dict[str, Any]:
    [job] = stack.batch.describe_jobs(jobs=[run.batch_job_id])["jobs"]
    return {
        "queue": job["jobQueue"].rpartition("/")[2],
        "definition": job["jobDefinition"].rpartition("/")[2],
        "asks": {item["type"]: item["value"] for item in job["container"]["resourceRequirements"]},
    }


@pytest.mark.parametrize(("spot", "queue"), [("auto", "cpu-spot"), ("never", "cpu-on-demand")])
def test_a_run_without_gpus_trains_on_cpu_instances(stack: Stack, spot: str, queue: str) -> None:
    run = launched(stack, f"resources: {{gpus: 0, vcpus: 4, memory_gib: 8}}\nspot: {spot}\n")
    assert job_of(stack, run) == {
        "queue": queue, "definition": "cpu-training:1", "asks": {"VCPU": "4", "MEMORY": "8192"},
    }  # fmt: skip
    plan = stack.bucket.plan("penguins", run.run_id)
    assert plan
    assert plan.document["job_definition"] == "cpu-training"


def test_a_run_with_a_gpu_stays_on_gpu_instances(stack: Stack) -> None:
    run = launched(stack, "resources: {gpus: 1}\n")
    assert job_of(stack, run)["queue"] == "spot"
    assert job_of(stack, run)["definition"] == "training:1"
    assert run.estimate
    assert [offer.instance_type for offer in run.estimate.offers] == ["g4dn.xlarge"]


def test_a_run_without_gpus_falls_back_to_on_demand_cpu_instances(stack: Stack) -> None:
    run = launched(stack, "resources: {gpus: 0, vcpus: 4, memory_gib: 8}\n")
    ended = {"exitCode": 75, "logStreamName": "droptrain/default/last"}
    named = {"jobName": run.run_id, "jobId": run.batch_job_id}
    detail = job_detail(
        "FAILED", attempts=3, statusReason="Host EC2 (instance i-0abc) terminated.", container=ended, **named
    )
    assert stack.track.event(detail) == "applied"
    [on_demand] = stack.batch.list_jobs(
        jobQueue="cpu-on-demand", filters=[{"name": "JOB_NAME", "values": [f"{run.run_id}-2"]}]
    )["jobSummaryList"]
    assert stack.table.get(run.run_id).batch_job_id == on_demand["jobId"]


def test_the_estimate_and_the_cost_are_of_cpu_types_alone(stack: Stack) -> None:
    run = launched(stack, "resources: {gpus: 0, vcpus: 4, memory_gib: 8}\ntimeout: 1h\n")
    assert run.estimate
    assert [offer.instance_type for offer in run.estimate.offers] == ["m6i.xlarge", "c6i.2xlarge"]
    assert run.estimate.worst_usd_per_hour == 0.4
    report = {"attempts": [{"job_id": run.batch_job_id, "attempt": 1,
                            "instance": {"type": "g4dn.xlarge", "zone": "eu-west-1a"}}]}  # fmt: skip
    stack.put(f"runs/penguins/{run.run_id}/outcome.json", json.dumps(report).encode())
    start = 1795399800000
    attempt = {"startedAt": start, "stoppedAt": start + 1_800_000, "container": {"exitCode": 0}}
    detail = job_detail("SUCCEEDED", jobName=run.run_id, jobId=run.batch_job_id) | {"attempts": [attempt]}
    assert stack.track.event(detail) == "applied"
    ended = stack.table.get(run.run_id)
    assert ended
    assert ended.cost
    assert ended.cost.instance_type in ("m6i.xlarge", "c6i.2xlarge")


@pytest.mark.parametrize(
    ("resources", "message", "parameter"),
    [
        (
            "{gpus: 0, vcpus: 8, memory_gib: 16}",
            "None of the stack's CPU instance types has room for 8 vCPUs and 16 GiB: m6i.xlarge, c6i",
            "CpuInstanceTypes.",
        ),
        (
            "{gpus: 2, vcpus: 4, memory_gib: 8}",
            "None of the stack's GPU instance types has room for 2 GPUs, 4 vCPUs and 8 GiB: g4dn.xlarge.",
            "parameter InstanceTypes.",
        ),
    ],
)
def test_a_run_larger_than_any_type_is_rejected_at_once(
    stack: Stack, resources: str, message: str, parameter: str
) -> None:
    run = launched(stack, f"resources: {resources}\n")
    assert (run.status, run.cause.code) == ("REJECTED", "does_not_fit")
    assert run.cause.message.startswith(message)
    assert run.cause.fix.endswith(parameter)
    assert stack.batch_jobs() == []


def test_a_type_of_unknown_size_may_have_room(stack: Stack) -> None:
    stack.types, stack.budget = ("optimal", "x9.large"), Budget()
    run = launched(stack, "resources: {gpus: 1, vcpus: 64, memory_gib: 512}\n")
    assert run.status == "SUBMITTED"


def test_a_run_without_gpus_needs_the_image_for_cpu_instances(stack: Stack) -> None:
    client = boto3.client("ecr", region_name=REGION)
    client.create_repository(repositoryName="images")
    stack.images = ImageRepository(lambda: client, "images")
    media = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": media, "layers": []})
    client.put_image(repositoryName="images", imageTag="latest", imageManifest=manifest)
    run = launched(stack, "resources: {gpus: 0, vcpus: 4, memory_gib: 8}\n")
    assert (run.status, run.cause.code) == ("REJECTED", "no_image")
    assert "with the tag cpu" in run.cause.message
    client.put_image(repositoryName="images", imageTag="cpu", imageManifest=manifest)
    again, _ = stack.launch.repeat(run.run_id, caller="ann")
    assert again.status == "SUBMITTED"
