"""`droptrain image`: build the training image without Docker."""

from pathlib import Path

import click

from droptrain_cli.stack import Stack, stack_options


@click.command("image", short_help="Build the training image in AWS, without Docker.")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--base-image", metavar="IMAGE", help="What to build on.  [default: TensorFlow's, with CUDA]")
@click.option("--json", "as_json", is_flag=True, help='Print {"build", "image", "digest"} at the end.')
@stack_options
def command(stack: Stack, folder: Path | None, base_image: str | None, as_json: bool) -> None:
    """Let AWS CodeBuild build the training image and publish it as `latest` of the stack's repository.

    Without FOLDER that is droptrain's own image. With FOLDER it is yours on top of it: FOLDER has a
    Dockerfile that begins with `FROM droptrain`, and what that copies. Runs that start from then on take it.

    It takes some 15 minutes and a few cents. The log is shown until the build ends; Ctrl-C leaves the build
    going. The stack needs the parameter BuildsImage=yes, and these credentials the rights of who deployed it.
    """
    from droptrain_cli import build_image

    build_image.build(stack, folder, base_image, as_json=as_json)
