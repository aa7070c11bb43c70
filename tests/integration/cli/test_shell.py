"""`droptrain shell` on AWS, where servers of the test's own take the places of Batch and ECS."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.scripted_server import Asked, Reply, ScriptedServer

from droptrain.stack import Stack
from droptrain_cli.main import main

TASK = "arn:aws:ecs:eu-west-1:1:task/AWSBatch-gpus/0123abcd"
SESSION = {"sessionId": "s", "streamUrl": "wss://s", "tokenValue": "secret"}
PLUGIN = '#!/bin/sh\nprintf "%s\\n" "$@" > told\nexit 7\n'


class Aws:
    """The stack's API, AWS Batch and ECS."""

    def __init__(self) -> None:
        self.run = {"run_id": "trees-d-0123456789ab", "status": "RUNNING", "batch_job_id": "job-1"}
        self.container: dict[str, Any] = {"enableExecuteCommand": True, "taskArn": TASK}
        self.refusal: str | None = None
        self.commands: list[Any] = []

    def __call__(self, asked: Asked) -> Reply:
        action = asked.headers.get("x-amz-target", asked.target).rpartition(".")[2]
        if asked.target == "/v1/describejobs":
            assert asked.document == {"jobs": ["job-1"]}
            return Reply(200, {"jobs": [{"container": self.container}]})
        if action == "DescribeTasks":
            assert asked.document == {"cluster": "AWSBatch-gpus", "tasks": [TASK]}
            return Reply(200, {"tasks": [{"containers": [{"name": "default", "runtimeId": "r-1"}]}]})
        if action == "ExecuteCommand":
            self.commands.append(asked.document)
            refused = Reply(400, {"__type": self.refusal, "message": "no"})
            return refused if self.refusal else Reply(200, {"session": SESSION})
        return Reply(200, self.run)


@pytest.fixture
def aws(server: ScriptedServer) -> Aws:
    server.answer = Aws()
    return server.answer


@pytest.fixture
def programs(
    aws: Aws, stack: Stack, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder that has the programs of this machine."""
    for service in ("batch", "ecs"):
        stack._made[service] = stack.session.client(service, endpoint_url=server.url)
    monkeypatch.setattr("droptrain.stack.find_stack", lambda *_, **__: stack)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "session-manager-plugin"
    program.write_text(PLUGIN)
    program.chmod(0o755)
    return tmp_path


def shell() -> Result:
    return CliRunner().invoke(main, ["shell", "trees-d-0123456789ab"])


def test_the_plugin_gets_the_session_and_its_code_is_the_command_s(
    aws: Aws, programs: Path, server: ScriptedServer
) -> None:
    assert shell().exit_code == 7
    session, region, action, profile, target, url = (programs / "told").read_text().splitlines()
    assert json.loads(session) == SESSION
    assert (region, action, profile, url) == ("eu-west-1", "StartSession", "default", server.url)
    assert json.loads(target) == {"Target": "ecs:AWSBatch-gpus_0123abcd_r-1"}
    assert aws.commands == [{
        "cluster": "AWSBatch-gpus", "task": TASK, "interactive": True,
        "command": "/opt/droptrain/venv/bin/python3 -I -m droptrain_container.shell",
    }]  # fmt: skip


def test_who_can_not_enter_is_told_what_to_do(aws: Aws, programs: Path) -> None:
    aws.refusal = "TargetNotConnectedException"
    assert "agent isn't connected. Try again in half a minute" in shell().output
    aws.container = {"taskArn": TASK}
    assert "Deploy the stack with AllowShell=yes" in shell().output
    aws.run["status"] = "SUCCEEDED"
    assert "trees-d-0123456789ab is SUCCEEDED: only a run that is RUNNING has a shell." in shell().output
    aws.run["status"] = "RUNNING"
    (programs / "session-manager-plugin").unlink()
    refused = shell()
    assert (refused.exit_code, len(aws.commands)) == (1, 1)
    assert "session-manager-plugin isn't installed here. Install it: https://docs.aws" in refused.output
