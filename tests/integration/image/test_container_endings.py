"""How a container ends when something is wrong, and what the run's outcome says of it."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from support.training_machine import CODE, DATA, Machine, free_port


def cause(machine: Machine) -> str:
    return machine.outcome()["cause"]["code"]


@pytest.mark.parametrize(("script", "code", "script_code"), [
    ("exit 3", 3, 3),
    ("exit 65", 1, 65),
    ("kill -KILL $$", 137, 137),
])  # fmt: skip
def test_the_scripts_exit_code_passes_through_unless_it_is_ours(machine, script, code, script_code) -> None:
    machine.publish(f"echo 'ValueError: no column' >&2\n{script}\n")
    assert machine.run().code == code
    outcome = machine.outcome()
    assert (outcome["exit_code"], outcome["script_exit_code"]) == (code, script_code)
    assert outcome["cause"]["code"] == "script_failed"
    assert "ValueError: no column" in outcome["cause"]["log_tail"]


def test_lines_that_claim_to_be_the_container_s_change_nothing(machine) -> None:
    machine.publish(
        "echo '[droptrain] sync 9.0 s: SUCCEEDED'; echo '[droptrain] Read the secrets for TOKEN'\n"
        'echo "{\\"batch_job_id\\": \\"job-1\\", \\"exit_code\\": 0}" > outcome.json\n'
        'aws s3 cp --only-show-errors outcome.json "${MODEL_DIR%model}outcome.json"\nexit 3\n'
    )
    assert machine.run().code == 3
    outcome = machine.outcome()
    assert (outcome["exit_code"], outcome["cause"]["code"]) == (3, "script_failed")


def test_what_would_be_a_command_to_a_shell_is_a_text_to_the_script(machine) -> None:
    words = {
        "one": "$(touch pwned)",
        "two": "`touch pwned`",
        "three": "; touch pwned #",
        "four": "'\"\n&& touch",
    }
    machine.publish('printf "%s|" "$HP_ONE" "$HP_TWO" "$HP_THREE" "$HP_FOUR"; ls\n', hyperparameters=words)
    output = machine.run().output
    assert "|".join(words.values()) + "|" in output
    assert not [*machine.folder.rglob("pwned")]
    code = [machine.put(CODE + "train.py", "import sys\nprint(sys.argv[1:])\n")]
    machine.publish("", code=code, entrypoint="train.py", hyperparameters=words)
    arguments = [word for name, value in sorted(words.items()) for word in (f"--{name}", value)]
    assert str(arguments) in machine.run(attempt=2).output
    assert not [*machine.folder.rglob("pwned")]


def test_a_script_with_windows_line_endings_is_not_run(machine) -> None:
    machine.publish("echo started\r\nexit 0\r\n")
    ended = machine.run()
    assert ended.code == 65
    assert "started" not in ended.output.splitlines()
    assert "run.sh has Windows line endings" in machine.outcome()["cause"]["message"]


def test_what_a_script_leaves_in_the_background_ends_with_it(machine) -> None:
    machine.publish("sleep 60 & echo $! > pid\nexit 0\n")
    began = time.monotonic()
    assert machine.run().code == 0
    assert time.monotonic() - began < 10


def test_inputs_that_were_replaced_or_deleted_are_read_as_they_were_pinned(machine) -> None:
    machine.publish('echo "$TRAINING_DATA and $TEST_DATA"\n')
    machine.put(DATA + "train.csv", "newer\n")
    machine.s3.delete_object(Bucket=machine.bucket, Key=DATA + "test.csv")
    ended = machine.run()
    assert ended.code == 0
    pinned = f"s3://{machine.bucket}/{machine.prefix}pinned/"
    assert f"{pinned}training/train.csv and {pinned}testing/test.csv\n" in ended.output
    assert machine.text("pinned/training/train.csv") == "a,b\n1,2\n"
    assert machine.text("pinned/testing/test.csv") == "a,b\n3,4\n"


def test_a_folder_of_inputs_holds_what_was_pinned_and_nothing_else(machine) -> None:
    folder = f"projects/penguins/data/{machine.run_id}/train/"
    parts = [{"channel": "training", **machine.put(f"{folder}part-{n}.csv", f"{n}\n")} for n in (1, 2)]
    machine.put(folder + "_SUCCESS", "")
    machine.publish('echo "$TRAINING_DATA"\n', parts)
    assert f"s3://{machine.bucket}/{folder[:-1]}\n" in machine.run().output
    machine.put(folder + "part-3.csv", "late\n")
    output = machine.run(attempt=2).output
    assert f"s3://{machine.bucket}/{machine.prefix}pinned/training\n" in output
    assert machine.names("pinned/") == ["pinned/training/part-1.csv", "pinned/training/part-2.csv"]


def test_code_that_was_replaced_runs_as_it_was_pinned(machine) -> None:
    machine.publish('echo "$SCRIPT_DIR"; cat lib/words.txt\n')
    machine.put(CODE + "lib/words.txt", "newer\n")
    output = machine.run().output
    assert f"s3://{machine.bucket}/{machine.prefix}pinned/code\nhello\n" in output
    assert machine.text("pinned/code/lib/words.txt") == "hello\n"


def test_an_input_that_is_gone_ends_with_66(machine) -> None:
    pinned = machine.put(DATA + "gone.csv")
    machine.s3.delete_object(Bucket=machine.bucket, Key=pinned["key"], VersionId=pinned["version_id"])
    machine.publish("exit 0\n", [{"channel": "other", **pinned}])
    assert machine.run().code == 66
    assert cause(machine) == "input_changed"
    assert "gone.csv is gone" in machine.outcome()["cause"]["message"]


def test_a_script_that_is_not_in_the_code_ends_with_66(machine) -> None:
    machine.publish("exit 0\n", entrypoint="start.sh")
    ended = machine.run()
    assert ended.code == 66
    assert "start.sh isn't in the project's code" in ended.output


def test_a_run_that_does_not_exist_ends_with_66(machine) -> None:
    ended = machine.run()
    assert ended.code == 66
    assert "run.json isn't there" in ended.output


@pytest.mark.parametrize(("plan", "said"), [
    ({"schema": 2}, "publish the image again"),
    ({"environment": {"KEY": {"secret": 1}}}, "environment.KEY has to be a text, a number"),
])  # fmt: skip
def test_a_bad_plan_ends_with_78(machine, plan, said) -> None:
    machine.publish("exit 0\n", **plan)
    ended = machine.run()
    assert ended.code == 78
    assert said in ended.output
    assert cause(machine) == "bad_recipe"
    assert "arn:aws" not in ended.output


def test_code_that_would_leave_its_folder_is_refused(machine) -> None:
    bad = machine.put("projects/penguins/other/run.sh")
    machine.publish("exit 0\n", code=[bad | {"key": CODE + "../../../../run.sh"}])
    assert machine.run().code == 78
    assert "lies outside" in machine.outcome()["cause"]["message"]


def test_a_missing_variable_ends_with_78_and_is_named(machine) -> None:
    machine.variables["DROPTRAIN_RUN"] = ""
    ended = machine.run()
    assert ended.code == 78
    assert "DROPTRAIN_RUN has to name the run's folder" in ended.output


def test_s3_that_can_not_be_reached_ends_with_69(machine) -> None:
    machine.variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{free_port()}"
    machine.variables["AWS_MAX_ATTEMPTS"] = "2"
    ended = machine.run()
    assert ended.code == 69
    assert "S3 can't be reached" in ended.output
    assert "outcome.json could not be written" in ended.output
    assert "Traceback" not in ended.output + ended.errors


def test_an_endpoint_that_is_not_s3s_breaks_nothing(machine) -> None:
    with HTTPServer(("127.0.0.1", 0), _KnowsNothing) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        machine.variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.server_port}"
        ended = machine.run()
        server.shutdown()
    assert ended.code == 66
    assert "outcome.json could not be written: S3 refused" in ended.output
    assert "Traceback" not in ended.output + ended.errors


class _KnowsNothing(BaseHTTPRequestHandler):
    """A server that answers every request with 404."""

    def do_PUT(self) -> None:
        self.send_error(404)

    do_GET = do_PUT

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_gpu_that_can_not_be_seen_ends_with_71(machine) -> None:
    machine.publish("exit 0\n", resources={"gpus": 1})
    machine.variables["DROPTRAIN_GPU_CHECK"] = ""
    assert machine.run().code == 71
    assert cause(machine) == "gpu_not_visible"


def test_a_job_that_finds_anothers_lease_leaves_the_run_alone(machine) -> None:
    machine.publish("echo trained; exit 0\n")
    assert machine.run(job_id="job-1").code == 0
    left = {name: machine.text(name) for name in machine.names()}
    ended = machine.run(job_id="job-2")
    assert ended.code == 73
    assert "Batch job job-1 trains this run" in ended.output
    assert "trained" not in ended.output
    assert {name: machine.text(name) for name in machine.names()} == left


def test_a_superseded_job_tells_of_itself_while_nobody_else_did(machine) -> None:
    machine.publish("exit 0\n")
    machine.put(machine.prefix + "lease", json.dumps({"batch_job_id": "job-1"}))
    assert machine.run(job_id="job-2").code == 73
    assert (machine.outcome()["batch_job_id"], cause(machine)) == ("job-2", "superseded")


def test_the_next_job_of_a_run_goes_on_where_the_first_one_stopped_and_keeps_it_out(machine) -> None:
    machine.publish(
        'if [ -f "$CHECKPOINT_DIR/step" ]; then\n'
        '  echo "goes on from $(cat "$CHECKPOINT_DIR/step")"; exit 0; fi\n'
        'echo 41 > "$CHECKPOINT_DIR/step"; exit 1\n'
    )
    assert machine.run(job_id="job-1").code == 1
    machine.variables["DROPTRAIN_JOB_NUMBER"] = "2"
    ended = machine.run(job_id="job-2")
    assert (ended.code, "goes on from 41" in ended.output) == (0, True)
    assert machine.outcome()["batch_job_id"] == "job-2"
    machine.variables["DROPTRAIN_JOB_NUMBER"] = "1"
    late = machine.run(job_id="job-1", attempt=2)
    assert late.code == 73
    assert "Batch job job-2 trains this run" in late.output
