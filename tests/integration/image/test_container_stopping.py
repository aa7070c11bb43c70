"""TERM and Spot's reclaim: the script is told, its checkpoints are saved, and the next attempt goes on."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from support.slow_line import slow_line
from support.training_machine import CODE, Machine, wait_for_line
from support.waiting import wait_for

# AWS Batch kills the container 30 s after its TERM; what has nothing to stop ends much sooner.
ENDS_WITHIN_SECONDS = 10.0

TRAINING = """
trap 'echo told; echo 42 > "$CHECKPOINT_DIR/step"; exit 0' TERM
if [ -e "$CHECKPOINT_DIR/step" ]; then echo "resumed at $(cat "$CHECKPOINT_DIR/step")"; exit 0; fi
echo '{"step": 1, "loss": 0.5}' >> "$METRICS_FILE"
mkdir -p "$CHECKPOINT_DIR/deep"; echo 41 > "$CHECKPOINT_DIR/step"; echo x > "$CHECKPOINT_DIR/deep/x"
echo waiting; sleep 60 & wait
"""


def test_term_saves_what_the_script_leaves_and_the_next_attempt_goes_on(machine) -> None:
    machine.publish(TRAINING)
    process = machine.start()
    wait_for_line(process, "waiting")
    process.send_signal(signal.SIGTERM)
    assert machine.finish(process).code == 143
    outcome = machine.outcome()
    assert (outcome["cause"]["code"], outcome["script_exit_code"]) == ("terminated", 0)
    assert outcome["metrics"] == {"loss": 0.5}
    again = machine.run(attempt=2)
    assert again.code == 0
    assert "resumed at 42" in again.output
    log = machine.text("log.txt")
    assert log.index("told") < log.index("--- attempt 2 ---") < log.index("resumed at 42")
    assert machine.outcome()["metrics"] == {"loss": 0.5}, "the series goes on over attempts"
    assert machine.outcome()["left_checkpoint"] is True


def test_the_script_is_stopped_as_a_group_and_found_by_who_ends_the_session(machine) -> None:
    machine.publish('echo $$ > "$CHECKPOINT_DIR/pid"; echo waiting; sleep 60')
    process = machine.start()
    wait_for_line(process, "waiting")
    [pid_file] = machine.folder.glob("*/opt/ml/checkpoints/pid")
    script = int(pid_file.read_text())
    assert (os.getsid(script), os.getpgid(script)) == (process.pid, script)
    process.send_signal(signal.SIGTERM)
    assert machine.finish(process).code == 143


def test_python_behind_a_shell_may_finish_saving_after_term(machine) -> None:
    machine.publish("""
cat > train.py <<'PY'
import os, pathlib, signal, sys, time
def save(*_):
    time.sleep(1)
    pathlib.Path(os.environ["CHECKPOINT_DIR"], "weights").write_text("late")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("waiting")
time.sleep(60)
PY
python train.py
""")
    process = machine.start()
    wait_for_line(process, "waiting")
    process.send_signal(signal.SIGTERM)
    assert machine.finish(process).code == 143
    [generation] = machine.names("checkpoints/generations/")
    assert [item["path"] for item in json.loads(machine.text(generation))["files"]] == ["weights"]


def test_checkpoints_are_saved_while_the_script_runs_and_pruned(machine) -> None:
    machine.publish(
        """
echo 1 > "$CHECKPOINT_DIR/step"
until [ -e "$GO" ]; do sleep 0.05; done
echo 2 > "$CHECKPOINT_DIR/step"
""",
        checkpoints={"interval_seconds": 1, "keep": 1},
        environment={"GO": str(machine.folder / "go")},
    )
    process = machine.start()
    machine.wait_for_key("checkpoints/generations/00000001.json")
    (machine.folder / "go").touch()
    assert machine.finish(process).code == 0
    assert machine.names("checkpoints/generations/") == ["checkpoints/generations/00000002.json"]
    assert len(machine.names("checkpoints/objects/")) == 1


def test_a_container_that_is_killed_leaves_a_generation_to_go_on_from(machine) -> None:
    machine.publish(TRAINING, checkpoints={"interval_seconds": 1, "keep": 3})
    process = machine.start()
    machine.wait_for_key("checkpoints/generations/")
    process.kill()
    process.wait()
    assert "resumed at 41" in machine.run(attempt=2).output


def test_a_damaged_generation_gives_way_to_the_one_before(machine) -> None:
    machine.publish(
        'cat "$CHECKPOINT_DIR/step" || true; echo $AWS_BATCH_JOB_ATTEMPT > "$CHECKPOINT_DIR/step"\n'
    )
    machine.run(attempt=1)
    machine.run(attempt=2)
    newest = json.loads(machine.text(machine.names("checkpoints/generations/")[-1]))
    machine.put(f"{machine.prefix}checkpoints/objects/{newest['files'][0]['sha256']}", "damaged")
    ended = machine.run(attempt=3)
    assert "Checkpoint generation 2 isn't whole" in ended.output
    assert "Restored checkpoint generation 1." in ended.output
    assert "Saved checkpoint generation 3:" in ended.output


def test_term_while_fetching_ends_at_once(machine) -> None:
    machine.publish("exit 0\n")
    with _Silent() as url:
        machine.variables |= {"AWS_ENDPOINT_URL_S3": url, "AWS_MAX_ATTEMPTS": "1"}
        process = machine.start()
        wait_for_line(process, "Attempt 1")
        process.send_signal(signal.SIGTERM)
        # S3 says nothing, so that the outcome can't be left either; a second signal doesn't hurt.
        process.send_signal(signal.SIGTERM)
        wait_for_line(process, "container was stopped")
    assert machine.finish(process).code == 143


def test_a_reclaimed_spot_instance_ends_with_75_and_is_named(machine, metadata) -> None:
    machine.publish(TRAINING)
    machine.variables["AWS_EC2_METADATA_DISABLED"] = ""
    machine.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
    process = machine.start()
    wait_for_line(process, "waiting")
    metadata.reclaims = True
    assert machine.finish(process).code == 75
    outcome = machine.outcome()
    assert outcome["cause"]["code"] == "reclaimed"
    assert outcome["instance"] == {
        "id": "i-0abc", "type": "g4dn.xlarge", "zone": "eu-west-1a", "lifecycle": "spot",
        "launched_at": "2026-11-23T02:07:00Z",
    }  # fmt: skip
    assert len(machine.names("checkpoints/generations/")) == 1


def test_every_attempt_s_account_stays_also_that_of_one_that_was_killed(machine, metadata) -> None:
    machine.publish(TRAINING)
    machine.variables["AWS_EC2_METADATA_DISABLED"] = ""
    machine.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
    process = machine.start()
    wait_for_line(process, "waiting")
    begun = machine.outcome()
    process.kill()
    process.wait()
    where = {
        "id": "i-0abc", "type": "g4dn.xlarge", "zone": "eu-west-1a", "lifecycle": "spot",
        "launched_at": "2026-11-23T02:07:00Z",
    }  # fmt: skip
    assert (begun["status"], begun["attempt"], begun["attempts"]) == ("running", 1, [])
    assert begun["instance"] == where

    process = machine.start(attempt=2)
    wait_for_line(process, "waiting")
    metadata.reclaims = True
    assert machine.finish(process).code == 75
    metadata.reclaims = False
    assert "Attempt 3" in machine.run(attempt=3).output
    outcome = machine.outcome()
    killed, reclaimed = outcome["attempts"]
    assert (outcome["status"], outcome["attempt"]) == ("ended", 3)
    assert killed == {
        "batch_job_id": begun["batch_job_id"], "attempt": 1, "started_at": begun["started_at"],
        "ended_at": None, "instance": where, "image": None,
    }  # fmt: skip
    assert (reclaimed["attempt"], reclaimed["instance"]) == (2, where)
    assert reclaimed["ended_at"] >= reclaimed["started_at"]


def test_the_script_can_see_that_its_term_is_a_reclaim(machine, metadata) -> None:
    machine.publish(
        """
trap 'test -e "$DROPTRAIN_RECLAIM" && echo reclaimed > "$CHECKPOINT_DIR/why"; exit 0' TERM
test ! -e "$DROPTRAIN_RECLAIM" && echo waiting
while true; do sleep 0.1; done
"""
    )
    machine.variables["AWS_EC2_METADATA_DISABLED"] = ""
    machine.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
    process = machine.start()
    wait_for_line(process, "waiting")
    metadata.reclaims = True
    ended = machine.finish(process)
    assert ended.code == 75
    assert re.search(
        r"Saved checkpoint generation 1: \d+ bytes new, \d s after the last change", ended.output
    )
    (generation,) = machine.names("checkpoints/generations/")
    assert [item["path"] for item in json.loads(machine.text(generation))["files"]] == ["why"]


def test_a_term_that_comes_before_the_notice_was_seen_is_spots(machine, metadata) -> None:
    machine.publish(TRAINING)
    machine.variables["AWS_EC2_METADATA_DISABLED"] = ""
    machine.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
    process = machine.start()
    wait_for_line(process, "waiting")
    metadata.reclaims = True
    process.send_signal(signal.SIGTERM)
    assert machine.finish(process).code == 75
    assert machine.outcome()["cause"]["code"] == "reclaimed"
    assert machine.names("checkpoints/generations/")


def test_an_attempt_on_an_instance_that_goes_away_trains_nothing_and_leaves_it_to_no_other(
    machine, metadata
) -> None:
    machine.publish(TRAINING)
    metadata.reclaims = True
    machine.variables["AWS_EC2_METADATA_DISABLED"] = ""
    machine.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
    process = machine.start()
    wait_for_line(process, "Waiting for the instance to go")
    assert machine.outcome()["cause"]["code"] == "reclaimed"
    assert machine.names("checkpoints/") == []
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert machine.finish(process).code == 75


def terminated(machine: Machine, process: subprocess.Popen[str]) -> str:
    """Send TERM, and see outcome and log saved at once; the exit code and the cause."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = machine.finish(process).code
    assert time.monotonic() - began < ENDS_WITHIN_SECONDS
    outcome = machine.outcome()
    assert outcome["exit_code"] == code
    assert "Attempt 1 of" in machine.text("log.txt")
    return f"{code} {outcome['cause'] and outcome['cause']['code']}"


def test_term_while_packages_are_installed_ends_at_once(machine) -> None:
    code = [machine.put(CODE + "train.py", ""), machine.put(CODE + "requirements.txt", "no-such-package\n")]
    with _Silent() as url:
        machine.publish("", code=code, entrypoint="train.py", environment={"PIP_INDEX_URL": url})
        process = machine.start()
        wait_for_line(process, "Installing requirements.txt")
        time.sleep(1)
        assert terminated(machine, process) == "143 terminated"


def test_term_while_the_gpu_is_looked_for_ends_at_once(machine) -> None:
    tools = machine.folder / "tools"
    tools.mkdir()
    (tools / "nvidia-smi").write_text(f"#!/bin/sh\ntouch {tools}/asked\nexec sleep 60\n")
    (tools / "nvidia-smi").chmod(0o755)
    machine.variables |= {"DROPTRAIN_GPU_CHECK": "", "PATH": f"{tools}:{machine.environment('', 1)['PATH']}"}
    machine.publish("exit 0\n", resources={"gpus": 1})
    process = machine.start()
    wait_for("question to nvidia-smi", (tools / "asked").exists)
    assert terminated(machine, process) == "143 terminated"


@pytest.mark.parametrize(("folder", "code", "ends"), [
    ("$SM_MODEL_DIR", 0, "143 terminated"),
    ("$SM_OUTPUT_DATA_DIR", 3, "3 script_failed"),
])  # fmt: skip
def test_term_while_files_are_uploaded_ends_at_once(machine, folder: str, code: int, ends: str) -> None:
    machine.publish(f'echo 7 > "$CHECKPOINT_DIR/step"; truncate -s 400M "{folder}/large"\nexit {code}\n')
    with slow_line(machine.endpoint) as url:
        machine.variables["AWS_ENDPOINT_URL"] = url
        process = machine.start()
        wait_for_line(process, "Uploading 1 file")
        time.sleep(1)
        assert terminated(machine, process) == ends
    assert machine.outcome()["script_exit_code"] == code
    assert machine.names("checkpoints/generations/")


def test_term_while_the_last_checkpoint_is_saved_leaves_a_success(machine) -> None:
    machine.publish('echo m > "$SM_MODEL_DIR/m"; truncate -s 400M "$CHECKPOINT_DIR/large"\n')
    with slow_line(machine.endpoint) as url:
        machine.variables["AWS_ENDPOINT_URL"] = url
        process = machine.start()
        wait_for(
            "outcome", lambda: "outcome.json" in machine.names() and machine.outcome()["status"] == "ended"
        )
        time.sleep(1)
        assert terminated(machine, process) == "0 None"
    assert machine.names("export/") == ["export/m"]


class _Silent:
    """A server that takes connections and says nothing."""

    def __enter__(self) -> str:
        self._server = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.close()
