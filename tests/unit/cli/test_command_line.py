"""The command line: helpful, quick, and clear about what it can't do."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner
from droptrain_core.domain.runs import run

from droptrain_cli.commands import runs
from droptrain_cli.main import main


def test_help_names_every_command_and_what_droptrain_is_for():
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    assert "get a trained model back" in shown.output
    commands = CliRunner().invoke(main, ["local", "--help"]).output
    assert "up " in commands
    assert "env " in commands
    assert "demo " in commands


def test_version_is_the_package_s_own():
    assert CliRunner().invoke(main, ["--version"], prog_name="droptrain").output == (
        f"droptrain {version('droptrain')}\n"
    )


def test_help_loads_neither_aws_clients_nor_the_laptop_cloud():
    code = (
        "import sys; from droptrain_cli.main import main\n"
        "for words in (['--help'], ['local', 'demo', '--help'], ['rerun', '-h'], ['console', '-h']):\n"
        "  try: main(words)\n"
        "  except SystemExit: pass\n"
        "slow = {'boto3', 'mlflow', 'moto', 'rich', 'tensorflow'}\n"
        "slow |= {'droptrain_local', 'droptrain_cli.console'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.endswith("[]\n")


def test_a_fault_of_ours_is_told_in_a_sentence_and_debug_names_the_option(
    monkeypatch: pytest.MonkeyPatch,
):
    def broken() -> None:
        raise KeyError("x")

    monkeypatch.setattr("droptrain_local.state.read_state", broken)
    shown = CliRunner().invoke(main, ["runs"])
    assert shown.exit_code == 1
    assert shown.output == "Error: KeyError: 'x'. That is a fault of droptrain: --debug shows where.\n"
    assert "Traceback" in CliRunner().invoke(main, ["runs", "--debug"]).output


def test_runs_may_be_asked_for_by_every_status_that_there_is():
    assert runs.STATUSES == run.STATUSES


def test_a_shell_completes_commands_and_options():
    def completed(words: str) -> str:
        asked = {
            "_DROPTRAIN_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        return CliRunner().invoke(main, env=asked, prog_name="droptrain").output

    assert completed("droptrain re") == "plain,rerun\n"
    assert "plain,--follow\n" in completed("droptrain logs --")


def test_a_port_that_cannot_be_is_refused():
    shown = CliRunner().invoke(main, ["local", "up", "--port", "70000"])
    assert shown.exit_code == 2
    assert "65535" in shown.output


def test_a_demo_does_not_delete_an_export_that_is_not_its_own(tmp_path: Path):
    mine = tmp_path / "export" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("years of work")
    shown = CliRunner().invoke(main, ["local", "demo", "--output", str(tmp_path)])
    assert shown.exit_code == 1
    assert "--output with another folder" in shown.output
    assert mine.read_text() == "years of work"


def test_env_without_a_laptop_cloud_says_how_to_start_one(tmp_path, monkeypatch):
    monkeypatch.setenv("DROPTRAIN_STATE_DIR", str(tmp_path))
    shown = CliRunner().invoke(main, ["local", "env"])
    assert shown.exit_code == 1
    assert shown.output == "Error: No laptop cloud runs. Start one in another terminal: make up\n"
