"""A stack whose image repository is empty: nothing is launched that could not start."""

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from droptrain_core.aws.image_repository import ImageRepository
from support.core_stack import REGION, Stack

MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}


@pytest.fixture
def asked() -> list[str]:
    """The calls of ECR, in turn."""
    return []


@pytest.fixture
def ecr(stack: Stack, asked: list[str]) -> Any:
    """A stack with a repository of its own, without an image."""
    client = boto3.client("ecr", region_name=REGION)
    client.create_repository(repositoryName="images")
    client.meta.events.register("before-call.ecr", lambda model, **_: asked.append(model.name))
    stack.images = ImageRepository(lambda: client, "images")
    stack.publish_project()
    return client


def publish(ecr: Any) -> None:
    ecr.put_image(repositoryName="images", imageTag="latest", imageManifest=json.dumps(MANIFEST))


def test_a_drop_is_rejected_with_the_command_that_publishes_an_image(stack: Stack, ecr: Any) -> None:
    answers = [stack.launch.upload(*event).answer for event in stack.drop()]
    assert answers == ["rejected", "repeated"]
    [run] = stack.query.runs(limit=10).runs
    assert run.cause
    assert run.cause.code == "no_image"
    assert run.cause.message.startswith("There is no training image yet")
    assert "`droptrain image`" in run.cause.fix
    assert run.cause.fix.endswith(f"droptrain rerun {run.run_id}")
    assert stack.batch_jobs() == []
    stack.notify.ended(run.run_id, run.project)
    assert "REJECTED penguins/first (no_image)" in [notice["Subject"] for notice in stack.notices()]


def test_the_rejected_drop_trains_by_a_rerun_once_there_is_an_image(stack: Stack, ecr: Any) -> None:
    for event in stack.drop():
        stack.launch.upload(*event)
    [run] = stack.query.runs(limit=10).runs
    publish(ecr)
    again, new = stack.launch.repeat(run.run_id, caller="ann")
    assert (new, again.status, again.inputs) == (True, "SUBMITTED", run.inputs)


def test_a_rejected_run_holds_nothing_of_the_budget(stack: Stack, ecr: Any) -> None:
    stack.launch.upload(*stack.drop()[0])
    [run] = stack.query.runs(limit=10).runs
    assert run.status == "REJECTED"
    assert stack.accounts.read(["2026-11"])["2026-11"].committed == 0


def test_ecr_is_asked_until_the_image_was_seen_and_then_no_more(
    stack: Stack, ecr: Any, asked: list[str]
) -> None:
    publish(ecr)
    del asked[:]
    launch = stack.launch
    for name in ("first", "second", "third"):
        answers = [launch.upload(*event).answer for event in stack.drop(name)]
        assert "launched" in answers
    assert asked == ["DescribeImages"]


def test_a_repository_that_was_deleted_lacks_the_image(stack: Stack, ecr: Any) -> None:
    ecr.delete_repository(repositoryName="images", force=True)
    assert stack.images
    assert stack.images.lacks_image("latest")


def test_without_a_clear_answer_the_run_is_launched(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    nobody = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    client = boto3.client("ecr", region_name=REGION, endpoint_url="http://127.0.0.1:9", config=nobody)
    stack.images = ImageRepository(lambda: client, "images")
    stack.publish_project()
    answers = [stack.launch.upload(*event).answer for event in stack.drop()]
    assert answers == ["launched", "repeated"]
