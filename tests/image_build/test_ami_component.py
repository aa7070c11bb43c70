"""The shell that builds a machine image, run in a container of Debian.

Docker, systemd, dnf, the driver and the registry are stand-ins that write down how they were called; files,
folders and the flow of the shell are real. What only an ECS GPU AMI can show is listed in docs/ami.md.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.ami_component import script
from support.container_machine import podman

pytestmark = pytest.mark.container

BASE = "localhost/droptrain-test-base"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/droptrain:latest"
COMMANDS = ("aws", "cloud-init", "dnf", "docker", "kmod-util", "systemctl")
# What an instance has that was started from the ECS GPU AMI and has run some containers.
LIVED_IN = """
mkdir -p /var/lib/ecs/data /var/lib/ecs/gpu /var/log/ecs /var/cache/dnf/repo ~root/.docker /home/ec2-user
echo '{"ClusterName": "default"}' > /var/lib/ecs/data/agent.db
echo '{"GPUs": ["GPU-1"]}' > /var/lib/ecs/gpu/nvidia-gpu-info.json
echo ECS_ENABLE_GPU_SUPPORT=true > /var/lib/ecs/ecs.config
touch /var/log/ecs/ecs-agent.log /var/cache/dnf/repo/list ~root/.bash_history /home/ec2-user/.bash_history
echo '{"auths": {}}' > ~root/.docker/config.json
"""


@dataclass
class Ended:
    code: int
    output: str
    calls: list[str]


@dataclass
class Instance:
    """A container in which `answers` stand in for the commands of an ECS GPU AMI."""

    folder: Path

    def run(self, shell: str, *, before: str = "", after: str = "", **answers: str) -> Ended:
        """Run some shell as root; `answers` are what commands do (by name, - as _) once they are recorded."""
        stand_ins = self.folder / "stand-ins"
        stand_ins.mkdir()
        (self.folder / "calls").touch()
        for name in COMMANDS:
            answer = answers.get(name.replace("-", "_"), "cat > /dev/null" if name == "docker" else "")
            body = f'#!/bin/bash\necho "{name} $*" >> /record/calls\n{answer}\n'
            (stand_ins / name).write_text(body)
            (stand_ins / name).chmod(0o755)
        (self.folder / "step.sh").write_text(shell)
        step = "code=0; bash /record/step.sh < /dev/null 2>&1 || code=$?"
        run = f"set -e\n{before}\n{step}\n{after}\necho code $code"
        output = podman(
            "run", "--rm", f"--volume={self.folder}:/record", "--network=none",
            "--env=PATH=/record/stand-ins:/usr/sbin:/usr/bin:/sbin:/bin", BASE, "bash", "-c", run,
        )  # fmt: skip
        said, _, code = output.rpartition("code ")
        calls = (self.folder / "calls").read_text().splitlines()
        return Ended(int(code), said, calls)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


def test_the_clean_up_leaves_what_an_instance_needs_to_join_and_nothing_of_the_build(instance) -> None:
    ended = instance.run(
        script("CleanUp"),
        before=LIVED_IN,
        after="find /var/lib/ecs /var/log/ecs /var/cache/dnf /root /home -type f -not -name '.bashrc' "
        "-not -name '.profile' -not -name '.bash_logout' 2> /dev/null || true",
        docker='[ "$1" != ps ] || printf "%s\\n" one two',
    )
    assert (ended.code, ended.output.split()) == (0, ["/var/lib/ecs/ecs.config"])
    assert ended.calls == [
        "systemctl stop ecs",
        "docker ps --all --quiet",
        "docker rm --force one two",
        "docker volume prune --force",
        # Without --all: images with a name stay, and so does the pulled one.
        "docker image prune --force",
        "dnf clean all",
        "cloud-init clean --logs",
    ]


def test_the_clean_up_of_an_instance_without_containers_removes_none(instance) -> None:
    ended = instance.run(script("CleanUp"), before=LIVED_IN)
    assert ended.code == 0
    assert not [call for call in ended.calls if call.startswith("docker rm")]


def test_an_agent_that_does_not_stop_fails_the_build(instance) -> None:
    ended = instance.run(script("CleanUp"), before=LIVED_IN, systemctl="exit 5")
    assert ended.code == 5
    assert ended.calls == ["systemctl stop ecs"]


def test_an_image_is_pulled_with_a_login_that_is_gone_afterwards(instance) -> None:
    login = '[ "$1" != login ] || { cat > "$DOCKER_CONFIG/config.json"; echo "$DOCKER_CONFIG" > /record/at; }'
    ended = instance.run(
        script("PullTheImage", Image=IMAGE),
        after='test ! -e "$(cat /record/at)" && echo gone; ls -A /root',
        docker=login,
        aws="echo secret",
    )
    registry = IMAGE.partition("/")[0]
    assert ended.code == 0
    assert "gone" in ended.output
    assert ".docker" not in ended.output
    # The two ends of a pipe start in any order.
    assert sorted(ended.calls[:2]) == [
        "aws ecr get-login-password --region eu-west-1",
        f"docker login --username AWS --password-stdin {registry}",
    ]
    assert ended.calls[2:] == [f"docker pull {IMAGE}"]


def test_a_public_image_is_pulled_without_a_login(instance) -> None:
    ended = instance.run(script("PullTheImage", Image="tensorflow/tensorflow:2.21.0-gpu"))
    assert (ended.code, ended.calls) == (0, ["docker pull tensorflow/tensorflow:2.21.0-gpu"])


def test_a_pull_that_fails_fails_the_build(instance) -> None:
    ended = instance.run(script("PullTheImage", Image="some/image:1"), docker="exit 1")
    assert ended.code == 1


@pytest.mark.parametrize("step", ["InstallTheDriver", "PullTheImage", "TheImageIsThere"])
def test_with_the_defaults_the_ecs_gpu_ami_stays_as_it_is(instance, step) -> None:
    ended = instance.run(script(step))
    assert (ended.code, ended.calls) == (0, [])


def test_a_driver_takes_the_place_of_the_compiled_one_that_each_start_loads(instance) -> None:
    ended = instance.run(
        script("InstallTheDriver", DriverVersion="570.172.08"),
        before="mkdir -p /var/lib/dkms-archive/nvidia; touch /var/lib/dkms-archive/nvidia/old.tar.gz",
        after="find /var/lib/dkms-archive -type f; uname -r > /record/kernel",
        kmod_util='[ "$1" != archive ] || touch "/var/lib/dkms-archive/$2.tar.gz"',
        dnf='[ "$2" != delete ] || exit 1',
    )
    kernel = (instance.folder / "kernel").read_text().strip()
    assert ended.code == 0
    assert ended.output.splitlines() == ["No version is held.", "/var/lib/dkms-archive/nvidia.tar.gz"]
    install = next(call for call in ended.calls if "nvidia-open" in call)
    assert install == (
        f"dnf install -y --allowerasing kernel-devel-{kernel} kernel-headers-{kernel} dkms "
        "nvidia-open-570.172.08 nvidia-fabric-manager-570.172.08 nvidia-persistenced-570.172.08"
    )
    assert ended.calls[-2:] == ["kmod-util archive nvidia", "kmod-util remove nvidia"]


def test_a_driver_that_the_repository_lacks_fails_the_build(instance) -> None:
    shell = script("InstallTheDriver", DriverVersion="999.10.01")
    ended = instance.run(shell, dnf='case "$*" in *nvidia-open*) exit 1;; esac')
    assert ended.code == 1
    assert not [call for call in ended.calls if call.startswith("kmod-util")]


def answering(line: str) -> str:
    return f'[ "$1" != run ] || echo "{line}"'


def test_the_test_asks_nvidia_smi_in_a_container_as_the_agent_starts_one(instance) -> None:
    shell = script("TheDriverAnswersInAContainer", Image=IMAGE, DriverVersion="570.172.08")
    ended = instance.run(shell, docker=answering("Tesla T4, 570.172.08"))
    assert (ended.code, ended.output) == (0, "Tesla T4, 570.172.08\n")
    (run,) = [call for call in ended.calls if call.startswith("docker run")]
    assert run.startswith("docker run --rm --runtime nvidia --env NVIDIA_VISIBLE_DEVICES=all ")
    assert f"--entrypoint nvidia-smi {IMAGE} " in run


def test_the_test_takes_a_small_image_if_none_was_pulled(instance) -> None:
    shell = script("TheDriverAnswersInAContainer", TestImage="example.com/debian")
    ended = instance.run(shell, docker=answering("Tesla T4, 535.1.2"))
    assert ended.code == 0
    assert "--entrypoint nvidia-smi example.com/debian " in ended.calls[-1]


@pytest.mark.parametrize(("docker", "said"), [
    ("exit 125", ""),
    ("true", "shows no GPU in a container"),
    (answering("Tesla T4, 535.1.2"), "The driver is not 570.172.08"),
])  # fmt: skip
def test_a_driver_that_does_not_answer_or_is_another_one_fails_the_test(instance, docker, said) -> None:
    shell = script("TheDriverAnswersInAContainer", Image=IMAGE, DriverVersion="570.172.08")
    ended = instance.run(shell, docker=docker)
    assert ended.code != 0
    assert said in ended.output


def test_an_image_that_is_not_in_the_ami_fails_the_test(instance) -> None:
    ended = instance.run(script("TheImageIsThere", Image=IMAGE), docker="exit 1")
    assert ended.code == 1
    assert ended.calls[-1] == f"docker image inspect {IMAGE}"


def test_the_agent_is_stopped_before_anything_else(instance) -> None:
    ended = instance.run(script("StopTheAgent"))
    assert (ended.code, ended.calls) == (0, ["systemctl stop ecs", "systemctl start docker"])
