"""`droptrain tensorboard` where TensorBoard isn't there, or doesn't start."""

import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.scripted_server import Reply, ScriptedServer

from droptrain.stack import Stack
from droptrain_cli.main import main

RUN: dict[str, Any] = {"run_id": "trees-d-0123456789ab", "status": "CLAIMED", "started_at": None}


@pytest.fixture
def programs(stack: Stack, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that alone has programs: a stand-in for TensorBoard is a real child process all the same."""
    server.answer = lambda asked: Reply(200, RUN if "metrics" not in asked.target else {"series": []})
    monkeypatch.setattr("droptrain.stack.find_stack", lambda *_, **__: stack)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_tensorboard_its_installation_is_named(programs: Path) -> None:
    said = CliRunner().invoke(main, ["tensorboard", RUN["run_id"]])
    assert said.exit_code == 1
    assert f"TensorBoard isn't installed here. Install it: {programs}/python -m pip install" in said.output


def test_a_tensorboard_that_does_not_start_is_quoted(programs: Path) -> None:
    program = programs / "tensorboard"
    program.write_text("#!/bin/sh\necho 'ModuleNotFoundError: No module named pkg_resources' >&2\nexit 1\n")
    program.chmod(0o755)
    said = CliRunner().invoke(main, ["tensorboard", RUN["run_id"]])
    assert said.exit_code == 1
    assert said.output == (
        "Error: TensorBoard ended with 1: ModuleNotFoundError: No module named pkg_resources\n"
    )
