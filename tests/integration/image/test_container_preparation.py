"""A preparation step and its training in the container: what each gets, and what reaches the training."""

import hashlib
import json
from typing import Any

import pytest
from support.training_machine import Machine

CODE = "projects/penguins/code/"
RESULT = "prepared/penguins/abc/"
STEP = {
    "entrypoint": "prepare.py", "args": ["--rows", "3"], "code": None, "inputs_in_training": False,
}  # fmt: skip
PREPARES = """
import os, pathlib, sys
target = pathlib.Path(os.environ["PREPARED_DIR"])
(target / "train").mkdir()
(target / "train" / "0.txt").write_text(" ".join(sys.argv[1:]))
(target / "words é.txt").write_text("words")
"""
SHOWS = """
import os, pathlib
root = pathlib.Path(os.environ["SM_CHANNEL_PREPARED"])
for path in sorted(root.rglob("*.txt")):
    print(path.relative_to(root), "has", path.read_text())
print("channels", os.environ["SM_CHANNELS"], os.environ.get("HP_EPOCHS"))
"""


def publish(machine: Machine, prepares: str = PREPARES, trains: str = SHOWS, **step: Any) -> None:
    code = [machine.put(CODE + "prepare.py", prepares), machine.put(CODE + "train.py", trains)]
    machine.publish(
        "", code=code, entrypoint="train.py", hyperparameters={"epochs": 2}, prepare={**STEP, **step}
    )


def prepare(machine: Machine, attempt: int = 1) -> Any:
    machine.variables = {
        "DROPTRAIN_STEP": "prepare", "DROPTRAIN_PREPARED": f"s3://{machine.bucket}/{RESULT}run/1-",
    }  # fmt: skip
    return machine.run(attempt=attempt)


def train(machine: Machine, sha256: str) -> Any:
    machine.variables = {
        "DROPTRAIN_JOB_NUMBER": "2", "DROPTRAIN_PREPARED": f"s3://{machine.bucket}/{RESULT}run/1-1/",
        "DROPTRAIN_PREPARED_SHA256": sha256,
    }  # fmt: skip
    return machine.run(job_id="job-2")


def keys(machine: Machine) -> list[str]:
    answer = machine.s3.list_objects_v2(Bucket=machine.bucket, Prefix=RESULT)
    return [item["Key"].removeprefix(RESULT) for item in answer.get("Contents", [])]


def test_the_training_gets_what_the_step_left_and_nothing_else(machine: Machine) -> None:
    publish(machine)
    ended = prepare(machine)
    assert ended.code == 0, ended.output
    report = machine.outcome()["prepared"]
    assert keys(machine) == [
        "run/1-1/data/train/0.txt", "run/1-1/data/words é.txt", "run/1-1/manifest.json",
    ]  # fmt: skip
    key = f"{RESULT}run/1-1/manifest.json"
    manifest = machine.s3.get_object(Bucket=machine.bucket, Key=key)["Body"].read()
    assert report == {"manifest_sha256": hashlib.sha256(manifest).hexdigest(), "files": 2, "bytes": 13}
    assert machine.names("prepare/") == ["prepare/log.txt", "prepare/timing.json"]
    assert not machine.names("export/")

    ended = train(machine, report["manifest_sha256"])
    assert ended.code == 0, ended.output
    assert "train/0.txt has --rows 3" in ended.output
    assert "words é.txt has words" in ended.output
    assert 'channels ["prepared"] 2' in ended.output


def test_the_step_gets_no_hyperparameters_and_only_the_code_that_it_names(machine: Machine) -> None:
    looks = "import os\nprint('files', sorted(os.listdir('.')), os.environ.get('HP_EPOCHS'))\n"
    publish(machine, PREPARES + looks, code=["prepare.py"])
    assert "files ['prepare.py'] None" in prepare(machine).output


def test_the_inputs_come_beside_the_data_if_the_recipe_says_so(machine: Machine) -> None:
    publish(machine, inputs_in_training=True)
    prepare(machine)
    ended = train(machine, machine.outcome()["prepared"]["manifest_sha256"])
    assert 'channels ["prepared","testing","training"] 2' in ended.output


def test_a_shell_script_finds_the_data_by_their_uri(machine: Machine) -> None:
    code = [machine.put(CODE + "prepare.sh", 'echo 1 > "$PREPARED_DIR/a"\n')]
    code.append(machine.put(CODE + "run.sh", 'echo "data at $PREPARED_DATA, $TRAINING_DATA."\n'))
    machine.publish("", code=code, prepare={**STEP, "entrypoint": "prepare.sh"})
    assert prepare(machine).code == 0
    ended = train(machine, machine.outcome()["prepared"]["manifest_sha256"])
    assert f"data at s3://{machine.bucket}/{RESULT}run/1-1/data, ." in ended.output


CHANGES = ["another file", "a longer file", "another manifest", "a file less", "no manifest"]


@pytest.mark.parametrize("change", CHANGES)
def test_data_that_have_changed_are_not_trained_on(machine: Machine, change: str) -> None:
    publish(machine)
    prepare(machine)
    sha256 = machine.outcome()["prepared"]["manifest_sha256"]
    key = f"{RESULT}run/1-1/"
    if change == "another file":
        machine.put(key + "data/words é.txt", "swrod")
    elif change == "a longer file":
        machine.put(key + "data/words é.txt", "words and more")
    elif change == "a file less":
        machine.s3.delete_object(Bucket=machine.bucket, Key=key + "data/words é.txt")
    elif change == "another manifest":
        machine.put(key + "manifest.json", json.dumps({"schema": 1, "files": []}))
    else:
        machine.s3.delete_object(Bucket=machine.bucket, Key=key + "manifest.json")
    ended = train(machine, sha256)
    assert ended.code == 66
    cause = machine.outcome()["cause"]
    assert cause["code"] == "prepared_changed", cause
    assert "has words" not in ended.output


@pytest.mark.parametrize(("why", "script"), [
    ("passed over link: the link leads out of", "(target / 'link').symlink_to('/etc/hostname')\n"),
    ("passed over pipe: it is not a regular file", "os.mkfifo(target / 'pipe')\n"),
    ("passed over a%FF: another file's name is written alike",
     "open(os.fsencode(target) + b'/a\\xff', 'w')\n(target / 'a%FF').touch()\n"),
])  # fmt: skip
def test_a_folder_that_cannot_be_stored_whole_fails_the_step(machine: Machine, why: str, script: str) -> None:
    publish(machine, PREPARES + script)
    ended = prepare(machine)
    cause = machine.outcome()["cause"]
    assert (ended.code, cause["code"]) == (65, "prepared_incomplete")
    assert why in cause["message"]
    assert "prepared" not in machine.outcome()
    assert keys(machine) == []


ODD_NAMES = """
import os
os.chdir(os.environ["PREPARED_DIR"])
for name in (b"not utf-8 \\xff", b"new\\nline", "é%41+&?#".encode(), b".hidden", b"zero"):
    with open(name, "wb") as file: file.write(name[:-4])
"""
SHOWS_NAMES = """
import os
os.chdir(os.environ["SM_CHANNEL_PREPARED"])
print({name: open(name, "rb").read() for name in sorted(os.listdir(b"."))})
"""


def test_names_and_empty_files_reach_the_training_unchanged(machine: Machine) -> None:
    publish(machine, ODD_NAMES, SHOWS_NAMES)
    assert prepare(machine).code == 0
    ended = train(machine, machine.outcome()["prepared"]["manifest_sha256"])
    names = (b".hidden", b"new\nline", b"not utf-8 \xff", b"zero", "é%41+&?#".encode())
    assert str({name: name[:-4] for name in names}) in ended.output


@pytest.mark.parametrize(("code", "script"), [
    ("nothing_prepared", "print(1)\n"),
    ("inputs_written", PREPARES + "open(os.environ['SM_CHANNEL_TRAINING'] + '/new', 'w')\n"),
    ("nothing_prepared", "import os, shutil\nshutil.rmtree(os.environ['PREPARED_DIR'])\n"),
])  # fmt: skip
def test_a_step_without_usable_data_ends_with_its_cause_and_no_manifest(
    machine: Machine, code: str, script: str
) -> None:
    publish(machine, script)
    ended = prepare(machine)
    assert ended.code == 65
    assert machine.outcome()["cause"]["code"] == code
    assert keys(machine) == []


def test_a_later_attempt_has_a_folder_of_its_own(machine: Machine) -> None:
    publish(machine)
    prepare(machine)
    prepare(machine, attempt=2)
    assert "run/1-2/manifest.json" in keys(machine)
