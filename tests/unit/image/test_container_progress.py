"""The container's own series: when a step was reached, and how the GPUs were used meanwhile."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from droptrain_container.layout import Layout
from droptrain_container.log import Log
from droptrain_container.progress import Progress
from droptrain_container.records import Records
from droptrain_container.series import Series
from droptrain_container.timing import Timing

HOUR = 3600


def rows(lines: bytes) -> list[dict[str, float]]:
    return [json.loads(line) for line in lines.splitlines()]


def made(seconds_before: float = 0, **use: float) -> tuple[Progress, SimpleNamespace]:
    clock = SimpleNamespace(now=100.0)
    return Progress(seconds_before, lambda: use, lambda: clock.now), clock


def test_a_sample_has_the_step_the_time_and_the_use_of_the_gpu() -> None:
    progress, clock = made(gpu_busy_percent=40.0, gpu_memory_gib=3.0)
    progress.sample(0)
    assert progress.lines() == b"", "it has only begun"
    clock.now += 10
    progress.sample(7)
    assert rows(progress.lines()) == [
        {
            "step": 7,
            "droptrain/seconds": 10.0,
            "droptrain/gpu_busy_percent": 40.0,
            "droptrain/gpu_memory_gib": 3.0,
        }
    ]


def test_a_later_attempt_counts_on() -> None:
    progress, clock = made(seconds_before=600)
    clock.now += 10
    progress.sample(70)
    assert rows(progress.lines())[0]["droptrain/seconds"] == 610


def test_a_long_training_has_a_bounded_number_of_samples_over_all_of_its_time() -> None:
    progress, clock = made()
    for step in range(24 * HOUR // 10):
        clock.now += 10
        progress.sample(step)
    found = [row["droptrain/seconds"] for row in rows(progress.lines())]
    assert 250 <= len(found) <= 500
    assert found[0] < HOUR
    assert found[-1] > 23.5 * HOUR


def test_samples_follow_the_script_s_lines_and_are_no_metrics(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("droptrain_container.progress._SECONDS_APART", 0.0)
    layout = Layout(tmp_path)
    layout.metrics_file.write_text('{"step": 3, "loss": 9}\n{"step": 3, "droptrain/seconds": 50}\n')
    series = Series(layout, print)
    series.start([])
    with layout.metrics_file.open("a") as file:
        file.write('{"step": 12, "loss": 8}\n')
    series.sample()
    [sample] = rows(series.derived())
    assert sample["step"] == 12
    assert sample["droptrain/seconds"] >= 50
    no_bucket: Any = None
    assert Records(no_bucket, "r/", Log(), series, Timing(), bytes).metrics() == {"loss": 8}


def test_keras_s_epochs_are_steps_too(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("droptrain_container.progress._SECONDS_APART", 0.0)
    series = Series(Layout(tmp_path), print)
    series.start([])
    series.read(b"Epoch 1/2\n9/9 - 1s - loss: 0.5\nEpoch 2/2\n9/9 - 1s - loss: 0.4\n")
    series.sample()
    assert rows(series.derived())[-1]["step"] == 2
