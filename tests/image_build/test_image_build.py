"""The commands of the template's image build, with podman as their Docker: up to the push, which it notes."""

from pathlib import Path

import pytest
from support.build_commands import REPOSITORY, run_build
from support.container_machine import podman
from support.training_machine import REPOSITORY as ROOT

pytestmark = pytest.mark.container

# podman in place of Docker's buildx. It has no OCI layouts as contexts and no outputs: images stand for both.
# There is no registry to log in to or to push to.
DOCKER = """#!/bin/bash
set -euo pipefail
case "$1 $2" in
  login*) cat > /dev/null ;;
  "buildx create") echo builder ;;
  "buildx rm") ;;
  "buildx build")
    shift 2
    arguments=()
    for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
      if [[ -e $file ]]; then arguments+=(--volume "$file:$file:ro"); fi
    done
    while (($#)); do
      case "$1" in
        --builder) shift ;;
        --provenance=false) ;;
        --output)
          shift
          case "$1" in
            type=oci*) mkdir -p "${1##*dest=}"; arguments+=(--tag "localhost/droptrain-layout:${1##*/}") ;;
            type=image*) name=${1#*name=}; arguments+=(--tag "${name%%,*}") ;;
          esac ;;
        --build-context)
          shift
          arguments+=(--build-context "droptrain=docker-image://localhost/droptrain-layout:${1##*/}") ;;
        *) arguments+=("$1") ;;
      esac
      shift
    done
    podman build --isolation chroot --network host "${arguments[@]}" ;;
esac
"""


def test_an_image_of_the_user_s_own_is_built_by_the_template_s_commands(tmp_path: Path) -> None:
    own, tools = tmp_path / "own", tmp_path / "tools"
    own.mkdir()
    tools.mkdir()
    (own / "Dockerfile").write_text(
        "FROM droptrain\nUSER root\nCOPY note.txt /opt/note.txt\nUSER 1000:1000\n", "utf-8"
    )
    (own / "note.txt").write_text("mine\n", "utf-8")
    (tools / "docker").write_text(DOCKER, "utf-8")
    (tools / "aws").write_text("#!/bin/bash\necho password\n", "utf-8")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    images = [f"{REPOSITORY}:{tag}" for tag in ("latest", "cpu")]
    try:
        done = run_build(
            tmp_path / "source", tools, own,
            BASE_IMAGE="localhost/droptrain-test-base", TENSORFLOW="no",
            CONTAINERS_CONF=str(ROOT / "tests/image_build/containers.conf"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        for image in images:
            shown = podman("run", "--rm", "--network=none", "--entrypoint=cat", image, "/opt/note.txt")
            assert shown == "mine\n"
            user = podman("image", "inspect", "--format={{.Config.User}}", image).strip()
            assert user == "1000:1000"
    finally:
        podman(
            "image",
            "rm",
            "--force",
            "--ignore",
            *images,
            *(f"localhost/droptrain-layout:{kind}" for kind in ("gpu", "cpu")),
        )
