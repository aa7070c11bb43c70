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
BUILD = "docker buildx build --builder b1 --platform linux/amd64 --provenance=false"
ZSTD = "push=true,compression=zstd,force-compression=true,oci-mediatypes=true"
LATEST, CPU = (f"--output type=image,name={REPOSITORY}:{tag},{ZSTD}" for tag in ("latest", "cpu"))
# Notes what it is asked for, with LAYOUTS for the script's folder; fails where FAIL says so.
DOCKER = """#!/bin/bash
words="docker $*"
if [[ $words =~ (dest=|oci-layout://)(/[^ ]*)/(gpu|cpu) ]]; then
  mkdir -p "${BASH_REMATCH[2]}/${BASH_REMATCH[3]}"
  words=${words//"${BASH_REMATCH[2]}"/LAYOUTS}
fi
echo "$words" >> "$NOTES"
case "$1 $2" in
  login*) cat >> "$NOTES" ;;
  "buildx create") echo b1 ;;
esac
if [[ -n ${FAIL:-} && "$*" = *"$FAIL"* ]]; then exit 1; fi
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


def test_droptrain_s_images_are_pushed_as_latest_and_cpu_with_zstd_once_both_are_built(asked: Any) -> None:
    notes, code = asked()
    registry = REPOSITORY.partition("/")[0]
    assert code == 0
    assert set(notes[:3]) == {
        "aws ecr get-login-password",
        f"docker login --username AWS --password-stdin {registry}",
        "password",
    }
    assert notes[3:] == [
        "docker buildx create --driver docker-container",
        f"{BUILD} --build-arg TENSORFLOW=gpu --output type=cacheonly droptrain",
        f"{BUILD} --build-arg TENSORFLOW=cpu --output type=cacheonly droptrain",
        f"{BUILD} --build-arg TENSORFLOW=gpu {LATEST} droptrain",
        f"{BUILD} --build-arg TENSORFLOW=cpu {CPU} droptrain",
        "docker buildx rm b1",
    ]


def test_the_stack_s_output_publishes_with_the_same_script() -> None:
    by_docker = template()["Outputs"]["ImagePushCommands"]["Value"]["Fn::Sub"]
    assert by_docker.endswith("image/publish.sh ${ImageRepository.RepositoryUri}")


def test_both_images_have_the_same_tensorflow() -> None:
    pinned = {
        line.partition("==")[2].split()[0]
        for kind in ("gpu", "cpu")
        for line in (ROOT / f"image/requirements-{kind}.txt").read_text("utf-8").splitlines()
        if line.startswith(("tensorflow==", "tensorflow-cpu=="))
    }
    assert len(pinned) == 1


def test_an_image_of_the_user_s_own_is_built_on_droptrain_s(asked: Any, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "Dockerfile").write_text("FROM droptrain\n", "utf-8")
    notes, code = asked(own)
    assert code == 0
    layout = "--output type=oci,name=droptrain,tar=false,compression=uncompressed,dest=LAYOUTS"
    on = "--build-context droptrain=oci-layout://LAYOUTS"
    assert notes[4:-1] == [
        f"{BUILD} --build-arg TENSORFLOW=gpu {layout}/gpu droptrain",
        f"{BUILD} {on}/gpu --output type=cacheonly yours",
        f"{BUILD} --build-arg TENSORFLOW=cpu {layout}/cpu droptrain",
        f"{BUILD} {on}/cpu --output type=cacheonly yours",
        f"{BUILD} {on}/gpu {LATEST} yours",
        f"{BUILD} {on}/cpu {CPU} yours",
    ]


def test_another_base_is_one_argument_whatever_is_in_it(asked: Any) -> None:
    notes, _ = asked(BASE_IMAGE="a b; touch x", TENSORFLOW="no")
    base = "--build-arg TENSORFLOW=no --build-arg BASE_IMAGE=a b; touch x"
    assert notes[4] == notes[5] == f"{BUILD} {base} --output type=cacheonly droptrain"


@pytest.mark.parametrize("step", ["login", "buildx create", "TENSORFLOW=cpu --output type=cacheonly"])
def test_nothing_is_pushed_after_a_step_that_failed(asked: Any, step: str) -> None:
    notes, code = asked(FAIL=step)
    assert code != 0
    assert not [line for line in notes if "push=true" in line]
