"""What `droptrain doctor` checks of the training images: they are published, and in the machine image."""

from collections.abc import Iterator
from datetime import UTC

from droptrain_cli.bake_image import BAKED
from droptrain_cli.stack_snapshot import Finding, StackSnapshot, Verdict

_IMAGES: tuple[tuple[str, Verdict, str], ...] = (
    ("latest", "problem", "no run with GPUs"), ("cpu", "warning", "no run without GPUs"),
)  # fmt: skip


def image(snapshot: StackSnapshot) -> Iterator[Finding]:
    """Whether the images are published, and whether the machine image has the newest of them."""
    if snapshot.stack.is_laptop:
        return
    if uri := snapshot.parameters.get("ImageUri"):
        yield Finding("image", "ok", f"{uri}, which the stack's owner named; it isn't looked at here")
        return
    ecr = snapshot.stack.client("ecr")
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    by_docker = snapshot.outputs["ImagePushCommands"]
    remote = f"droptrain image --stack {snapshot.stack.name}"
    fix = f"Publish it: {remote} (AWS builds it), or, with Docker: {by_docker}"
    for tag, lacking, runs in _IMAGES:
        try:
            [published] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])[
                "imageDetails"
            ]
        except ecr.exceptions.ImageNotFoundException:
            yield Finding("image", lacking, f"{repository} has no image '{tag}': {runs} can start", fix)
            continue
        if tag == "latest" and snapshot.parameters.get("AmiId"):
            yield from _baked(snapshot, repository, published["imageDigest"])
        pushed = published["imagePushedAt"].astimezone(UTC)
        yield Finding("image", "ok", f"{repository}:{tag}, pushed {pushed:%Y-%m-%d}")


def _baked(snapshot: StackSnapshot, repository: str, latest: str) -> Iterator[Finding]:
    """Whether the image that `droptrain image --bake` put into the machine image is still the newest."""
    ecr, ami = snapshot.stack.client("ecr"), snapshot.parameters["AmiId"]
    try:
        [baked] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": BAKED}])[
            "imageDetails"
        ]
    except ecr.exceptions.ImageNotFoundException:
        return  # an AMI that was made in another way
    if baked["imageDigest"] == latest:
        yield Finding("machine image", "ok", f"{ami} has the newest training image in it")
        return
    detail = f"{ami} has an older training image in it, so instances pull what has changed"
    fix = f"Build a new one: droptrain image --bake --stack {snapshot.stack.name}"
    yield Finding("machine image", "warning", detail, fix)
