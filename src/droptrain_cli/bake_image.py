"""Builds a machine image (AMI) that has the training image, and lets the stack's instances start from it."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import click
from botocore.exceptions import ClientError

from droptrain.errors import DroptrainError
from droptrain.stack import Stack
from droptrain_cli.stack_snapshot import StackSnapshot, read_snapshot

LATEST = "latest"
_POLL_SECONDS = 15.0
# An image that was pushed with attestations, or for several platforms, is an index.
_MEDIA_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_ENDS = {"AVAILABLE", "FAILED", "CANCELLED", "DEPRECATED", "DELETED", "DISABLED"}


def baked_tag(ami: str) -> str:
    """The tag, in the stack's repository, of the image that is in a machine image."""
    return f"baked-{ami}"


def bake(stack: Stack, pipeline_stack: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Build the AMI, mark the image in it, and update the stack; DroptrainError if one of these fails."""
    if stack.is_laptop:
        raise DroptrainError("The laptop cloud has no machine images. Name a stack on AWS: --stack NAME")
    snapshot = read_snapshot(stack)
    pipeline = _pipeline(snapshot, pipeline_stack)
    published = _published(snapshot)
    client = stack.client("imagebuilder")
    build = client.start_image_pipeline_execution(
        imagePipelineArn=pipeline,
        clientToken=uuid.uuid4().hex,  # a lost answer doesn't start a second build
    )["imageBuildVersionArn"]
    click.echo(f"Building a machine image, which takes half an hour to an hour: {build}", err=True)
    ami = _ami(_follow(stack, build, sleep), stack.region, build)
    _mark(snapshot, published, ami)
    click.echo(f"Built {ami}. Updating {stack.name} ...", err=True)
    _use(stack, snapshot.parameters, ami, sleep)
    click.echo(f"New GPU instances of {stack.name} start from {ami}, with the training image in it.")


def _pipeline(snapshot: StackSnapshot, name: str) -> str:
    """The ARN of the pipeline that builds AMIs with the stack's image in them."""
    image = snapshot.parameters.get("ImageUri") or f"{snapshot.outputs['ImageRepositoryUri']}:{LATEST}"
    deploy = (
        f"aws cloudformation deploy --stack-name {name} --template-file image/ami/template.yaml "
        f"--capabilities CAPABILITY_IAM --parameter-overrides Image={image}"
    )
    client = snapshot.stack.client("cloudformation")
    try:
        [found] = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise DroptrainError(
            f"No stack {name} builds machine images. Deploy it, and repeat: {deploy}"
        ) from error
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
    if parameters.get("Image") != image:
        raise DroptrainError(f"{name} doesn't pull {image}. Deploy it so, and repeat: {deploy}")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return outputs["PipelineArn"]


def _published(snapshot: StackSnapshot) -> Mapping[str, Any] | None:
    """The image that runs with GPUs take now, with its manifest; None where another registry has it."""
    if snapshot.parameters.get("ImageUri"):
        return None
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    found = snapshot.stack.client("ecr").batch_get_image(
        repositoryName=repository, imageIds=[{"imageTag": LATEST}], acceptedMediaTypes=_MEDIA_TYPES
    )
    if not found["images"]:
        raise DroptrainError(
            "There is no training image yet, so there is nothing to put into a machine image. Publish one "
            f"first: droptrain image --stack {snapshot.stack.name}"
        )
    return found["images"][0]


def _follow(stack: Stack, build: str, sleep: Callable[[float], None]) -> Mapping[str, Any]:
    """Show each state of the build until it has ended: the image that came of it."""
    client = stack.client("imagebuilder")
    shown = ""
    while True:
        image: Mapping[str, Any] = client.get_image(imageBuildVersionArn=build)["image"]
        status = image["state"]["status"]
        if status != shown:
            shown = status
            click.echo(f"-- {status.lower()}", err=True)
        if status in _ENDS:
            return image
        sleep(_POLL_SECONDS)


def _ami(image: Mapping[str, Any], region: str, build: str) -> str:
    state = image["state"]
    if state["status"] != "AVAILABLE":
        raise DroptrainError(
            f"The build {build} ended {state['status']}: {state.get('reason', 'no reason is known')}. "
            "The stack is unchanged. docs/ami.md says where the log is."
        )
    [ami] = [each["image"] for each in image["outputResources"]["amis"] if each["region"] == region]
    return str(ami)


def _mark(snapshot: StackSnapshot, published: Mapping[str, Any] | None, ami: str) -> None:
    """Tag the image that is in the AMI, so that `droptrain doctor` can compare it with the newest."""
    if published is None:
        return
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    ecr = snapshot.stack.client("ecr")
    try:
        ecr.put_image(
            repositoryName=repository,
            imageManifest=published["imageManifest"],
            imageManifestMediaType=published["imageManifestMediaType"],  # a manifest of OCI may lack it
            imageTag=baked_tag(ami),
        )
    except ecr.exceptions.ImageAlreadyExistsException:
        return  # botocore repeats a call whose answer was lost


def _use(stack: Stack, parameters: Mapping[str, str], ami: str, sleep: Callable[[float], None]) -> None:
    """Change the parameter AmiId, keep all others, and wait until the stack is updated; DroptrainError.

    The compute environments' update lasts for as long as their jobs do, up to 90 minutes (template.yaml,
    JobExecutionTimeoutMinutes): longer than CloudFormation's waiter has patience.
    """
    client = stack.client("cloudformation")
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters if name != "AmiId"]
    client.update_stack(
        StackName=stack.name,
        UsePreviousTemplate=True,
        Parameters=[*kept, {"ParameterKey": "AmiId", "ParameterValue": ami}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    while (status := _status(stack)).endswith("_IN_PROGRESS"):
        sleep(_POLL_SECONDS)
    if status != "UPDATE_COMPLETE":
        raise DroptrainError(
            f"The update of {stack.name} to {ami} ended {status}. To see why: "
            f"aws cloudformation describe-stack-events --stack-name {stack.name} --region {stack.region}"
        )


def _status(stack: Stack) -> str:
    found: Any = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
    return str(found["StackStatus"])
