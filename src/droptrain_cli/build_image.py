"""Builds the training images in AWS CodeBuild: sends the source, starts the build, shows its log."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from droptrain.bucket_versions import kept_version
from droptrain.errors import DroptrainError
from droptrain.formatting import clean, duration
from droptrain.stack import Stack
from droptrain_cli import account_checks, output
from droptrain_cli.image_source import archive
from droptrain_cli.stack_snapshot import StackSnapshot, read_snapshot

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

KEY = "builds/image.zip"
_TAGS = ("latest", "cpu")
_PROJECT = "ImageBuildProjectName"  # an output of the stack
_POLL_SECONDS = 3.0
# What a build's log says of causes that have a fix, in small letters.
_HINTS: Mapping[str, str] = {
    "toomanyrequests": (
        "Docker Hub has served this network too often. Try again in an hour: buildx's own image comes from "
        "there. If the log names the base image, give --base-image the copy of it in Amazon ECR Public, "
        "docker/library/python."
    ),
    "no space left on device": (
        "The image is larger than the builder's disk. Leave out what training doesn't need."
    ),
}


@dataclass(frozen=True)
class Base:
    """What both images are built on; None for what the Dockerfile names."""

    image: str | None = None
    adds_tensorflow: bool = True

    def variables(self) -> list[dict[str, str]]:
        """What AWS CodeBuild gives to image/publish.sh."""
        values = {"BASE_IMAGE": self.image, "TENSORFLOW": None if self.adds_tensorflow else "no"}
        return [
            {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in values.items() if value
        ]


def build(
    stack: Stack,
    folder: Path | None,
    base: "Base",
    *,
    as_json: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Build and publish; DroptrainError with the log's end if it fails."""
    source = archive(folder)
    snapshot = _patient(stack)
    client = stack.client("codebuild")
    stored = stack.client("s3").put_object(Bucket=stack.bucket, Key=KEY, Body=source)
    try:
        started = client.start_build(
            projectName=snapshot.outputs[_PROJECT],
            sourceVersion=kept_version(stored.get("VersionId"), stack.bucket),
            idempotencyToken=uuid.uuid4().hex,  # a lost answer doesn't start a second one
            environmentVariablesOverride=base.variables(),
        )["build"]
    except client.exceptions.AccountLimitExceededException as error:
        raise DroptrainError(_no_builds(snapshot, error.response["Error"]["Message"], folder)) from error
    click.echo(f"Building {'yours, on droptrain' if folder else 'droptrain'}: {started['id']}", err=True)
    try:
        ended, seen = _follow(stack, started["id"], sleep)
    except KeyboardInterrupt:
        click.echo(
            f"The build continues. To see it: aws codebuild batch-get-builds --ids {started['id']}\n"
            f"To end it: aws codebuild stop-build --id {started['id']}",
            err=True,
        )
        raise
    if ended["buildStatus"] != "SUCCEEDED":
        raise DroptrainError(_why(ended, seen))
    _tell(snapshot, ended, as_json=as_json)


def _patient(stack: Stack) -> StackSnapshot:
    """The stack, which can build an image that it uses; else DroptrainError."""
    if stack.is_laptop:
        raise DroptrainError(
            "The laptop cloud needs no image: what trains runs in this machine's Python. Name a stack on AWS "
            "(--stack NAME) to build one there, or build with Docker: docs/image.md."
        )
    snapshot = read_snapshot(stack)
    if snapshot.parameters.get("ImageUri"):
        raise DroptrainError(
            f"This stack trains in {snapshot.parameters['ImageUri']}, so it would not use an image in "
            "its own repository. To use that: "
            "sam build && sam deploy --parameter-overrides 'ImageUri=\"\"' BuildsImage=yes"
        )
    if _PROJECT not in snapshot.outputs:
        raise DroptrainError(
            "This stack has nothing that builds images. Deploy it with it, and repeat: "
            "sam build && sam deploy --parameter-overrides BuildsImage=yes"
        )
    return snapshot


def _no_builds(snapshot: StackSnapshot, reason: str, folder: Path | None) -> str:
    """What to do where the account may start no build; `reason` is AWS CodeBuild's."""
    by_docker = (
        "docs/image.md has the commands for an image of your own."
        if folder
        else snapshot.outputs["ImagePushCommands"]
    )
    return (
        f"AWS CodeBuild starts no build: {reason.rstrip('.')}. Nothing was published. If no other build "
        "runs, this account's quota of concurrent builds is too low: in a new account it can be 0. Ask AWS "
        f"for a higher one, and repeat when it is granted: {account_checks.more(account_checks.BUILDS, 1)}\n"
        f"Or publish from a machine with Docker: {by_docker}"
    )


def _follow(stack: Stack, build_id: str, sleep: Callable[[float], None]) -> tuple[dict[str, Any], list[str]]:
    """Show the log until the build has ended: (the build, the log's lines)."""
    client, logs = stack.client("codebuild"), _Log(stack.client("logs"))
    lines: list[str] = []
    phase = ""
    while True:
        [found] = client.batch_get_builds(ids=[build_id])["builds"]
        if (now := found.get("currentPhase", "")) != phase:
            phase = now
            click.echo(f"-- {phase.lower().replace('_', ' ')}", err=True)
        for line in logs.new(found.get("logs", {})):
            lines.append(line)
            click.echo(line, err=True)
        if found.get("buildComplete") or found["buildStatus"] != "IN_PROGRESS":
            return found, lines
        sleep(_POLL_SECONDS)


class _Log:
    """A build's log, which appears some time after the build has begun."""

    def __init__(self, client: "CloudWatchLogsClient") -> None:
        self._client = client
        self._token: str | None = None

    def new(self, place: Mapping[str, Any]) -> Iterator[str]:
        """The lines that came since the last time."""
        if "streamName" not in place:
            return
        while True:
            token: Any = {"nextToken": self._token} if self._token else {}
            group, stream = place["groupName"], place["streamName"]
            try:
                page = self._client.get_log_events(
                    logGroupName=group, logStreamName=stream, startFromHead=True, **token
                )
            except self._client.exceptions.ResourceNotFoundException:
                return
            for event in page["events"]:
                yield clean(event["message"])
            if page["nextForwardToken"] == self._token:
                return
            self._token = page["nextForwardToken"]


def _why(ended: Mapping[str, Any], lines: list[str]) -> str:
    """Why a build failed: the phase's own words, and a fix where one is known."""
    failed = [
        phase for phase in ended.get("phases", []) if phase.get("phaseStatus") not in (None, "SUCCEEDED")
    ]
    words = [
        context["message"]
        for phase in failed
        for context in phase.get("contexts", [])
        if context.get("message")
    ]
    where = f" in {failed[0]['phaseType'].lower()}" if failed else ""
    reason = f": {words[0]}" if words else ""
    text = "\n".join(lines).lower()
    hint = next(
        (fix for sign, fix in _HINTS.items() if sign in text),
        "See the log above; fix the problem, and repeat.",
    )
    outcome = f"The build {ended['id']} ended {ended['buildStatus']}{where}{reason}."
    return f"{outcome} Nothing was published. {hint}"


def _tell(snapshot: StackSnapshot, ended: Mapping[str, Any], *, as_json: bool) -> None:
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    ecr, uri = snapshot.stack.client("ecr"), snapshot.outputs["ImageRepositoryUri"]
    digests = {}
    for tag in _TAGS:
        [image] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]
        digests[tag] = image["imageDigest"]
    if as_json:
        output.write_json({
            "build": ended["id"], "image": f"{uri}:latest", "digest": digests["latest"],
            "cpu_image": f"{uri}:cpu", "cpu_digest": digests["cpu"],
        })  # fmt: skip
        return
    took = duration((ended["endTime"] - ended["startTime"]).total_seconds())
    click.echo(f"Published {uri}:latest and :cpu after {took}: runs that start from now on take them.")
    for tag, digest in digests.items():
        click.echo(f"{tag}: {digest}")
