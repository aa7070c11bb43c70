"""The built image in real containers: trainings that succeed, fail, are stopped, reclaimed and starved."""

import io
import json
import time
import zipfile
from pathlib import Path

import pytest
from support.container_machine import ContainerMachine, podman
from support.training_machine import CODE, DATA, free_port, wait_for_line

pytestmark = pytest.mark.container

# U: the container's user owns it, as by Batch's mount option uid=1000.
ML_DIR = "--mount=type=tmpfs,destination=/opt/ml,U=true,tmpfs-size="

PLAIN = """
set -euo pipefail
aws s3 cp --only-show-errors "$TRAINING_DATA" train.csv
aws s3 cp --only-show-errors "$TEST_DATA" test.csv
mkdir export
cat train.csv test.csv lib/words.txt > export/model.txt
echo '{"step": 1, "loss": 0.25}' >> "$METRICS_FILE"
echo 1 > "$CHECKPOINT_DIR/step"
aws s3 cp --only-show-errors --recursive export "$EXPORT_PATH"
"""
# Saves 41 while it trains, and 42 when it is told to end.
RESUMABLE = """
trap 'echo told; echo 42 > "$CHECKPOINT_DIR/step"; exit 0' TERM
if [ -e "$CHECKPOINT_DIR/step" ]; then echo "resumed at $(cat "$CHECKPOINT_DIR/step")"; exit 0; fi
echo 41 > "$CHECKPOINT_DIR/step"
echo waiting; sleep 60 & wait
"""


def cause(machine: ContainerMachine) -> str:
    return machine.outcome()["cause"]["code"]


def test_a_plain_batch_script_trains_and_leaves_everything(machine) -> None:
    machine.publish(PLAIN)
    assert machine.run().code == 0
    assert machine.text("export/model.txt") == "a,b\n1,2\na,b\n3,4\nhello\n"
    assert machine.outcome()["metrics"] == {"loss": 0.25}
    assert machine.names("checkpoints/generations/") == ["checkpoints/generations/00000001.json"]
    assert "Saved checkpoint generation 1" in machine.text("log.txt")


WITH_PIPENV = """
set -euo pipefail
aws s3 cp --only-show-errors "$TRAINING_DATA" train.csv
aws s3 cp --only-show-errors "$TEST_DATA" test.csv
pipenv run python train.py
aws s3 cp --only-show-errors --recursive export "$EXPORT_PATH"
"""
PIPFILE = """
[[source]]
url = "https://index.example/simple"
verify_ssl = true
name = "index"

[packages]
tiny-words = {path = "./tiny_words-1-py3-none-any.whl"}
"""
TRAIN = """
import pathlib, tiny_words
pathlib.Path("export").mkdir()
pathlib.Path("export/model.txt").write_text(tiny_words.WORD + pathlib.Path("train.csv").read_text())
"""


def test_a_run_script_that_calls_pipenv_gets_its_pipfile(machine) -> None:
    """The image brings uv and pipenv; the second run takes the packages from the bucket."""
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        about = "tiny_words-1.dist-info"
        archive.writestr("tiny_words.py", "WORD = 'tiny'\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-words\nVersion: 1\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    code = [
        machine.put(CODE + name, body)
        for name, body in {
            "run.sh": WITH_PIPENV, "train.py": TRAIN, "Pipfile": PIPFILE,
            "tiny_words-1-py3-none-any.whl": wheel.getvalue(),
        }.items()
    ]  # fmt: skip
    machine.variables |= {"PIP_NO_INDEX": "1"}
    machine.publish("", code=code)
    first = machine.run(attempt=1)
    assert first.code == 0, first.output
    assert "Installing Pipfile" in first.output
    assert machine.text("export/model.txt") == "tinya,b\n1,2\n"
    second = machine.run(attempt=2)
    assert second.code == 0, second.output
    assert "Took the packages of Pipfile from an earlier run" in second.output


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("exit 75", 1), ("kill -KILL $$", 137)])
def test_the_containers_exit_code_is_the_scripts_unless_it_is_ours(machine, script, code) -> None:
    machine.publish(script)
    assert machine.run().code == code
    assert podman("inspect", "--format={{.State.ExitCode}}", machine.container).strip() == str(code)
    assert cause(machine) == "script_failed"


def test_an_input_that_is_gone_ends_with_66(machine) -> None:
    pinned = machine.put(DATA + "gone.csv")
    machine.s3.delete_object(Bucket=machine.bucket, Key=pinned["key"], VersionId=pinned["version_id"])
    machine.publish("exit 0\n", [{"channel": "other", **pinned}])
    assert machine.run().code == 66
    assert cause(machine) == "input_changed"


def test_s3_that_can_not_be_reached_ends_with_69(machine) -> None:
    machine.variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{free_port()}"
    machine.variables["AWS_MAX_ATTEMPTS"] = "2"
    ended = machine.run()
    assert ended.code == 69
    assert "S3 can't be reached" in ended.output
    assert "Traceback" not in ended.output + ended.errors


def test_a_missing_variable_ends_with_78_and_is_named(machine) -> None:
    machine.variables["DROPTRAIN_RUN"] = ""
    ended = machine.run()
    assert ended.code == 78
    assert "DROPTRAIN_RUN has to name the run's folder" in ended.output


def test_a_gpu_that_can_not_be_seen_ends_with_71(machine) -> None:
    machine.publish("exit 0\n", resources={"gpus": 1})
    machine.variables["DROPTRAIN_GPU_CHECK"] = ""
    assert machine.run().code == 71
    assert cause(machine) == "gpu_not_visible"


@pytest.mark.parametrize("init", ["true", "false"])
def test_term_ends_with_143_after_a_last_checkpoint_and_the_next_attempt_goes_on(machine, init) -> None:
    machine.options = [f"--init={init}"]
    machine.publish(RESUMABLE)
    process = machine.start()
    wait_for_line(process, "waiting")
    podman("stop", "--time=30", machine.container)
    assert machine.finish(process).code == 143
    assert cause(machine) == "terminated"
    again = machine.run(attempt=2)
    assert again.code == 0
    assert "resumed at 42" in again.output


def test_a_reclaim_ends_with_75_and_the_next_attempt_goes_on(machine, metadata) -> None:
    machine.variables["AWS_EC2_METADATA_DISABLED"] = ""
    machine.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
    machine.publish(RESUMABLE)
    process = machine.start()
    wait_for_line(process, "waiting")
    metadata.reclaims = True
    assert machine.finish(process).code == 75
    assert cause(machine) == "reclaimed"
    assert machine.outcome()["instance"]["id"] == "i-0abc"
    metadata.reclaims = False
    again = machine.run(attempt=2)
    assert again.code == 0
    assert "resumed at 42" in again.output


def test_a_container_that_is_killed_leaves_a_generation_to_go_on_from(machine) -> None:
    machine.publish(RESUMABLE, checkpoints={"interval_seconds": 1, "keep": 3})
    process = machine.start()
    machine.wait_for_key("checkpoints/generations/")
    podman("kill", "--signal=KILL", machine.container)
    assert machine.finish(process).code == 137
    assert "resumed at 41" in machine.run(attempt=2).output


def test_a_script_killed_from_outside_is_said_to_be_out_of_memory(machine) -> None:
    machine.publish('echo $$ > "$CHECKPOINT_DIR/pid"; echo waiting; sleep 60\n')
    process = machine.start()
    wait_for_line(process, "waiting")
    podman("exec", machine.container, "bash", "-c", "kill -KILL $(cat /opt/ml/checkpoints/pid)")
    assert machine.finish(process).code == 137
    assert "memory that ran out" in machine.outcome()["cause"]["message"]


def test_root_becomes_the_script_s_user(machine) -> None:
    """As ECS Exec starts a shell: as root, and without the capability to read another user's processes."""
    machine.publish("touch in-code; echo waiting; while [ ! -e done ]; do sleep 0.1; done\n")
    process = machine.start()
    wait_for_line(process, "waiting")
    typed = 'id -u; ls in-code; test -n "$TRAINING_DATA" && echo "$HOME"; touch done'
    shell = ["/opt/droptrain/venv/bin/python3", "-I", "-m", "droptrain_container.shell"]
    said = podman("exec", "--interactive", "--user=0", machine.container, *shell, stdin=typed)
    assert said.splitlines() == ["1000", "in-code", "/home/droptrain"]
    assert machine.finish(process).code == 0


def test_a_script_that_ignores_term_is_killed_before_batch_kills_the_container(machine) -> None:
    machine.publish(
        "trap '' TERM; echo 1 > \"$CHECKPOINT_DIR/step\"; echo waiting; while :; do sleep 1; done\n"
    )
    process = machine.start()
    wait_for_line(process, "waiting")
    began = time.monotonic()
    podman("stop", "--time=30", machine.container)
    assert machine.finish(process).code == 143
    assert 20 <= time.monotonic() - began < 28
    assert machine.names("checkpoints/generations/") == ["checkpoints/generations/00000001.json"]


@pytest.mark.parametrize("init", ["true", "false"])
def test_what_a_script_forks_is_gone_with_its_container(machine, init) -> None:
    machine.options = [f"--init={init}"]
    marks = (8086001 + (init == "true"), 8086003 + (init == "true"))
    machine.publish(f"""
        sleep {marks[0]} &
        setsid sleep {marks[1]} &
        for n in {{1..50}}; do (sleep 0.01 &); done
    """)
    began = time.monotonic()
    assert machine.run().code == 0
    assert time.monotonic() - began < 20
    assert not sleeping(marks)


def sleeping(marks: tuple[int, ...]) -> list[str]:
    """Processes of this machine, those of containers among them, that sleep so many seconds."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == b"sleep" and any(str(mark).encode() in words for mark in marks):
            found.append(path.parent.name)
    return found


def test_the_script_runs_as_user_1000_and_writes_where_it_may(machine) -> None:
    machine.publish("""
        id -u; id -g
        for folder in "$PWD" "$CHECKPOINT_DIR" /tmp "$HOME"; do
            touch "$folder/new" && stat -c '%u %n' "$folder/new"
        done
        for folder in / /opt/droptrain /opt/droptrain/lib /usr/local/bin /etc; do
            touch "$folder/new" || true
        done
    """)
    ended = machine.run()
    assert ended.code == 0
    lines = [line for line in ended.output.splitlines() if not line.startswith("[droptrain]")]
    assert lines[:6] == [
        "1000", "1000", "1000 /opt/ml/code/new", "1000 /opt/ml/checkpoints/new", "1000 /tmp/new",
        "1000 /home/droptrain/new",
    ]  # fmt: skip
    assert len(lines) == 11
    assert all("Permission denied" in line for line in lines[6:])


def test_the_root_file_system_may_be_read_only(machine) -> None:
    machine.options = [
        "--read-only",
        ML_DIR + "64m",
        "--tmpfs=/tmp:rw,mode=1777",
    ]
    machine.publish(PLAIN + "touch /home/droptrain/new || echo 'home is read-only'\n")
    ended = machine.run()
    assert ended.code == 0
    assert "home is read-only" in ended.output
    assert machine.text("export/model.txt").endswith("hello\n")


def test_a_disk_too_small_for_the_code_ends_with_70_and_says_so(machine) -> None:
    machine.options = [ML_DIR + "1m"]
    code = [machine.put(f"projects/penguins/code/{machine.run_id}/big", b"x" * (2 << 20))]
    code.append(machine.put("projects/penguins/code/run.sh", "exit 0\n"))
    machine.publish("exit 0\n", code=code)
    ended = machine.run()
    assert ended.code == 70
    assert cause(machine) == "disk_full"
    assert "files need 4.0 MiB and the disk has" in machine.outcome()["cause"]["message"]


def test_a_disk_that_the_script_fills_fails_the_script_and_all_that_is_there_is_saved(machine) -> None:
    machine.options = [ML_DIR + "1m"]
    machine.publish(
        """
        echo 1 > "$CHECKPOINT_DIR/step"
        sleep 4
        set -e
        head -c 2M /dev/zero > "$CHECKPOINT_DIR/large"
        """,
        checkpoints={"interval_seconds": 1, "keep": 3},
    )
    ended = machine.run()
    assert ended.code == 1
    account = machine.outcome()["cause"]
    assert account["code"] == "script_failed"
    assert any("No space left on device" in line for line in account["log_tail"])
    earlier, last = (json.loads(machine.text(name)) for name in machine.names("checkpoints/generations/"))
    assert [item["path"] for item in earlier["files"]] == ["step"]
    assert [item["path"] for item in last["files"]] == ["large", "step"]


def test_files_without_permission_are_passed_over(machine) -> None:
    """Here user 1000 asks; on a machine where root runs the tests, everything can be read."""
    machine.publish("""
        for folder in "$SM_MODEL_DIR" "$CHECKPOINT_DIR"; do
            cd "$folder"; echo w > w; echo s > shut; chmod 000 shut
            mkdir closed; echo x > closed/x; chmod 000 closed
        done
    """)
    assert machine.run().code == 0
    assert machine.names("export/") == ["export/w"]
    generation = json.loads(machine.text(machine.names("checkpoints/generations/")[-1]))
    assert [item["path"] for item in generation["files"]] == ["w"]
    assert "shut: its permissions forbid to read it" in machine.text("log.txt")
    assert "closed: it can't be read: Permission denied" in machine.text("log.txt")


def test_binary_output_is_in_the_log_byte_by_byte(machine) -> None:
    machine.publish(
        r"printf 'a\000\377\376\033[0m\200z\n'; head -c 200000 /dev/zero | tr '\0' '\253'; echo" + "\n"
    )
    ended = machine.run()
    assert ended.code == 0
    odd = b"a\0\xff\xfe\x1b[0m\x80z\n"
    assert odd in ended.output.encode(errors="surrogateescape")
    log = machine.s3.get_object(Bucket=machine.bucket, Key=machine.prefix + "log.txt")["Body"].read()
    assert odd + b"\xab" * 200_000 + b"\n" in log


def test_neither_python_variables_nor_files_of_the_job_reach_the_entrypoint(machine) -> None:
    folder = machine.folder / "modules"
    folder.mkdir()
    for name in ("json", "boto3", "logging"):
        (folder / f"{name}.py").write_text("raise SystemExit('not the real one')\n")
    machine.options = [f"--volume={folder}:/opt/modules:ro"]
    machine.variables |= {"PYTHONPATH": "/opt/modules", "PYTHONWARNINGS": "error"}
    machine.publish(
        'aws s3 cp --only-show-errors "$TRAINING_DATA" train.csv && echo fetched with "$PYTHONPATH"\n'
    )
    ended = machine.run()
    assert ended.code == 0
    assert "fetched with /opt/modules" in ended.output
