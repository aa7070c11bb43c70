"""A machine that runs training containers for real: the built image, started by podman as AWS Batch would."""

import os
import subprocess
import uuid
from dataclasses import dataclass, field

from support.template import properties
from support.training_machine import REPOSITORY, Machine

IMAGE = "localhost/droptrain-test"
# What a process on this machine needs, and a container brings itself.
_OF_THIS_MACHINE = {"PATH", "PYTHONPATH", "HOME"}
_JOB = properties("TrainingJobDefinition")["ContainerProperties"]
_AS_BATCH = [
    f"--init={str(_JOB['LinuxParameters']['InitProcessEnabled']).lower()}",
    f"--user={_JOB['User']}",
    f"--shm-size={_JOB['LinuxParameters']['SharedMemorySize']}m",
]


def podman(*arguments: str, stdin: str = "") -> str:
    """What podman answers to these arguments; CalledProcessError if it fails."""
    answer = subprocess.run(
        ["podman", *arguments], env=_environment(), check=True, capture_output=True, text=True, input=stdin
    )
    return answer.stdout


def in_image(script: str, *options: str) -> str:
    """What a shell script says that runs in the image in place of the entrypoint."""
    return podman("run", "--rm", *options, "--entrypoint=/bin/bash", IMAGE, "-c", script)


def _environment() -> dict[str, str]:
    return {**os.environ, "CONTAINERS_CONF": str(REPOSITORY / "tests" / "image_build" / "containers.conf")}


@dataclass
class ContainerMachine(Machine):
    """A machine of real containers; `options` are podman's, after those that Batch sets."""

    options: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)

    @property
    def container(self) -> str:
        """The name of the container that was started last."""
        return self.containers[-1]

    def environment(self, job_id: str, attempt: int) -> dict[str, str]:
        everything = super().environment(job_id, attempt)
        return {
            name: text
            for name, text in everything.items()
            if name in self.variables or name not in _OF_THIS_MACHINE
        }

    def start(self, job_id: str = "job-1", attempt: int = 1) -> subprocess.Popen[str]:
        """Start a container of the image."""
        self.containers.append(f"droptrain-test-{uuid.uuid4().hex[:12]}")
        variables = [
            f"--env={name}={text}" for name, text in self.environment(job_id, attempt).items() if text
        ]
        process = subprocess.Popen(
            ["podman", "run", "--name", self.container, *_AS_BATCH, *self.options, *variables, IMAGE],
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )
        self.running.append(process)
        return process

    def remove_all(self) -> None:
        """Kill and remove every container of this machine."""
        if self.containers:
            podman("rm", "--force", "--ignore", "--time=0", *self.containers)
        for process in self.running:
            process.communicate()
