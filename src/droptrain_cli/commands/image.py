"""`droptrain image`: build the training images without Docker."""

from pathlib import Path

import click

from droptrain.stack import Stack
from droptrain_cli.stack_options import stack_options


@click.command("image", short_help="Build the training images in AWS, without Docker.")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--base-image",
    metavar="IMAGE",
    help="What to build both on.  [default: Docker's slim image of Python]",
)
@click.option(
    "--no-tensorflow",
    is_flag=True,
    help="Add no TensorFlow, because the base image has a framework of its own.",
)
@click.option(
    "--bake",
    is_flag=True,
    help="Build a machine image with the published training image in it instead, and use it.",
)
@click.option(
    "--ami-stack",
    metavar="NAME",
    help="With --bake: the stack of image/ami/template.yaml.  [default: the stack's name and -ami]",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='Print {"build", "image", "digest", "cpu_image", "cpu_digest"} at the end.',
)
@stack_options
def command(
    stack: Stack, folder: Path | None, base_image: str | None, no_tensorflow: bool, bake: bool,
    ami_stack: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Let AWS CodeBuild build the training images and publish them in the stack's repository.

    `latest` trains runs with GPUs, and `cpu`, which has no CUDA, those without. Without FOLDER they are
    droptrain's own images. With FOLDER they are yours on top of these: FOLDER has a Dockerfile that begins
    with `FROM droptrain`, and what that copies. Runs that start from then on take them.

    It takes some 20 minutes and a few cents. The log is shown until the build ends; Ctrl-C leaves the build
    going. The stack needs the parameter BuildsImage=yes, and these credentials the rights of who deployed it.

    With --bake nothing is published. AWS Image Builder makes a machine image (AMI) that has the published
    image in it already, in half an hour to an hour, and the stack's parameter AmiId is changed to it. Later
    images still train: instances then pull what has changed.
    """
    if bake:
        if folder or base_image or no_tensorflow or as_json:
            raise click.UsageError(
                "--bake takes the published image: no FOLDER, and of the options --ami-stack."
            )
        from droptrain_cli import bake_image

        bake_image.bake(stack, ami_stack or f"{stack.name}-ami")
        return
    from droptrain_cli import build_image

    base = build_image.Base(base_image, adds_tensorflow=not no_tensorflow)
    build_image.build(stack, folder, base, as_json=as_json)
