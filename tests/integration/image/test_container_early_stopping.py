"""A sweep's trial that is not among the best is stopped early, and its code need not know of it."""

import json
import signal
from typing import Any

from support.training_machine import CODE, PROJECT, Machine, wait_for_line

PEERS = f"sweeps/{PROJECT}/penguins-first-sweep-0123456789ab/"
# What a Keras script with `verbose=2` prints, epoch by epoch; it knows nothing of droptrain.
KERAS_LIKE = """
import sys, time
for epoch in range(1, 1001):
    print(f"Epoch {epoch}/1000\\n12/12 - 1s - loss: 0.5000 - val_accuracy: 0.{epoch:04}", flush=True)
    time.sleep(0.05)
    if epoch == LAST:
        break
"""

SAVES_SLOWLY = """
import os, pathlib, signal, sys, time
def save(*_):
    time.sleep(1)
    pathlib.Path(os.environ["CHECKPOINT_DIR"], "weights").write_text("late")
    pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("late")
    sys.exit(3)
signal.signal(signal.SIGTERM, save)
"""


def publish(machine: Machine, script: str = KERAS_LIKE, *, last: int = 1000, **early_stop: Any) -> None:
    code = [machine.put(CODE + "train.py", script.replace("LAST", str(last)))]
    settings = {
        "method": "asha", "metric": "val_accuracy", "goal": "maximize", "prefix": PEERS, "trial": 7,
        **early_stop,
    }  # fmt: skip
    machine.publish("", code=code, entrypoint="train.py", early_stop=settings)


def peers(machine: Machine, level: int, *values: float) -> None:
    """Values that the trials 1, 2, … have reported at a level."""
    for trial, value in enumerate(values, 1):
        machine.put(f"{PEERS}{level}/{trial}/{value}", b"")


def reported(machine: Machine, trial: int = 7) -> list[tuple[int, float]]:
    """The levels that a trial has reached, each with its value."""
    answer = machine.s3.list_objects_v2(Bucket=machine.bucket, Prefix=PEERS)
    found = [item["Key"].removeprefix(PEERS).split("/") for item in answer.get("Contents", [])]
    return sorted((int(level), float(value)) for level, each, value in found if each == str(trial))


def test_an_unmodified_keras_script_that_is_not_among_the_best_is_stopped_and_has_succeeded(machine) -> None:
    publish(machine)
    peers(machine, 3, 0.8, 0.7, 0.9)
    ended = machine.run()
    assert ended.code == 0
    outcome = machine.outcome()
    stopped = outcome["stopped_early"]
    assert (outcome["cause"], stopped["level"], stopped["compared_with"]) == (None, 3, 3)
    assert 3 <= stopped["step"] < 200
    assert stopped["step"] <= round(outcome["metrics"]["val_accuracy"] * 10_000) < 200
    assert outcome["warnings"] == [], "a trial that was stopped has no model to miss"
    assert "and at step 3 it was not among the best third of 4 trials." in machine.text("log.txt")
    assert reported(machine)[:2] == [(1, 0.0001), (3, 0.0003)]
    assert json.loads(machine.text("metrics.jsonl").splitlines()[0])["val_accuracy"] == 0.0001


def test_a_trial_that_is_among_the_best_trains_to_its_end_and_reports_at_each_level(machine) -> None:
    publish(machine, last=30)
    for level in (1, 3, 9, 27):
        peers(machine, level, 0.00001, 0.00002, 0.00003)
    assert machine.run().code == 0
    assert "stopped_early" not in machine.outcome()
    assert reported(machine) == [(1, 0.0001), (3, 0.0003), (9, 0.0009), (27, 0.0027)]


def test_a_smaller_value_is_better_where_the_recipe_minimizes(machine) -> None:
    publish(machine, last=15, goal="minimize")
    peers(machine, 3, 0.8, 0.7, 0.9)
    assert machine.run().code == 0
    assert "stopped_early" not in machine.outcome()


def test_the_median_rule_stops_below_the_median_of_at_least_five_others(machine) -> None:
    publish(machine, method="median")
    peers(machine, 3, *[0.9] * 9)
    peers(machine, 5, *[0.9] * 4)
    peers(machine, 7, 0.9, 0.9, 0.9, 0.00001, 0.00002)
    assert machine.run().code == 0
    stopped = machine.outcome()["stopped_early"]
    assert (stopped["level"], stopped["compared_with"]) == (7, 5)
    assert "worse than the median of 5 other trials." in machine.text("log.txt")


def test_the_code_saves_a_checkpoint_and_a_model_when_it_is_stopped(machine) -> None:
    publish(machine, SAVES_SLOWLY + KERAS_LIKE)
    peers(machine, 3, 0.8, 0.7, 0.9)
    assert machine.run().code == 0
    assert (machine.outcome()["script_exit_code"], machine.outcome()["left_checkpoint"]) == (3, True)
    assert machine.names("checkpoints/generations/")
    assert machine.names("export/") == ["export/weights"]


def test_a_later_attempt_is_not_compared_again_at_levels_that_the_trial_has_reached(machine) -> None:
    publish(machine, last=9)
    machine.put(f"{PEERS}1/7/0.95", b"")
    machine.put(f"{PEERS}3/7/0.97", b"")
    for level in (1, 3):
        peers(machine, level, 0.8, 0.7, 0.9)
    assert machine.run(attempt=2).code == 0
    assert "stopped_early" not in machine.outcome()
    assert reported(machine) == [(1, 0.95), (3, 0.97), (9, 0.0009)]


def test_a_trial_that_is_cancelled_while_it_is_stopped_is_cancelled(machine) -> None:
    publish(machine, SAVES_SLOWLY + KERAS_LIKE)
    peers(machine, 3, 0.8, 0.7, 0.9)
    process = machine.start()
    wait_for_line(process, "Stopped early")
    process.send_signal(signal.SIGTERM)
    assert machine.finish(process).code == 143
    assert machine.outcome()["cause"]["code"] == "terminated"
    assert "stopped_early" not in machine.outcome()
