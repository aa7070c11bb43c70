"""What is in the image: its labels, what the build leaves, and what its user may change."""

import json
import tomllib

import pytest
from support.container_machine import IMAGE, in_image, podman
from support.training_machine import REPOSITORY

pytestmark = pytest.mark.container


def test_the_labels_name_the_project_and_its_version() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    labels = json.loads(podman("image", "inspect", "--format={{json .Labels}}", IMAGE))
    label = {name: labels[f"org.opencontainers.image.{name}"] for name in ("title", "licenses", "version")}
    assert label == {
        "title": project["name"], "licenses": project["license"], "version": project["version"],
    }  # fmt: skip
    assert labels["org.opencontainers.image.source"] == "https://example.com/droptrain", "a build argument"


def test_the_build_leaves_neither_its_tools_nor_its_caches() -> None:
    """What pipenv brings of pip and virtualenv stays."""
    found = in_image(
        r"""
        find /opt/droptrain/venv/bin /opt/droptrain/venv/lib/python3*/site-packages -maxdepth 1 \
            -name pip -o -name 'pip-*' -o -name 'pip3*'
        find / -xdev -name .cache -o -path /usr -prune -o -path '*/virtualenv/*' -prune \
            -o -name '*.whl' -print
        find /tmp /opt/ml /home/droptrain -mindepth 1
        """,
        "--user=0",
    )
    assert found == ""


def test_everything_is_compiled_since_the_user_can_not_write_beside_it() -> None:
    missing = in_image(
        r"""
        cd /opt/droptrain
        find lib venv/lib -name '*.py' | while read -r file; do
            name=$(basename "$file" .py)
            compgen -G "${file%/*}/__pycache__/$name.*.pyc" >/dev/null || echo "$file"
        done
        """
    )
    assert missing == ""


def test_the_user_owns_the_training_folder_and_home_and_nothing_else() -> None:
    # Folders such as /tmp are everybody's, and sticky.
    own = in_image("id -u; id -g; find / -xdev -writable -not -perm -1000 -not -type l || true")
    assert own.split() == ["1000", "1000", "/home/droptrain", "/opt/ml"]


def test_the_training_code_sees_the_bases_python_and_not_the_entrypoints() -> None:
    said = in_image(
        "python -c 'import sys; print(sys.prefix)'; python -c 'import boto3' 2>&1 | tail -1; aws --version"
    )
    prefix, no_boto3, aws = said.splitlines()
    assert prefix == "/usr"
    assert no_boto3.startswith("ModuleNotFoundError")
    assert aws.startswith("aws-cli/")
