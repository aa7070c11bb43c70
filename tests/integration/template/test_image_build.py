"""The image build that the template describes: what its commands ask Docker for, and in which order."""

from pathlib import Path
from typing import Any

import pytest
from support.build_commands import REPOSITORY, build_spec, commands, run_build
from support.template import ROOT, template

# AWS CodeBuild user guide, "Build specification reference for CodeBuild", version 0.2.
KEYS = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"}
PHASE_KEYS = {"run-as", "on-failure", "on-success", "commands", "finally"}
PHASE_NAMES = {"install", "pre_build", "build", "post_build"}
CPU_BASE = "tensorflow/tensorflow:2.21.0"
PUSHES = [f"docker push {REPOSITORY}:latest", f"docker push {REPOSITORY}:cpu"]
# Notes what it is asked for; `docker build` fails where FAIL says so.
DOCKER = """#!/bin/bash
echo "docker $*" >> "$NOTES"
if [ "$1" = login ]; then cat >> "$NOTES"; fi
if [ "$1" = "${FAIL:-}" ]; then exit 1; fi
"""
AWS = """#!/bin/bash
echo "aws $*" >> "$NOTES"
echo password
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    for name, text in (("docker", DOCKER), ("aws", AWS)):
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def asked(tmp_path: Path, tools: Path) -> Any:
    """Run the build; what was asked of docker and aws, and whether it went well."""

    def ask(own_image: Path | None = None, **environment: str) -> tuple[list[str], int]:
        notes = tmp_path / "notes"
        done = run_build(tmp_path / "source", tools, own_image, NOTES=str(notes), **environment)
        return notes.read_text("utf-8").splitlines(), done.returncode

    return ask


def test_the_build_specification_has_documented_fields_alone() -> None:
    spec = build_spec()
    assert set(spec) <= KEYS
    assert (spec["version"], spec["env"]) == (0.2, {"shell": "bash"})
    assert set(spec["phases"]) <= PHASE_NAMES
    for phase in spec["phases"].values():
        assert set(phase) <= PHASE_KEYS
        assert phase["on-failure"] == "ABORT", "nothing is pushed after a failure"
    assert all(isinstance(command, str) for command in commands())


def test_droptrain_s_images_are_built_and_then_pushed_as_latest_and_cpu(asked: Any) -> None:
    notes, code = asked()
    registry = REPOSITORY.partition("/")[0]
    assert code == 0
    assert set(notes[:3]) == {
        "aws ecr get-login-password",
        f"docker login --username AWS --password-stdin {registry}",
        "password",
    }
    assert notes[3:] == [
        "docker build --tag droptrain droptrain",
        f"docker tag droptrain {REPOSITORY}:latest",
        f"docker build --build-arg BASE_IMAGE={CPU_BASE} --build-arg ADD_CUDA=no --tag droptrain droptrain",
        f"docker tag droptrain {REPOSITORY}:cpu",
        *PUSHES,
    ]


def test_both_images_have_the_same_tensorflow() -> None:
    dockerfile = (ROOT / "image/Dockerfile").read_text("utf-8")
    assert f"ARG BASE_IMAGE={CPU_BASE}-gpu\n" in dockerfile
    by_docker = template()["Outputs"]["ImagePushCommands"]["Value"]["Fn::Sub"]
    assert f"--build-arg BASE_IMAGE={CPU_BASE} --build-arg ADD_CUDA=no" in by_docker


def test_an_image_of_the_user_s_own_is_built_on_droptrain_s(asked: Any, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "Dockerfile").write_text("FROM droptrain\n", "utf-8")
    notes, code = asked(own)
    assert code == 0
    assert notes[3:] == [
        "docker build --tag droptrain droptrain",
        f"docker build --tag {REPOSITORY}:latest yours",
        f"docker build --build-arg BASE_IMAGE={CPU_BASE} --build-arg ADD_CUDA=no --tag droptrain droptrain",
        f"docker build --tag {REPOSITORY}:cpu yours",
        *PUSHES,
    ]


def test_another_base_is_one_argument_whatever_is_in_it(asked: Any) -> None:
    notes, _ = asked(BASE_IMAGE="a b; touch x")
    base = "--build-arg BASE_IMAGE=a b; touch x"
    assert notes[3] == f"docker build {base} --tag droptrain droptrain"
    assert notes[5] == f"docker build {base} --build-arg ADD_CUDA=no --tag droptrain droptrain"


@pytest.mark.parametrize("step", ["login", "build"])
def test_nothing_is_pushed_after_a_step_that_failed(asked: Any, step: str) -> None:
    notes, code = asked(FAIL=step)
    assert code != 0
    assert not [line for line in notes if line.startswith("docker push")]
