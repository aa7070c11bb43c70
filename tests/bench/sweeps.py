"""Sweeps: what a Bayesian search gains over a random one, and what a trial costs beside its training.

PYTHONPATH=tests python tests/bench/sweeps.py branin [SEEDS]    trials until a value near Branin's optimum
PYTHONPATH=tests python tests/bench/sweeps.py trials [TRIALS]   a two-line script on the laptop cloud
"""

import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.domain.runs.run import TERMINAL
from support.branin import NEAR, searched, trials_to_optimum
from support.laptop_user import User
from support.table_changes import table_changes

from droptrain_local.cloud import LaptopCloud

PARALLEL = 4
LOOK_SECONDS = 1.0
TRAINS = """echo '{"step": 1, "loss": '$HP_X'}' >> "$METRICS_FILE"\n"""
RECIPE = "hyperparameters: {x: 0.5}\nmetric: {name: loss, goal: minimize}\ntimeout: 5m\n"


def compare(seeds: int) -> None:
    """Print medians for each method: trials until a value is near the optimum, and the best values."""
    print(f"Branin, {seeds} seeds{'trials to':>18} {NEAR}{'best of 20':>14}{'best of 50':>14}")
    for method in ("random", "bayesian"):
        values = [searched(method, seed, at_least=50) for seed in range(seeds)]
        reached = statistics.median(map(trials_to_optimum, values))
        best = [statistics.median(min(each[:count]) for each in values) for count in (20, 50)]
        print(f"{method:20}{reached:17.1f}{best[0]:18.3f}{best[1]:14.3f}")


def overhead(count: int) -> None:
    """Print what each trial costs beside its training: calls, and the time between two trials."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "calls.jsonl"
        with LaptopCloud(settle_seconds=1, work_dir=Path(folder), record=record) as cloud:
            user = User(cloud, "p", [])
            user.publish(TRAINS, RECIPE)
            user.drop()
            user.run_with("SUCCEEDED")
            began = time.monotonic()
            given = {"project": "p", "method": "bayesian", "trials": count, "space": {"x": "0..1"}}
            _, sweep = user.call("POST", "/sweeps", {**given, "parallel": PARALLEL})
            table = SweepTable(cloud.client("dynamodb"), cloud.ready.table)
            while (found := table.get(sweep["sweep_id"])) and not found.ended:
                time.sleep(LOOK_SECONDS)
            took = time.monotonic() - began
            steps = [*handovers(table_changes(cloud), sweep["sweep_id"])]
        calls = Counter(
            each["operation"]
            for each in map(json.loads, record.read_text("utf-8").splitlines())
            if "TrialEndedRole" in each["principal"]
        )
    print(f"{count} trials, {PARALLEL} at a time: {took:.0f} s, {took / count:.2f} s a trial")
    print(f"calls of trial_ended for each trial: {calls.total() / count:.1f}")
    for name, number in calls.most_common():
        print(f"  {name:40}{number / count:6.1f}")
    for part in (steps[: len(steps) // 4], steps[-len(steps) // 4 :], steps):
        drawn, claimed = ([each[at] for each in part] for at in (0, 1))
        print(
            f"{len(part):4} handovers, seconds: median {statistics.median(drawn):.2f} until the draw, "
            f"{statistics.median(claimed):.2f} until the claim, at most {max(claimed):.2f}"
        )


def handovers(
    changed: Iterable[tuple[float, Mapping[str, Any]]], sweep_id: str
) -> Iterator[tuple[float, float]]:
    """The seconds from each end that frees a place to the next trial's draw, and to its claim."""
    drawn, claimed, ended = dict[int, float](), dict[int, float](), dict[int, float]()
    for at, item in changed:
        if item.get("sweep_id") == sweep_id:
            drawn.setdefault(item.get("launched", 0), at)
        if item.get("sweep") == sweep_id:
            claimed.setdefault(item["trial"], at)
            if item["status"] in TERMINAL:
                ended.setdefault(item["trial"], at)
    for number, end in enumerate(sorted(ended.values()), PARALLEL + 1):
        if number in claimed:
            yield drawn[number] - end, claimed[number] - end


if __name__ == "__main__":
    what, *number = sys.argv[1:]
    measures = {"branin": (compare, 20), "trials": (overhead, 200)}
    measure, default = measures[what]
    measure(int(number[0]) if number else default)
