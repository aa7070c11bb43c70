"""The commands of the template's image build, run by bash as CodeBuild runs them, on another Docker."""

import os
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import yaml
from support.template import properties

from droptrain_cli.image_source import archive

PHASES = ("pre_build", "build")
REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images"


def build_spec() -> dict:
    """The build specification."""
    return yaml.safe_load(properties("ImageBuildProject")["Source"]["BuildSpec"])


def commands() -> list[str]:
    """All commands, in order."""
    return [command for phase in PHASES for command in build_spec()["phases"][phase]["commands"]]


def run_build(
    folder: Path, tools: Path, own_image: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Unpack the source into `folder` and run the commands there, in one shell, up to the first failure.

    `tools` has the `docker` and `aws` that they find.
    """
    with zipfile.ZipFile(BytesIO(archive(own_image))) as source:
        source.extractall(folder)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", "\n".join(commands())],
        cwd=folder,
        env={**os.environ, "PATH": path, "REPOSITORY_URI": REPOSITORY, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
