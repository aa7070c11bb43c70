"""`droptrain sweep` on the laptop cloud: a search, with early stopping of code that knows nothing of it."""

import json

import pytest
from support.command_line import CommandLine
from support.laptop_user import User

from droptrain import project as project_of

pytestmark = pytest.mark.timeout(180)

RECIPE = """
entrypoint: train.py
timeout: 10m
hyperparameters: {rate: 0.5}
metric: {name: val_accuracy, goal: maximize}
"""
# What Keras prints with `verbose=2`. The rate is the accuracy in the end.
KERAS_LIKE = """
import argparse, os, pathlib, time
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
rate = parser.parse_known_args()[0].rate
for epoch in range(1, 16):
    accuracy = rate * (1 - 0.5 / epoch)
    print(f"Epoch {epoch}/15\\n12/12 - 1s - loss: 0.5000 - val_accuracy: {accuracy:.4f}", flush=True)
    time.sleep(0.15)
pathlib.Path(os.environ["SM_MODEL_DIR"], "model").write_text("trained")
"""


@pytest.fixture
def project(user: User) -> str:
    """A project with a run."""
    user.put(f"projects/{user.project}/code/train.py", KERAS_LIKE)
    user.put(f"projects/{user.project}/train.yaml", RECIPE)
    user.drop()
    user.run_with("SUCCEEDED")
    return user.project


def test_a_sweep_stops_unmodified_code_early_and_finds_the_best_at_the_price_shown(
    droptrain: CommandLine, project: str
) -> None:
    said = droptrain(
        "sweep", project, "--set", "rate=0.9,0.8,0.7,0.6,0.5,0.4", "--method", "grid", "--parallel", "2",
        "--early-stop", "asha",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "grid, 6 trials, 2 at a time, early stopping by asha, maximize val_accuracy" in said.out
    assert "Budget     it fits: " in said.out
    sweep = droptrain("sweep", "show", project, "--json").document
    assert (sweep["status"], sweep["counts"]["succeeded"]) == ("SUCCEEDED", 6)
    assert sweep["best"]["hyperparameters"] == {"rate": 0.9}
    stopped = [run for run in sweep["runs"] if run["stopped_early"]]
    assert len(stopped) == sweep["counts"]["stopped_early"] >= 2
    assert {0.9} & {run["hyperparameters"]["rate"] for run in stopped} == set()
    assert "STOPPED EARLY" in droptrain("sweep", "show", project).out
    run = droptrain("show", stopped[0]["run_id"], "--json").document
    assert (run["status"], run["cause"], run["warnings"]) == ("SUCCEEDED", None, [])
    assert run["stopped_early"]["step"] < 15
    assert run["metrics"]["val_accuracy"] == stopped[0]["value"]
    listed = droptrain("runs", "--sweep", sweep["sweep_id"], "--json").document["runs"]
    assert sorted(each["trial"] for each in listed) == [1, 2, 3, 4, 5, 6]


def test_the_same_search_again_is_the_same_sweep_and_python_reads_it(
    droptrain: CommandLine, project: str
) -> None:
    search = (
        "sweep",
        project,
        "--set",
        "rate=0.8..0.9",
        "--trials",
        "2",
        "--method",
        "random",
        "--json",
        "--no-follow",
    )
    started = droptrain(*search).document
    assert droptrain(*search).document["sweep_id"] == started["sweep_id"]
    [sweep] = project_of(project).sweeps()
    assert sweep.id == started["sweep_id"]
    assert sweep.wait(show=False).status == "SUCCEEDED"
    best = sweep.best
    assert best and best.metrics["val_accuracy"] == max(run.metrics["val_accuracy"] for run in sweep.runs())


def test_a_sweep_is_cancelled_and_a_typo_starts_none(droptrain: CommandLine, project: str) -> None:
    wrong = droptrain("sweep", project, "--set", "rat=0.1..0.9")
    assert (wrong.code, wrong.out) == (1, "")
    assert "the nearest is rate" in wrong.err
    droptrain("sweep", project, "--set", "rate=0.1..0.9", "--trials", "50", "--no-follow")
    watching = droptrain.start("sweep", "show", project, "--watch", "--json")
    watching.wait_for('"status": "RUNNING"')
    assert droptrain("sweep", "cancel", project).code == 0
    ended = watching.wait()
    assert ended.code == 4
    assert json.loads(ended.out.splitlines()[-1])["status"] == "CANCELLED"
