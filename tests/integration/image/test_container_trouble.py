"""What goes wrong around a training and must not harm it: S3 that refuses, a log that floods."""

import json
import threading

import pytest
from support.gate import gate
from support.training_machine import CODE, REPOSITORY, wait_for_line

REFUSES_SECONDS = 8.0


def test_s3_may_refuse_for_a_while_at_the_beginning(machine) -> None:
    machine.publish('echo trained; echo model > "$SM_MODEL_DIR/model.txt"\n')
    with gate(machine.endpoint) as s3:
        machine.variables["AWS_ENDPOINT_URL"] = s3.url
        s3.is_open = False
        threading.Timer(REFUSES_SECONDS, setattr, (s3, "is_open", True)).start()
        ended = machine.run()
    assert ended.code == 0, ended.output
    assert s3.turned_away > 1
    assert machine.text("export/model.txt") == "model\n"


def test_s3_may_refuse_for_a_while_when_the_model_is_uploaded(machine) -> None:
    machine.publish(
        'echo model > "$SM_MODEL_DIR/model.txt"; echo 7 > "$CHECKPOINT_DIR/step"; echo training; sleep 1\n'
    )
    with gate(machine.endpoint) as s3:
        machine.variables["AWS_ENDPOINT_URL"] = s3.url
        process = machine.start()
        wait_for_line(process, "training")
        s3.is_open = False
        threading.Timer(REFUSES_SECONDS, setattr, (s3, "is_open", True)).start()
        ended = machine.finish(process)
    assert ended.code == 0, ended.output
    assert s3.turned_away > 1
    assert machine.text("export/model.txt") == "model\n"
    assert machine.outcome()["cause"] is None
    assert machine.names("checkpoints/generations/") == ["checkpoints/generations/00000001.json"]


def test_a_model_that_can_not_be_uploaded_is_no_success(machine) -> None:
    script = """
import os, time
open(os.path.join(os.environ["SM_MODEL_DIR"], "model.txt"), "w").close()
print("trained", flush=True)
time.sleep(2)  # until S3 is gone
"""
    machine.publish("", code=[machine.put(CODE + "train.py", script)], entrypoint="train.py")
    machine.variables["AWS_MAX_ATTEMPTS"] = "2"
    machine.variables["DROPTRAIN_UPLOAD_SECONDS"] = "2"
    with gate(machine.endpoint) as s3:
        machine.variables["AWS_ENDPOINT_URL"] = s3.url
        process = machine.start()
        wait_for_line(process, "trained")
        s3.is_open = False
        assert machine.finish(process).code == 69
    assert machine.names("export/") == []


def test_a_log_of_many_lines_and_of_bytes_that_are_no_text_is_kept(machine) -> None:
    machine.publish(
        "head -c 3000000 /dev/urandom; echo; yes 'a line of a hundred thousand' | head -n 100000; "
        "printf 'caf\\xe9 last\\n'\n"
    )
    ended = machine.run()
    assert ended.code == 0
    log = machine.s3.get_object(Bucket=machine.bucket, Key=machine.prefix + "log.txt")["Body"].read()
    assert b"caf\xe9 last\n" in log
    assert log.count(b"a line of a hundred thousand\n") > 40_000
    assert b"bytes are left out here" in log or log.count(b"a line of a hundred thousand\n") == 100_000


FAILING = """
import importlib, sys
name, _, step = "{}".rpartition(".")
module, _, owner = name.partition(":")
found = importlib.import_module("droptrain_container." + module)
def fail(*_, **__): raise {}("nobody has thought of this")
setattr(getattr(found, owner) if owner else found, step, fail)
"""


@pytest.mark.parametrize("error", ["RuntimeError", "RecursionError", "UnicodeError"])
@pytest.mark.parametrize(("step", "code"), [
    ("lease.take", 70),
    ("sagemaker.write_config", 70),
    ("failure_reason.of_files", 3),
    ("advice.of_checkpoints", 3),
    ("results:Results.upload_output", 3),
    ("series:Series.finish", 3),
    ("series:Series.derived", 3),
    ("metrics.last_values", 3),
])  # fmt: skip
def test_a_step_of_the_container_s_own_that_fails_costs_no_other(
    machine, step: str, code: int, error: str
) -> None:
    machine.publish('echo 7 > "$CHECKPOINT_DIR/step"; echo trained; exit 3\n')
    (machine.folder / "sitecustomize.py").write_text(FAILING.format(step, error))
    machine.variables["PYTHONPATH"] = f"{machine.folder}:{REPOSITORY / 'image'}"
    ended = machine.run()
    assert ended.code == code, ended.output
    outcome = machine.outcome()
    assert (outcome["status"], outcome["exit_code"]) == ("ended", code)
    if code == 70:
        assert "nobody has thought of this" in outcome["cause"]["message"]
    if step not in ("lease.take", "sagemaker.write_config"):
        assert outcome["script_exit_code"] == 3
        assert "trained\n" in machine.text("log.txt")
        [generation] = machine.names("checkpoints/generations/")
        assert json.loads(machine.text(generation))["files"][0]["path"] == "step"


def test_settings_that_no_library_takes_end_with_70(machine) -> None:
    machine.variables["AWS_ENDPOINT_URL"] = "nonsense"
    ended = machine.run()
    assert ended.code == 70
    assert "The container's own step failed: ValueError" in ended.output
