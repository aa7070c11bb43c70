"""A container as a process: who gets TERM, who gets KILL, and when."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from support.local_parts import alive
from support.waiting import wait_for

from droptrain_local.batch.process import ChildProcess

NEVER_ENDING = "while :; do sleep 0.02; done"
ENVIRONMENT = {"PATH": os.environ["PATH"]}


def shell(code: str, folder: Path) -> ChildProcess:
    """Start a shell and wait until it has made the file `ready`."""
    child = ChildProcess(["sh", "-c", code], ENVIRONMENT, folder)
    wait_for("file that the shell makes", (folder / "ready").exists)
    return child


def test_term_goes_to_the_first_process_alone(tmp_path):
    inner = f"trap 'touch told' TERM; touch ready; {NEVER_ENDING}"
    child = shell(f"trap 'sleep 0.2; exit 7' TERM; sh -c \"{inner}\" & {NEVER_ENDING}", tmp_path)
    child.stop(kill_after=10)
    assert child.wait() == 7
    assert not (tmp_path / "told").exists()


def test_kill_comes_after_the_time_given_and_a_second_stop_brings_it_forward_only(tmp_path):
    child = shell(f"trap 'echo x >> told' TERM; touch ready; {NEVER_ENDING}", tmp_path)
    began = time.monotonic()
    child.stop(kill_after=30)
    child.stop(kill_after=0.3)
    child.stop(kill_after=30)
    assert child.wait() == 137
    assert 0.3 <= time.monotonic() - began < 5
    assert (tmp_path / "told").read_text() == "x\n"


def test_the_rest_of_the_group_is_killed_with_a_child_that_passes_over_term(tmp_path):
    child = shell(f"trap '' TERM; sleep 60 & echo $! > rest; touch ready; {NEVER_ENDING}", tmp_path)
    rest = int((tmp_path / "rest").read_text())
    assert alive(rest)
    child.stop(kill_after=0.1)
    assert child.wait() == 137
    assert wait_for("change", lambda: not alive(rest))


def test_a_process_group_that_the_child_made_is_killed_with_it(tmp_path):
    start = "subprocess.Popen(['sleep', '60'], process_group=0)"
    code = f"import subprocess, time; print({start}.pid, flush=True); time.sleep(60)"
    child = ChildProcess([sys.executable, "-c", code], ENVIRONMENT, tmp_path)
    group = int(child.output.readline())
    assert alive(group)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == 137
    assert wait_for("change", lambda: not alive(group))


def test_stopping_an_ended_child_does_nothing(tmp_path):
    child = shell("touch ready; exit 5", tmp_path)
    assert child.wait() == 5
    child.stop(kill_after=0)


def test_output_and_errors_come_through_one_pipe_and_there_is_no_input(tmp_path):
    child = shell("echo out; echo err >&2; cat; touch ready", tmp_path)
    assert child.wait() == 0
    assert child.output.read() == b"out\nerr\n"


@pytest.mark.parametrize("command", [["no-such-program"], ["/"]])
def test_what_cannot_be_started_is_an_error(command, tmp_path):
    with pytest.raises(OSError, match=command[0]):
        ChildProcess(command, ENVIRONMENT, tmp_path)
