"""What `droptrain doctor` checks of the training images: they are published, and in the machine image."""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from droptrain_cli.bake_image import LATEST, baked_tag
from droptrain_cli.stack_snapshot import Finding, StackSnapshot, Verdict

_IMAGES: tuple[tuple[str, Verdict, str], ...] = (
    (LATEST, "problem", "no run with GPUs"), ("cpu", "warning", "no run without GPUs"),
)  # fmt: skip
_MACHINE_IMAGE = "machine image"


def image(snapshot: StackSnapshot) -> Iterator[Finding]:
    """Whether the images are published, and whether the machine image has the newest of them."""
    if snapshot.stack.is_laptop:
        return
    if uri := snapshot.parameters.get("ImageUri"):
        yield Finding("image", "ok", f"{uri}, which the stack's owner named; it isn't looked at here")
        return
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    by_docker = snapshot.outputs["ImagePushCommands"]
    remote = f"droptrain image --stack {snapshot.stack.name}"
    fix = f"Publish it: {remote} (AWS builds it), or, with Docker: {by_docker}"
    for tag, lacking, runs in _IMAGES:
        published = _published(snapshot, repository, tag)
        if published is None:
            yield Finding("image", lacking, f"{repository} has no image '{tag}': {runs} can start", fix)
            continue
        if tag == LATEST:
            yield _machine_image(snapshot, repository, published["imageDigest"])
        pushed = published["imagePushedAt"].astimezone(UTC)
        yield Finding("image", "ok", f"{repository}:{tag}, pushed {pushed:%Y-%m-%d}")


def _machine_image(snapshot: StackSnapshot, repository: str, latest: str) -> Finding:
    """Whether the AMI that the stack's instances start from has the newest training image in it."""
    ami = snapshot.parameters.get("AmiId")
    if not ami:
        detail = "AWS's, as AmiId is empty: each new instance pulls the whole training image"
        return Finding(_MACHINE_IMAGE, "ok", detail)
    bake = f"droptrain image --bake --stack {snapshot.stack.name}"
    baked = _published(snapshot, repository, baked_tag(ami))
    if baked is None:
        detail = f"{ami}: `droptrain image --bake` didn't make it, so the training image in it is unknown"
        return Finding(_MACHINE_IMAGE, "unknown", detail, f"If it should have the newest image: {bake}")
    if baked["imageDigest"] == latest:
        return Finding(_MACHINE_IMAGE, "ok", f"{ami} has the newest training image in it")
    detail = f"{ami} has another training image in it than runs use, so instances pull what differs"
    return Finding(_MACHINE_IMAGE, "warning", detail, f"Build a new one: {bake}")


def _published(snapshot: StackSnapshot, repository: str, tag: str) -> Mapping[str, Any] | None:
    """What the registry says of the image with a tag; None where there is none."""
    ecr = snapshot.stack.client("ecr")
    try:
        [found] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException:
        return None
    details: Mapping[str, Any] = found
    return details
