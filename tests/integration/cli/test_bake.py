"""`droptrain image --bake`: CloudFormation and ECR by moto, Image Builder by a stub."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws
from support.template import template

from droptrain.errors import DroptrainError
from droptrain.stack import Stack
from droptrain_cli import bake_image
from droptrain_cli.image_checks import image
from droptrain_cli.stack_snapshot import read_snapshot

URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images"
PIPELINE = "arn:aws:imagebuilder:eu-west-1:123456789012:image-pipeline/droptrain-ami"
BUILD = "arn:aws:imagebuilder:eu-west-1:123456789012:image/droptrain-ami/1.0.0/1"
AMI = "ami-0123456789abcdef0"
TEMPLATE = {
    "Parameters": {
        "ImageUri": {"Type": "String", "Default": ""},
        "AmiId": {"Type": "String", "Default": ""},
        "MaxvCpus": {"Type": "Number", "Default": 16},
    },
    "Resources": {
        "ImageRepository": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "images"}}
    },
    "Outputs": {"ImageRepositoryUri": {"Value": URI}, "ImagePushCommands": {"Value": "docker push it"}},
}


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


def publish(stack: Stack, version: int) -> None:
    """An image whose manifest doesn't name its own media type, as OCI allows and podman pushes it."""
    manifest = {"schemaVersion": 2, "layers": [{"digest": f"sha256:{version:064}"}]}
    for tag in ("latest", "cpu"):
        stack.client("ecr").put_image(
            repositoryName="images", imageTag=tag, imageManifest=json.dumps(manifest),
            imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        )  # fmt: skip


def deploy(stack: Stack, pulled: str = f"{URI}:latest", uri: str = "") -> None:
    """A stack with an image and a changed parameter, and one with a pipeline; `uri` is another registry's."""
    client = stack.client("cloudformation")
    # moto keeps the values that were given, and no defaults.
    given = [
        {"ParameterKey": name, "ParameterValue": value}
        for name, value in {"ImageUri": uri, "AmiId": "", "MaxvCpus": "32"}.items()
    ]
    client.create_stack(StackName=stack.name, TemplateBody=json.dumps(TEMPLATE), Parameters=given)
    pipeline = {
        "Parameters": {"Image": {"Type": "String", "Default": pulled}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"PipelineArn": {"Value": PIPELINE}},
    }
    client.create_stack(StackName=f"{stack.name}-ami", TemplateBody=json.dumps(pipeline))
    publish(stack, 1)


def builds(stack: Stack, *states: dict[str, str]) -> None:
    """Image Builder, whose build goes through these states."""
    session: Any = stack.session
    stack._made["imagebuilder"] = client = session.client("imagebuilder")
    stubbed = Stubber(client)
    stubbed.add_response(
        "start_image_pipeline_execution", {"imageBuildVersionArn": BUILD},
        {"imagePipelineArn": PIPELINE, "clientToken": ANY},
    )  # fmt: skip
    for state in states:
        amis = [{"region": "us-east-1", "image": "ami-other"}, {"region": stack.region, "image": AMI}]
        stubbed.add_response(
            "get_image", {"image": {"state": state, "outputResources": {"amis": amis}}},
            {"imageBuildVersionArn": BUILD},
        )  # fmt: skip
    stubbed.activate()


def bake(stack: Stack, sleep: Callable[[float], None] = lambda _: None) -> None:
    bake_image.bake(stack, f"{stack.name}-ami", sleep=sleep)


def update_ends(stack: Stack, minutes: float, status: str) -> Callable[[float], None]:
    """Let the stack's update end so much later; returns the sleep that passes this time."""
    slept = 0.0
    updating = False

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds * updating

    def begin(**_: Any) -> None:
        nonlocal updating
        updating = True

    def answer(parsed: Any, **_: Any) -> None:
        if updating:
            parsed["Stacks"][0]["StackStatus"] = "UPDATE_IN_PROGRESS" if slept < minutes * 60 else status

    events = stack.client("cloudformation").meta.events
    events.register("after-call.cloudformation.UpdateStack", begin)
    events.register("after-call.cloudformation.DescribeStacks", answer)
    return sleep


def use(stack: Stack, ami: str) -> None:
    """Deploy the stack with another AMI, as somebody does by hand."""
    bake_image._use(stack, read_snapshot(stack).parameters, ami, lambda _: None)


def machine_image(stack: Stack) -> tuple[str, str, str]:
    """What doctor finds of it."""
    [found] = [each for each in image(read_snapshot(stack)) if each.title == "machine image"]
    return found.verdict, found.detail, found.fix


def test_the_stack_starts_from_the_new_ami_and_keeps_its_other_parameters(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(stack)
    building, testing, available = ({"status": each} for each in ("BUILDING", "TESTING", "AVAILABLE"))
    builds(stack, building, building, testing, available)
    bake(stack)
    assert read_snapshot(stack).parameters == {"ImageUri": "", "AmiId": AMI, "MaxvCpus": "32"}
    shown = capsys.readouterr()
    assert [line for line in shown.err.splitlines() if line.startswith("--")] == [
        "-- building", "-- testing", "-- available",
    ]  # fmt: skip
    assert AMI in shown.out


def test_doctor_says_when_a_newer_image_than_the_baked_one_is_published(stack: Stack) -> None:
    deploy(stack)
    builds(stack, {"status": "AVAILABLE"})
    bake(stack)
    assert machine_image(stack) == ("ok", f"{AMI} has the newest training image in it", "")
    publish(stack, 2)
    assert machine_image(stack) == (
        "warning",
        f"{AMI} has another training image in it than runs use, so instances pull what differs",
        f"Build a new one: droptrain image --bake --stack {stack.name}",
    )


def test_doctor_says_that_a_stack_without_an_ami_pulls_the_image(stack: Stack) -> None:
    deploy(stack)
    detail = "AWS's, as AmiId is empty: each new instance pulls the whole training image"
    assert machine_image(stack) == ("ok", detail, "")


def test_doctor_takes_no_other_ami_for_the_baked_one(stack: Stack) -> None:
    deploy(stack)
    builds(stack, {"status": "AVAILABLE"})
    bake(stack)
    use(stack, "ami-0fedcba9876543210")
    verdict, detail, fix = machine_image(stack)
    assert (verdict, fix) == (
        "unknown", f"If it should have the newest image: droptrain image --bake --stack {stack.name}"
    )  # fmt: skip
    assert detail.startswith("ami-0fedcba9876543210: `droptrain image --bake` didn't make it")
    use(stack, AMI)
    assert machine_image(stack)[0] == "ok"


def test_the_image_of_another_registry_is_baked_without_a_mark(stack: Stack) -> None:
    deploy(stack, pulled="registry.example/train:7", uri="registry.example/train:7")
    builds(stack, {"status": "AVAILABLE"})
    bake(stack)
    assert read_snapshot(stack).parameters["AmiId"] == AMI
    tags = stack.client("ecr").list_images(repositoryName="images")["imageIds"]
    assert {each["imageTag"] for each in tags} == {"latest", "cpu"}


def test_a_build_that_fails_leaves_the_stack_as_it_is(stack: Stack) -> None:
    deploy(stack)
    builds(stack, {"status": "FAILED", "reason": "nvidia-smi shows no GPU in a container"})
    with pytest.raises(DroptrainError, match="ended FAILED: nvidia-smi shows no GPU in a container"):
        bake(stack)
    assert read_snapshot(stack).parameters["AmiId"] == ""


def test_the_update_is_awaited_for_as_long_as_running_jobs_may_last(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(stack)
    builds(stack, {"status": "AVAILABLE"})
    environment = template()["Resources"]["SpotComputeEnvironment"]
    minutes = environment["Properties"]["UpdatePolicy"]["JobExecutionTimeoutMinutes"]
    bake(stack, update_ends(stack, minutes + 10, "UPDATE_COMPLETE"))
    assert f"start from {AMI}" in capsys.readouterr().out


def test_an_update_that_is_rolled_back_is_an_error_with_the_command_that_says_why(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(stack)
    builds(stack, {"status": "AVAILABLE"})
    with pytest.raises(DroptrainError, match=r"ended UPDATE_ROLLBACK_COMPLETE.*describe-stack-events"):
        bake(stack, update_ends(stack, 1, "UPDATE_ROLLBACK_COMPLETE"))
    assert capsys.readouterr().out == ""


def test_a_pipeline_that_pulls_another_image_is_refused_with_the_command_that_changes_it(
    stack: Stack,
) -> None:
    deploy(stack, pulled="other:1")
    with pytest.raises(DroptrainError, match=f"--parameter-overrides Image={URI}:latest"):
        bake(stack)


def test_without_a_pipeline_the_command_that_deploys_it_is_shown(stack: Stack) -> None:
    deploy(stack)
    with pytest.raises(DroptrainError, match="No stack nothing builds machine images"):
        bake_image.bake(stack, "nothing")
