"""The rules of early stopping, what trials tell one another, and S3 that fails meanwhile."""

import json
import math
import statistics
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench import early_stopping as bench
from droptrain_container import plan
from droptrain_container.early_stop import Watcher
from droptrain_container.exit_codes import EndError
from droptrain_container.layout import Layout
from droptrain_container.peers import Peers
from droptrain_container.plan import EarlyStop
from droptrain_container.series import Series
from droptrain_container.stopping_rules import Goal, Halving, Median

PREFIX = "sweeps/penguins/penguins-first-sweep-0123456789ab/"
RULE = EarlyStop("asha", "accuracy", "maximize", PREFIX, trial=7)


class MemoryBucket:
    """The objects of a bucket; `fails` as S3 does that refuses."""

    def __init__(self, *keys: str, fails: bool = False) -> None:
        self.objects = [PREFIX + key for key in keys]
        self.fails = fails
        self.requests = 0

    def first_keys(self, prefix: str) -> list[str]:
        self._ask()
        return sorted(key for key in self.objects if key.startswith(prefix))

    def put(self, key: str, body: bytes) -> None:
        self._ask()
        self.objects.append(key)

    def _ask(self) -> None:
        self.requests += 1
        if self.fails:
            raise EndError("s3_denied", "S3 refused.")


def watcher(bucket: MemoryBucket, points: list[tuple[float, float]], rule: EarlyStop = RULE) -> Any:
    found = SimpleNamespace(stops=0, lines=[])

    def stop() -> None:
        found.stops += 1

    as_bucket: Any = bucket
    found.watcher = Watcher(rule, Peers(as_bucket, rule.prefix), lambda: points, stop, found.lines.append)
    return found


def halving_stops(value: float, others: list[float], goal: Goal = "maximize") -> bool:
    *_, at = Halving(goal).reached([(1, 0.5), (3, value)])
    return Halving(goal).stops(at, others)


@pytest.mark.parametrize(("value", "stops"), [(0.95, False), (0.9, False), (0.85, False), (0.84, True)])
def test_asha_keeps_the_best_third_and_equal_values(value: float, stops: bool) -> None:
    assert halving_stops(value, [0.9, 0.85, 0.8, 0.7, 0.6]) is stops


def test_asha_keeps_the_best_of_few_and_the_first_one() -> None:
    assert not halving_stops(0.5, [], "minimize")
    assert not halving_stops(0.5, [0.5, 0.6], "minimize")
    assert halving_stops(0.5, [0.4], "minimize")
    assert not halving_stops(0.5, [0.4, 0.6, 0.7], "minimize"), "a third of four is rounded up"


def test_asha_stops_no_trial_at_its_first_value() -> None:
    [at] = Halving("maximize").reached([(1, 0.1)])
    assert not Halving("maximize").stops(at, [0.9] * 9)


def test_asha_compares_at_powers_of_three_whatever_steps_a_script_counts() -> None:
    epochs = [(float(step), 0.1) for step in range(40)]
    assert [at.level for at in Halving("maximize").reached(epochs)] == [1, 3, 9, 27]
    batches = [(step * 100.0, 0.1) for step in range(1, 30)]
    assert [(at.level, at.points[-1][0]) for at in Halving("maximize").reached(batches)] == [
        (81, 100), (243, 300), (729, 800), (2187, 2200),
    ]  # fmt: skip
    [last] = Halving("maximize").reached([(0.5, 1), (1e300, 2)])
    assert last.level == 3**25


def test_the_median_rule_compares_its_best_with_running_averages_four_times_as_often() -> None:
    rule = Median("maximize")
    points = [(float(step), step / 10) for step in range(1, 30)]
    reached = list(rule.reached(points))
    assert [at.level for at in reached] == [1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 27]
    assert rule.report(reached[3]) == pytest.approx(0.25)
    assert not rule.stops(reached[2], [9.0] * 5), "three points are its grace"
    assert not rule.stops(reached[3], [9.0] * 4), "four others are too few"
    assert rule.stops(reached[3], [0.41] * 3 + [0.0] * 2)
    assert not rule.stops(reached[3], [0.4] * 3 + [9.0] * 2)


@pytest.mark.parametrize("method", ["asha", "median"])
def test_a_value_that_is_no_number_is_not_reported_and_worse_than_any(method: Any) -> None:
    bucket = MemoryBucket(*(f"9/{trial}/0.1" for trial in range(1, 6)))
    of = watcher(bucket, [(6.1, 0.9), (6.2, 0.9), (6.3, 0.9), (9.0, math.nan)], replace(RULE, method=method))
    of.watcher.look()
    assert (of.stops, [key for key in bucket.objects if key.startswith(f"{PREFIX}9/7/")]) == (1, [])


def test_what_anybody_else_has_written_below_a_level_is_no_value() -> None:
    bucket: Any = MemoryBucket(
        "9/1/0.5", "9/2/nan", "9/3/inf", "9/x/1", "9/4", "9/4/", "9/²/1", "9/1234567/1", "9/5/0.7/x",
        "9/6/1e-05", "9/6/9.0", "27/1/0.9",
    )  # fmt: skip
    assert Peers(bucket, PREFIX).values(9) == {1: 0.5, 6: 1e-05}


def test_s3_that_fails_stops_nothing_and_is_named_once_and_not_asked_each_second() -> None:
    bucket = MemoryBucket("1/1/0.9", "3/1/0.9", fails=True)
    of = watcher(bucket, [(1.0, 0.1)])
    of.watcher.look()
    of.watcher.look()
    assert (of.stops, bucket.requests) == (0, 1)
    of = watcher(bucket, [(step, 0.1) for step in (1.0, 3.0, 9.0)])
    for _ in range(4):
        of.watcher.look()
    [line] = of.lines
    assert "the training continues: S3 refused." in line


def test_a_later_attempt_starts_where_the_trial_was_and_a_trial_is_stopped_once() -> None:
    bucket = MemoryBucket("1/7/0.2", "3/7/0.2", "3/1/0.9", "9/1/0.9")
    of = watcher(bucket, [(1.0, 0.1), (3.0, 0.1)])
    of.watcher.look()
    assert of.stops == 0
    of = watcher(bucket, [(1.0, 0.1), (3.0, 0.1), (9.0, 0.1), (27.0, 0.1)])
    of.watcher.look()
    of.watcher.look()
    assert (of.stops, of.watcher.stopped_early.level) == (1, 9)


def test_the_points_of_a_metric_are_those_of_all_attempts_and_of_its_first_source(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.metrics_file.write_text('{"step": 1, "accuracy": 0.1}\n{"step": 2, "accuracy": 0.2, "loss": 9}\n')
    lines: list[str] = []
    series = Series(layout, lines.append)
    series.start([])
    accuracy, loss = series.follow("accuracy"), series.follow("loss")
    series.read(
        b"Epoch 2/9\n12/12 - 1s - loss: 0.5 - accuracy: 0.25\n"
        b"Epoch 3/9\n12/12 - 1s - loss: 0.4 - accuracy: nan\n"
    )
    assert accuracy()[:2] == [(1, 0.1), (2, 0.25)]
    assert accuracy()[2][0] == 3 and math.isnan(accuracy()[2][1])
    with layout.metrics_file.open("a") as file:
        file.write('{"loss": 0.3}\n{"step": 5, "loss": 0.2}\n{"step": 6, "lo')
    assert loss() == [(2, 9), (3, 0.3), (5, 0.2)]
    assert loss() == [(2, 9), (3, 0.3), (5, 0.2)]


def test_asha_saves_at_least_half_of_the_steps_at_the_same_best() -> None:
    results = [bench.search(bench.curves(seed), bench.by_rule(Halving("maximize"))) for seed in range(5)]
    assert statistics.median(each.saved for each in results) >= 0.5
    assert statistics.median(each.regret for each in results) == 0


def document(**early_stop: Any) -> bytes:
    known = {"method": "median", "metric": "loss", "goal": "minimize", "prefix": PREFIX, "trial": 3}
    return json.dumps({
        "schema": 1, "bucket": "data", "project": "penguins", "entrypoint": "train.py", "code": [],
        "inputs": [], "hyperparameters": {}, "environment": {},
        "checkpoints": {"interval_seconds": 30, "keep": 3},
        "resources": {"gpus": 0}, "early_stop": {**known, **early_stop},
    }).encode()  # fmt: skip


def test_the_plan_names_the_rule_and_the_folder_of_the_sweep() -> None:
    assert plan.read(document(), "data").early_stop == EarlyStop("median", "loss", "minimize", PREFIX, 3)


@pytest.mark.parametrize("wrong", [
    {"method": "none"}, {"goal": "up"}, {"metric": 7}, {"trial": 0}, {"trial": "1"},
    {"prefix": "runs/penguins/x/"}, {"prefix": "sweeps/penguins/"}, {"prefix": "sweeps/penguins/../x/"},
    {"prefix": "sweeps/other/x/"}, {"prefix": "sweeps/penguins/x/y/"},
])  # fmt: skip
def test_a_plan_with_another_rule_or_folder_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(EndError, match=r"early_stop|goal|method|metric|prefix"):
        plan.read(document(**wrong), "data")
