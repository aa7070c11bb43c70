"""The commands of every day in docs/laptop.md, typed in their order beside a laptop cloud."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CommandLine
from support.template import ROOT

pytestmark = pytest.mark.timeout(300)

[BLOCK] = re.findall(
    r"```console\n(droptrain init .*?)```", (ROOT / "docs/laptop.md").read_text("utf-8"), flags=re.DOTALL
)
COMMANDS = [line.partition("  #")[0].strip() for line in BLOCK.splitlines()]
# In the place of the scaffold's, which trains with TensorFlow for a quarter of a minute.
TRAIN = """
import argparse, json, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=12)
epochs = parser.parse_known_args()[0].epochs
rows = open(os.environ["SM_CHANNEL_TRAINING"] + "/train.csv").readlines()
print(len(rows) - 1, "penguins to learn from", flush=True)
time.sleep(float(os.environ.get("SLOW", 0)))
with open(os.environ["METRICS_FILE"], "a") as file:
    file.write(json.dumps({"step": epochs, "test_accuracy": 0.9 + epochs / 1000}) + "\\n")
open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write("model")
"""
# Each goes on until Ctrl-C, once it has said this.
UNTIL_CTRL_C = {
    "runs --watch": "penguins-",
    "tensorboard": "TensorBoard shows",
    "console": "http://127.0.0.1:",
}
# What each of the others says.
SAYS = {
    "init": "penguins", "push": "uploaded  projects/penguins/code/train.py", "drop": "SUCCEEDED",
    "projects": "penguins", "local": "test_accuracy: 0.902", "runs": "0.912", "train": "SUCCEEDED",
    "logs": "penguins to learn from", "rerun": "SUCCEEDED", "compare": "epochs", "get": "model",
    "shell": "only a run that is RUNNING has a shell",
}  # fmt: skip


def test_each_command_does_what_its_line_says(droptrain: CommandLine, work: Path):
    runs: list[dict[str, Any]] = []
    for command in COMMANDS:
        words = shlex.split(command)[1:]
        if words[0] == "compare":  # the page's id is of another day
            runs = droptrain("runs", "penguins", "--json").document["runs"]
            words[2] = runs[-1]["run_id"][-12:]
        until = next((said for name, said in UNTIL_CTRL_C.items() if " ".join(words).startswith(name)), None)
        if until:
            started = droptrain.start(*words, *(["--no-open"] if words[0] == "console" else []))
            started.wait_for(until)
            started.press_ctrl_c()
            assert started.wait().code in (0, 130), command
            continue
        said = droptrain(*words)
        assert SAYS[words[0]] in said.out + said.err, (command, said)
        assert said.code == (1 if words[0] == "shell" else 0), (command, said)
        if words[0] == "init":
            (work / "penguins/code/train.py").write_text(TRAIN)
            (work / "penguins/code/run.sh").unlink(missing_ok=True)
    assert [run["hyperparameters"]["epochs"] for run in runs][:2] == [20, 20]
    assert (work / "model/export/model.txt").read_text() == "model"
