"""The container fetches the model that a training continues from, whatever the dialect of the code."""

import pytest
from support.training_machine import Machine

FOLDER = "models/p/current/p-old-00000000000a/"
LOOKS = """
import os
folder = os.environ["WARM_START_DIR"]
print("model", open(folder + "/1/model.txt").read(), os.environ["SM_CHANNEL_WARM_START"] == folder)
"""


def start(machine: Machine) -> dict[str, object]:
    """What run.json says of a model, one file of which has been replaced since the launch."""
    file = machine.put(FOLDER + "1/model.txt", "pinned")
    machine.put(FOLDER + "1/model.txt", "replaced")
    return {"run_id": "p-old-00000000000a", "folder": FOLDER, "files": [file]}


def test_python_code_finds_exactly_the_pinned_model_in_its_folders(machine: Machine) -> None:
    code = [machine.put("projects/penguins/code/train.py", LOOKS)]
    machine.publish("", code=code, entrypoint="train.py", warm_start=start(machine))
    ended = machine.run()
    assert "model pinned True" in ended.output
    assert "The training continues from the model of p-old-00000000000a." in ended.output


def test_a_shell_script_finds_it_too(machine: Machine) -> None:
    machine.publish('cat "$WARM_START_DIR/1/model.txt"\n', warm_start=start(machine))
    assert "pinned" in machine.run().output


def test_a_run_without_one_has_no_such_folder(machine: Machine) -> None:
    machine.publish('echo "folder: $WARM_START_DIR."\n')
    assert "folder: ." in machine.run().output


@pytest.mark.parametrize("key", ["runs/p/other/secret", FOLDER + "../../x"])
def test_a_plan_that_names_files_elsewhere_is_refused(machine: Machine, key: str) -> None:
    file = {"key": key, "version_id": "v"}
    machine.publish("exit 0\n", warm_start={"run_id": "r", "folder": FOLDER, "files": [file]})
    assert machine.run().code == 78
    assert machine.outcome()["cause"]["code"] == "bad_recipe"
