"""Whatever kind of file a script leaves, of any name and size: outcome, log and checkpoint are saved."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.gate import gate
from support.training_machine import Ended, Machine, wait_for_line
from support.waiting import wait_for

# An attempt of such a small script ends within some seconds; with a pipe that was opened it never would.
ENDS_WITHIN_SECONDS = 30.0
SAVE = 'echo 7 > "$CHECKPOINT_DIR/step"\n'


def finish(machine: Machine, process: subprocess.Popen[str]) -> Ended:
    output, errors = process.communicate(timeout=ENDS_WITHIN_SECONDS)
    return Ended(process.returncode, output, errors)


def run(machine: Machine, script: str, **plan: Any) -> Ended:
    """An attempt with this script, which ends in time and leaves outcome, log and checkpoint."""
    machine.publish(SAVE + script, **plan)
    ended = finish(machine, machine.start())
    assert machine.outcome()["status"] == "ended", ended.output
    assert "Attempt 1 of" in machine.text("log.txt")
    assert "step" in checkpoint(machine)
    assert "Traceback" not in ended.output + ended.errors
    return ended


def checkpoint(machine: Machine) -> list[str]:
    """The paths in the newest generation, links with the path that they lead to."""
    newest = json.loads(machine.text(machine.names("checkpoints/generations/")[-1]))
    links = [f"{link['path']} -> {link['target']}" for link in newest.get("links", [])]
    return sorted([file["path"] for file in newest["files"]] + links)


@pytest.mark.parametrize("make", [
    'mkfifo "{}"', 'ln -s /dev/stdout "{}"', 'ln -s /dev/stdin "{}"', 'ln -s /dev/zero "{}"', 'mkdir "{}"',
    'mkfifo pipe; ln -s "$PWD/pipe" "{}"', 'ln -s loop "{}"; ln -s loop "$(dirname "{}")/loop"',
    "cd \"$(dirname \"{}\")\"; python -c 'import os, socket, sys; socket.socket(socket.AF_UNIX).bind("
    'os.path.basename(sys.argv[1]))\' "{}"',
    'ln -s /etc/hostname "{}"', 'touch "{}"; chmod 000 "{}"',
])  # fmt: skip
@pytest.mark.parametrize("place", ["$METRICS_FILE", "$SM_OUTPUT_DIR/failure", "$SM_MODEL_DIR/a.tfevents.1"])
def test_a_file_that_is_read_may_be_anything_else(machine: Machine, make: str, place: str) -> None:
    ended = run(machine, f"{make.replace('{}', place)}\necho last words\nexit 3\n")
    assert ended.code == 3
    assert machine.outcome()["cause"]["code"] == "script_failed"
    assert "last words" in machine.text("log.txt")
    if place == "$METRICS_FILE" and "chmod" not in make:
        assert "METRICS_FILE" in ended.output


def test_a_metrics_file_may_be_a_link_to_a_file_of_the_run(machine: Machine) -> None:
    run(machine, 'ln -s "$PWD/m.jsonl" "$METRICS_FILE"; echo \'{"loss": 0.5}\' >> "$METRICS_FILE"\n')
    assert machine.outcome()["metrics"] == {"loss": 0.5}
    assert machine.text("metrics.jsonl") == '{"loss": 0.5}\n'


def test_a_metrics_file_of_a_gigabyte_is_read_at_both_its_ends(machine: Machine) -> None:
    ended = run(
        machine,
        'echo \'{"first": 1}\' > "$METRICS_FILE"; truncate -s 3G "$METRICS_FILE"\n'
        'echo >> "$METRICS_FILE"; echo \'{"last": 2}\' >> "$METRICS_FILE"\n',
    )
    assert ended.code == 0
    assert machine.outcome()["metrics"] == {"first": 1, "last": 2}
    assert len(machine.text("metrics.jsonl")) <= 9 << 20


ODD_NAMES = r"""
cd "$1"
touch -- "$(printf 'caf\351.bin')" "$(printf 'two\nlines')" 'größe + 1%.txt' '-x' "$(printf 'bell\a')"
"""


def test_names_that_are_no_utf_8_are_saved(machine: Machine) -> None:
    folders = '"$SM_MODEL_DIR" "$SM_OUTPUT_DATA_DIR" "$CHECKPOINT_DIR"'
    ended = run(
        machine, f"cat > odd.sh <<'SH'\n{ODD_NAMES}SH\nfor d in {folders}; do bash odd.sh \"$d\"; done\n"
    )
    assert ended.code == 0, ended.output
    names = {"-x", "bell%07", "caf%E9.bin", "größe + 1%.txt", "two%0Alines"}
    assert set(machine.names("export/")) == {f"export/{name}" for name in names}
    assert set(machine.names("output/")) == {f"output/data/{name}" for name in names}
    machine.publish('LC_ALL=C ls -b "$CHECKPOINT_DIR"\n')
    again = finish(machine, machine.start(attempt=2))
    assert again.code == 0, again.output
    for name in (r"bell\a", r"caf\351.bin", r"two\nlines", "-x"):
        assert f"{name}\n" in again.output


def test_a_linked_folder_of_the_run_is_exported(machine: Machine) -> None:
    ended = run(
        machine,
        "mkdir -p out/1/variables; echo m > out/1/saved_model.pb; echo v > out/1/variables/v\n"
        'ln -s "$PWD/out/1" "$SM_MODEL_DIR/1"; ln -s "$PWD/out/1/saved_model.pb" "$SM_MODEL_DIR/one.pb"\n',
    )
    assert ended.code == 0
    assert machine.names("export/") == [
        "export/1/saved_model.pb", "export/1/variables/v", "export/one.pb",
    ]  # fmt: skip
    assert machine.outcome()["advice"] == []


def test_a_model_folder_that_is_a_link_is_exported(machine: Machine) -> None:
    run(machine, 'mkdir out; echo m > out/model; rmdir "$SM_MODEL_DIR"; ln -s "$PWD/out" "$SM_MODEL_DIR"\n')
    assert machine.names("export/") == ["export/model"]


def test_links_in_the_checkpoint_folder_are_links_again(machine: Machine) -> None:
    machine.publish(
        'cd "$CHECKPOINT_DIR"\n'
        "if [ -L latest ]; then readlink latest absolute best; cat latest/w absolute/w best; exit 0; fi\n"
        'mkdir step-100 "$OLDPWD/elsewhere"; echo weights > step-100/w; ln -s step-100 latest\n'
        'ln -s "$PWD/step-100" absolute; ln -s step-100/w best; ln -s step-200 later\n'
        'echo x > "$OLDPWD/elsewhere/x"; ln -s "$OLDPWD/elsewhere" outside\n'
    )
    assert finish(machine, machine.start()).code == 0
    assert checkpoint(machine) == [
        "absolute -> step-100", "best -> step-100/w", "later -> step-200", "latest -> step-100", "outside/x",
        "step-100/w",
    ]  # fmt: skip
    again = finish(machine, machine.start(attempt=2))
    assert again.code == 0
    assert "step-100\nstep-100\nstep-100/w\nweights\nweights\nweights\n" in again.output


@pytest.mark.parametrize("folder", ["$SM_MODEL_DIR", "$CHECKPOINT_DIR"])
def test_links_that_lead_out_or_back_are_passed_over_and_named(machine: Machine, folder: str) -> None:
    ended = run(
        machine,
        f'cd "{folder}"; echo w > w; mkdir deep; echo d > deep/d\n'
        "ln -s / root; ln -s /etc etc; ln -s /etc/passwd passwd; ln -s /proc/self proc; ln -s /dev/zero z\n"
        "ln -s . loop; ln -s .. deep/up; ln -s nowhere dangling; mkfifo pipe; ln -s pipe to-pipe\n",
    )
    assert ended.code == 0
    if folder == "$SM_MODEL_DIR":
        assert machine.names("export/") == ["export/deep/d", "export/w"]
        assert all("passed over" in advice for advice in machine.outcome()["advice"])
        assert "dangling" in ended.output
    else:
        assert [path for path in checkpoint(machine) if "->" not in path] == ["deep/d", "step", "w"]
    for named in ("etc, passwd, proc and 2 more", "pipe"):
        assert named in ended.output


def test_links_that_multiply_a_folder_end(machine: Machine) -> None:
    ended = run(
        machine,
        'cd "$SM_MODEL_DIR"; mkdir d0; echo x > d0/x\n'
        "for i in $(seq 24); do mkdir d$i; ln -s ../d$((i-1)) d$i/a; ln -s ../d$((i-1)) d$i/b; done\n",
    )
    assert ended.code == 0
    assert 1 <= len(machine.names("export/")) < 1000


def test_files_without_permission_are_passed_over(machine: Machine) -> None:
    ended = run(
        machine,
        'for d in "$SM_MODEL_DIR" "$CHECKPOINT_DIR"; do cd "$d"; echo w > w; echo s > shut; chmod 000 shut\n'
        "mkdir closed; echo x > closed/x; chmod 000 closed; done\n",
    )
    # Who runs the tests as root can read everything.
    assert ended.code == 0
    assert "export/w" in machine.names("export/")
    assert "w" in checkpoint(machine)


def test_a_sparse_file_that_is_larger_than_the_disk_is_passed_over(machine: Machine) -> None:
    ended = run(
        machine,
        'for d in "$SM_MODEL_DIR" "$CHECKPOINT_DIR"; do cd "$d"; echo w > w; truncate -s 7T huge; done\n',
    )
    assert ended.code == 0
    assert machine.names("export/") == ["export/w"]
    assert checkpoint(machine) == ["step", "w"]
    assert "huge" in ended.output


DEEP = """
import os, sys
for folder in sys.argv[1:]:
    os.chdir(folder)
    open("w", "w").close()
    for _ in range(1100):
        os.mkdir("d"); os.chdir("d")
    open("x", "w").close()
"""


@pytest.fixture
def removed_at_the_end(machine: Machine) -> Iterator[None]:
    """What is too deep for Python to remove is removed by another program."""
    yield
    subprocess.run(["rm", "-rf", *machine.folder.iterdir()], check=True)


@pytest.mark.usefixtures("removed_at_the_end")
def test_a_folder_of_any_depth_costs_nothing_else(machine: Machine) -> None:
    ended = run(machine, f'python - "$SM_MODEL_DIR" "$CHECKPOINT_DIR" <<\'PY\'\n{DEEP}PY\n')
    assert ended.code == 0, ended.output
    assert "export/w" in machine.names("export/")
    assert "w" in checkpoint(machine)
    assert "too long" in ended.output


def test_a_file_that_vanishes_while_the_model_is_uploaded_makes_no_failure(machine: Machine) -> None:
    machine.publish('cd "$SM_MODEL_DIR"; echo a > a; echo b > b; echo trained; sleep 1\n')
    with gate(machine.endpoint) as s3:
        machine.variables |= {"AWS_ENDPOINT_URL": s3.url, "AWS_MAX_ATTEMPTS": "2"}
        process = machine.start()
        wait_for_line(process, "trained")
        s3.is_open = False
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        tried = next(found for line in lines if (found := re.search(r"export/(\w)\b.* Trying", line)))
        [vanishing] = machine.folder.glob(f"*/opt/ml/model/{tried[1]}")
        vanishing.unlink()
        s3.is_open = True
        ended = finish(machine, process)
    assert ended.code == 0, ended.output
    assert machine.names("export/") == ["export/b" if tried[1] == "a" else "export/a"]
    assert "passed over" in " ".join(machine.outcome()["advice"])


def test_a_progress_bar_reaches_the_log_before_its_line_ends(machine: Machine) -> None:
    machine.publish("for i in 1 2 3; do printf '\\r%s of 3' $i; done; sleep 60\n")
    process = machine.start()
    assert process.stdout
    seen, began = "", time.monotonic()
    while "3 of 3" not in seen:
        seen += process.stdout.read(1)
        assert time.monotonic() - began < ENDS_WITHIN_SECONDS
    process.kill()
    process.wait()


def test_a_progress_bar_is_in_the_log_of_a_container_that_is_killed(machine: Machine) -> None:
    machine.publish("printf '\\r1 of 3'; sleep 60\n")
    process = machine.start()
    wait_for("progress", lambda: "log.txt" in machine.names() and "1 of 3" in machine.text("log.txt"))
    process.kill()
    process.wait()


def test_the_last_line_is_kept_while_a_daemon_holds_the_output(machine: Machine) -> None:
    machine.publish("setsid sleep 60 &\nsleep 0.5; printf 'last words'\n")
    process = machine.start()
    assert process.wait(ENDS_WITHIN_SECONDS) == 0
    assert "last words" in machine.text("log.txt")


def test_a_daemon_that_never_stops_printing_does_not_hold_up_the_end(machine: Machine) -> None:
    machine.publish("setsid bash -c 'while echo still here; do sleep 0.01; done' &\nsleep 0.5; exit 3\n")
    process = machine.start()
    wait_for_line(process, "script ended with exit code 3")
    process.wait(ENDS_WITHIN_SECONDS)
    assert machine.outcome()["exit_code"] == 3


def test_output_that_nobody_reads_does_not_hold_up_the_training(machine: Machine) -> None:
    machine.publish(SAVE + "yes 'a line that nobody reads' | head -c 2000000; echo trained\n")
    process = machine.start()
    assert process.wait(ENDS_WITHIN_SECONDS) == 0
    assert machine.outcome()["status"] == "ended"
    assert "trained\n" in machine.text("log.txt")
    assert checkpoint(machine) == ["step"]


@pytest.mark.parametrize("value", ["é" * 70_000, "\ud800"], ids=["too long", "no text"])
def test_what_no_program_can_be_given_is_the_recipe_s_fault(machine: Machine, value: str) -> None:
    machine.publish("exit 0\n", hyperparameters={"words": value})
    assert finish(machine, machine.start()).code == 78
    assert machine.outcome()["cause"]["code"] == "bad_recipe"


def test_metrics_with_names_that_are_no_text_are_told(machine: Machine) -> None:
    run(machine, 'echo \'{"\\ud800": 1, "loss": 2}\' > "$METRICS_FILE"\n')
    assert machine.outcome()["metrics"]["loss"] == 2
