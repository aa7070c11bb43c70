"""Parts of the laptop cloud by themselves, and a whole one in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from droptrain_local.aws_server import AwsServer
from droptrain_local.clients import Clients
from droptrain_local.functions import Function

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsServer]:
    server = AwsServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def clients(aws: AwsServer) -> Iterator[Clients]:
    made = Clients(aws.url)
    yield made
    made.close()


@pytest.fixture
def write_function(tmp_path: Path) -> Callable[..., Function]:
    """Write a function's app.py; its handler is `handler`."""

    def write(code: str, *, name: str = "function", timeout: float = 5, **environment: str) -> Function:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "app.py").write_text(textwrap.dedent(code))
        lambda_own = {
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_GROUP_NAME": "group",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        }
        return Function(name, name, ARN + name, "app.handler", folder, timeout, {**lambda_own, **environment})

    return write


class Up:
    """`droptrain local up` in a process of its own."""

    def __init__(self, state_folder: Path, *arguments: str) -> None:
        self.state_folder = state_folder
        config = state_folder.with_name("aws-config")
        config.write_text("[profile own]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:9\n")
        environment = {
            **os.environ,
            "DROPTRAIN_STATE_DIR": str(state_folder),
            # A user's own settings, which must not get in.
            "AWS_PROFILE": "missing",
            "AWS_CONFIG_FILE": str(config),
            "HTTP_PROXY": "http://127.0.0.1:9",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from droptrain_cli.main import main; main()", "local", "up", *arguments],
            env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def ready(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        parsed: dict[str, Any] = json.loads(line)
        return parsed

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: str) -> Up:
        started.append(Up(tmp_path / "state", *arguments))
        return started[-1]

    yield start
    for up in started:
        up.end()
