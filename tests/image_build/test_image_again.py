"""The image built again: the same bytes, and nothing in it beside what it is for."""

import subprocess
from collections.abc import Iterator

import pytest
from support.container_machine import podman
from support.training_machine import REPOSITORY

pytestmark = pytest.mark.container

BASE = "localhost/droptrain-test-base"
TAGS = ("localhost/droptrain-test-once", "localhost/droptrain-test-again")
# What the Dockerfile adds; in /etc, an entry for user 1000 and the backups that useradd makes of such files.
ADDED = ("/opt/droptrain", "/opt/ml", "/home/droptrain", "/usr/local/bin/aws", "/usr/local/bin/python")
BACKUPS = {f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")}


@pytest.fixture(scope="module")
def built() -> Iterator[tuple[str, str]]:
    """Two builds, nothing of them from podman's cache."""
    for tag in TAGS:
        command = [REPOSITORY / "tests/image_build/build.sh", tag, "--no-cache", "--timestamp=1700000000"]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
    yield TAGS
    podman("image", "rm", "--force", *TAGS)


def files(image: str) -> set[str]:
    """Every path in an image; mounts of podman's own left out."""
    listed = podman(
        "run", "--rm", "--user=0", "--entrypoint=/bin/sh", image, "-c",
        "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run \\) -prune -o -print",
    )  # fmt: skip
    return set(listed.splitlines())


@pytest.mark.timeout(600)
def test_two_builds_at_the_same_time_stamp_are_one_image(built) -> None:
    once, again = (
        podman("image", "inspect", "--format={{.Digest}} {{.RootFS.Layers}}", tag) for tag in built
    )
    assert once == again


@pytest.mark.timeout(600)
def test_the_image_adds_only_what_it_is_for(built) -> None:
    added = files(built[0]) - files(BASE)
    elsewhere = {path for path in added if not path.startswith(ADDED)} - BACKUPS
    # A file of the machine that builds, mounted for pip; empty in the image.
    assert elsewhere <= {"/etc/pip.conf", "/usr/local/bin/pipenv"}
    assert any(path.startswith("/opt/droptrain/venv/lib") for path in added)


@pytest.mark.timeout(600)
def test_nothing_that_was_only_needed_to_build_is_left(built) -> None:
    said = podman(
        "run", "--rm", "--user=0", "--entrypoint=/bin/bash", built[0], "-c",
        "for tool in cc gcc g++ make ld pip pip3 uv; do command -v $tool; done\n"
        "find / -xdev -path /proc -prune -o -name '.*_history' -print\n"
        "find /opt/droptrain /usr/local /home -xdev -perm /6000",
    )  # fmt: skip
    assert said == ""
