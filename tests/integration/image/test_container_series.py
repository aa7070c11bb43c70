"""Code that doesn't know METRICS_FILE has its metrics all the same; its GPU is measured."""

import base64
import json
import re
from pathlib import Path

import pytest
from droptrain_core import recipe_yaml
from droptrain_core.domain.recipes import recipe as recipes
from support.training_machine import REPOSITORY

EVENTS = REPOSITORY / "tests" / "events"
KERAS = base64.b64encode((EVENTS / "keras_verbose_1.out").read_bytes()).decode()
EVENT_FILE = base64.b64encode(next((EVENTS / "tensorboard" / "train").iterdir()).read_bytes()).decode()
PRINTS_KERAS = f"echo {KERAS} | base64 -d\n"
WRITES_EVENTS = (
    'mkdir -p "$AIP_TENSORBOARD_LOG_DIR/train"\n'
    f'echo {EVENT_FILE} | base64 -d > "$AIP_TENSORBOARD_LOG_DIR/train/events.out.tfevents.1.host"\n'
)
LOSS = {"name": "loss", "regex": "loss=([0-9.]+)"}


def rows(machine) -> list[dict[str, float]]:
    return [json.loads(line) for line in machine.text("metrics.jsonl").splitlines()]


def names(machine) -> set[str]:
    return {name for row in rows(machine) for name in row} - {"step"}


def test_a_line_in_metrics_file_leaves_keras_s_curves(machine) -> None:
    machine.publish(
        PRINTS_KERAS + WRITES_EVENTS + 'echo \'{"step": 7, "mine": 1, "loss": 9}\' >> "$METRICS_FILE"\n'
    )
    assert machine.run().code == 0
    assert rows(machine)[0] == {"step": 7, "mine": 1, "loss": 9}
    assert [row["step"] for row in rows(machine) if "accuracy" in row] == [1, 2, 3, 4]
    assert [row for row in rows(machine) if "loss" in row] == rows(machine)[:1]
    assert names(machine) == {"mine", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    assert machine.outcome()["metrics"].keys() == names(machine)


def test_metric_definitions_go_before_keras_and_are_counted_on_by_the_next_attempt(machine) -> None:
    slow = {"name": "slow", "regex": "(a+)+$()"}
    machine.publish(
        PRINTS_KERAS + f"echo loss=0.5; echo {'a' * 60}b; printf 'x\\rloss=0.25'\n",
        metric_definitions=[slow, LOSS],
    )
    first = machine.run()
    assert first.code == 0
    assert "the regex of slow takes too long" in first.output
    assert [(row["step"], row["loss"]) for row in rows(machine) if "loss" in row] == [(1, 0.5), (2, 0.25)]
    assert names(machine) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert machine.run(attempt=2).code == 0
    assert [row["loss"] for row in rows(machine) if "loss" in row] == [0.5, 0.25, 0.5, 0.25]
    assert machine.outcome()["metrics"]["loss"] == 0.25


def test_keras_s_lines_go_before_event_files_and_fail_with_the_script(machine) -> None:
    machine.publish(PRINTS_KERAS + WRITES_EVENTS + "exit 3\n")
    assert machine.run().code == 3
    assert [row["step"] for row in rows(machine) if "loss" in row] == [1, 2, 3, 4]
    assert set(machine.outcome()["metrics"]) == {
        "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate",
    }  # fmt: skip


def test_event_files_are_read_where_there_is_nothing_else(machine) -> None:
    machine.publish(WRITES_EVENTS)
    assert machine.run().code == 0
    assert [row["step"] for row in rows(machine)] == [0, 1]
    assert machine.outcome()["metrics"].keys() == {"loss", "accuracy", "learning_rate"}


def test_a_script_without_metrics_leaves_none(machine) -> None:
    machine.publish("echo loss 0.5\n")
    assert machine.run().code == 0
    assert "metrics.jsonl" not in machine.names()
    outcome = machine.outcome()
    assert (outcome["metrics"], outcome["gpu"], outcome["advice"]) == ({}, None, [])
    assert outcome["left_checkpoint"] is False


def test_the_definitions_of_the_recipe_page_find_what_they_say(machine) -> None:
    page = (REPOSITORY / "docs" / "recipe.md").read_text("utf-8").partition("### `metric_definitions`")[2]
    example = re.search(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert example
    definitions = recipes.parse(recipe_yaml.parse(example[1].encode())).metric_definitions
    machine.publish(
        "echo 'epoch 1 loss=0.5'; echo 'test accuracy 0.75'\n",
        metric_definitions=[{"name": each.name, "regex": each.regex} for each in definitions],
    )
    assert machine.run().code == 0
    assert machine.outcome()["metrics"] == {"loss": 0.5, "test_accuracy": 0.75}


FAKE_NVML = """
class NVMLError(Exception):
    pass
def nvmlInit(): pass
def nvmlDeviceGetCount(): return 1
def nvmlDeviceGetHandleByIndex(index): return index
class _Answer:
    gpu, used = 40, 3 << 30
def nvmlDeviceGetUtilizationRates(handle): return _Answer
def nvmlDeviceGetMemoryInfo(handle): return _Answer
"""


@pytest.fixture
def gpu_machine(machine, tmp_path: Path):
    """A machine that has a GPU, as far as nvidia-smi and NVML say."""
    folder = tmp_path / "gpu"
    folder.mkdir()
    (folder / "pynvml.py").write_text(FAKE_NVML)
    (folder / "nvidia-smi").write_text("#!/bin/sh\necho 'GPU 0: Tesla T4 (UUID: GPU-1)'\n")
    (folder / "nvidia-smi").chmod(0o755)
    found = machine.environment("job-1", 1)
    machine.variables |= {
        "PATH": f"{folder}:{found['PATH']}",
        "PYTHONPATH": f"{folder}:{found['PYTHONPATH']}",
        "DROPTRAIN_GPU_CHECK": "",
    }
    return machine


def test_the_use_of_the_gpu_is_in_the_outcome(gpu_machine) -> None:
    gpu_machine.publish("sleep 0.5\n", resources={"gpus": 1, "vcpus": 4, "memory_mib": 14336})
    assert gpu_machine.run().code == 0
    outcome = gpu_machine.outcome()
    seen = outcome["gpu"]
    assert (seen["count"], seen["busy_percent"], seen["peak_memory_gib"], seen["idle"]) == (1, 40.0, 3.0, 0)
    assert 0 <= seen["waiting_seconds"] <= seen["seconds"]
    assert outcome["advice"] == [], "too short to judge"


def test_the_use_of_the_gpu_is_a_series_along_the_training(gpu_machine) -> None:
    gpu_machine.publish(
        'echo \'{"step": 5, "loss": 1}\' >> "$METRICS_FILE"\nsleep 12\n',
        resources={"gpus": 1, "vcpus": 4, "memory_mib": 14336},
    )
    assert gpu_machine.run().code == 0
    first, sample = rows(gpu_machine)
    assert first == {"step": 5, "loss": 1}
    assert sample["step"] == 5
    assert 9 <= sample["droptrain/seconds"] <= 15
    assert (sample["droptrain/gpu_busy_percent"], sample["droptrain/gpu_memory_gib"]) == (40, 3)
    assert gpu_machine.outcome()["metrics"] == {"loss": 1}


def test_a_run_without_gpus_measures_none(gpu_machine) -> None:
    gpu_machine.publish("true\n")
    assert gpu_machine.run().code == 0
    assert gpu_machine.outcome()["gpu"] is None
