"""`droptrain local train`: a folder is trained by the container's own entrypoint, without a cloud."""

from pathlib import Path

import pytest
from support.command_line import CommandLine

SCRIPT = """
echo "epochs $HP_EPOCHS"
aws s3 cp --only-show-errors "$TRAINING_DATA" train.csv
echo '{"step": 1, "rows": '$(wc -l < train.csv)'}' >> "$METRICS_FILE"
echo model > m.txt
aws s3 cp --only-show-errors m.txt "$EXPORT_PATH/m.txt"
"""
PYTHON = """
import os, sys
print("arguments", sys.argv[1:])
print("rows", len(open(os.environ["SM_CHANNEL_TRAINING"] + "/train.csv").readlines()))
open(os.environ["SM_MODEL_DIR"] + "/m.txt", "w").write("model")
"""


@pytest.fixture
def droptrain(tmp_path: Path) -> CommandLine:
    for name in ("train.csv", "test.csv"):
        (tmp_path / "p" / "data").mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / "data" / name).write_text("a,b\n1,2\n")
    (tmp_path / "p" / "code").mkdir()
    (tmp_path / "p" / "train.yaml").write_text("hyperparameters: {epochs: 3}\n")
    return CommandLine(tmp_path, tmp_path / "state")


def test_a_script_trains_and_its_export_log_and_metrics_are_kept(droptrain: CommandLine, tmp_path: Path):
    (tmp_path / "p" / "code" / "run.sh").write_text(SCRIPT)
    said = droptrain("local", "train", "p", "--set", "epochs=5")
    assert said.code == 0, said.err
    assert "\nepochs 5\n" in said.out
    assert "\nrows: 2\n" in said.out
    output = tmp_path / "p" / "local-run"
    assert (output / "export" / "m.txt").read_text() == "model\n"
    assert "epochs 5" in (output / "log.txt").read_text()
    (tmp_path / "p" / "code" / "run.sh").write_text("exit 7\n")
    failed = droptrain("local", "train", "p")
    assert failed.code == 3
    assert "FAILED." in failed.out
    assert not (output / "export").exists(), "the model of the run before isn't taken for this one's"


def test_a_run_without_a_model_says_so(droptrain: CommandLine, tmp_path: Path):
    (tmp_path / "p" / "code" / "train.py").write_text("print('trained')\n")
    said = droptrain("local", "train", "p")
    assert said.code == 0, said.err
    assert "has no model, but the log and the metrics." in said.out


PREPARES = """
import os
from pathlib import Path
rows = Path(os.environ["SM_CHANNEL_TRAINING"], "train.csv").read_text()
Path(os.environ["PREPARED_DIR"], "rows.txt").write_text(rows.upper())
"""
TRAINS = """
import os
print("prepared:", repr(open(os.environ["SM_CHANNEL_PREPARED"] + "/rows.txt").read()))
"""


def test_a_preparation_step_runs_before_the_training(droptrain: CommandLine, tmp_path: Path):
    (tmp_path / "p" / "train.yaml").write_text("prepare: {entrypoint: prepare.py}\n")
    (tmp_path / "p" / "code" / "prepare.py").write_text(PREPARES)
    (tmp_path / "p" / "code" / "train.py").write_text(TRAINS)
    said = droptrain("local", "train", "p")
    assert said.code == 0, said.out + said.err
    assert "prepared: 'A,B\\n1,2\\n'" in said.out
    (tmp_path / "p" / "code" / "prepare.py").write_text("raise ValueError('no rows')\n")
    failed = droptrain("local", "train", "p")
    assert failed.code == 3
    assert "What happened: In the preparation step: " in failed.out
    assert "Running train.py" not in failed.out
    assert "no rows" in (tmp_path / "p" / "local-run" / "prepare" / "log.txt").read_text()


def test_python_code_sees_files_and_needs_no_s3(droptrain: CommandLine, tmp_path: Path):
    (tmp_path / "p" / "code" / "train.py").write_text(PYTHON)
    said = droptrain("local", "train", "p", "--output", "out")
    assert said.code == 0, said.out + said.err
    assert "arguments ['--epochs', '3']" in said.out
    assert "\nrows 2\n" in said.out
    assert (tmp_path / "out" / "export" / "m.txt").read_text() == "model"


@pytest.mark.parametrize(("script", "what", "fix"), [
    ('print(open("train.csv").read())\n', "The code opens a CSV that isn't there: train.py, line 1",
     "SM_CHANNEL_TRAINING"),
    ('print({"rooms": 1}["area"])\n', "train.py, line 1: KeyError: 'area'", "the CSV's header"),
])  # fmt: skip
def test_a_script_that_asks_for_what_is_not_there_is_shown_where_to_look(
    droptrain: CommandLine, tmp_path: Path, script: str, what: str, fix: str
):
    (tmp_path / "p" / "code" / "train.py").write_text(script)
    said = droptrain("local", "train", "p")
    assert said.code == 3, "without a recipe's entrypoint and a run.sh, train.py runs"
    assert "has the model" not in said.out
    assert f"What happened: {what}" in said.out
    assert fix in said.out[said.out.index("What to do:") :]


READS_NUMBERS = """
import numpy, os
numpy.loadtxt(os.environ["SM_CHANNEL_TRAINING"] + "/train.csv", delimiter=",", skiprows=1, usecols=0)
"""


def test_what_preflight_warns_of_is_shown_before_the_code_runs_and_beside_its_failure(
    droptrain: CommandLine, tmp_path: Path
):
    (tmp_path / "p" / "data" / "train.csv").write_text("a,b\n1,2\n3;4\n5,6\n")
    (tmp_path / "p" / "code" / "train.py").write_text(READS_NUMBERS)
    shown = droptrain("local", "train", "p").out
    assert "Warning: train.csv, row 3: a row has 1 field" in shown[: shown.index("Running train.py")]
    assert "Preflight warned: train.csv, row 3" in shown[shown.index("What happened:") :]


def test_what_a_launch_would_reject_is_told_and_nothing_is_overwritten(
    droptrain: CommandLine, tmp_path: Path
):
    (tmp_path / "p" / "code" / "run.sh").write_text(SCRIPT)
    misspelt = droptrain("local", "train", "p", "--set", "epoch=5")
    assert (misspelt.code, misspelt.err.count("\n")) == (1, 1)
    assert "the nearest is epochs" in misspelt.err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "log.txt").write_text("years of work")
    assert "--output DIR" in droptrain("local", "train", "p", "--output", "mine").err
    assert (tmp_path / "mine" / "log.txt").read_text() == "years of work"
    (tmp_path / "p" / "data" / "test.csv").unlink()
    assert "data/ lacks test.csv" in droptrain("local", "train", "p").err


def test_a_shell_takes_the_place_of_the_code_and_leaves_nothing(droptrain: CommandLine, tmp_path: Path):
    (tmp_path / "p" / "code" / "train.py").write_text(PYTHON)
    typed = 'echo "epochs $SM_HP_EPOCHS"; wc -l < "$SM_CHANNEL_TRAINING/train.csv"; python train.py; exit 7\n'
    said = droptrain("local", "train", "p", "--set", "epochs=5", "--shell", typed=typed)
    assert said.code == 7, said.out + said.err
    said_by_shell = [line for line in said.out.splitlines() if not line.startswith("[droptrain]")]
    assert said_by_shell == ["epochs 5", "2", "arguments []", "rows 2"]
    assert not (tmp_path / "p" / "local-run").exists()
