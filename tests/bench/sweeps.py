"""Sweeps: what a Bayesian search gains over a random one, and what a trial costs beside its training.

PYTHONPATH=tests python tests/bench/sweeps.py branin [SEEDS]    trials until a value near Branin's optimum
PYTHONPATH=tests python tests/bench/sweeps.py trials [TRIALS]   a two-line script on the laptop cloud
"""

import math
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.trial import Trial
from support.laptop_user import User
from support.records import run
from support.sweeping import SEARCH
from support.waiting import wait_for

from droptrain_local.cloud import LaptopCloud

# Branin's least value is 0.3979, at three places.
NEAR = 0.6
MOST_TRIALS = 200
TRAINS = """echo '{"step": 1, "loss": '$HP_X'}' >> "$METRICS_FILE"\n"""
RECIPE = "hyperparameters: {x: 0.5}\nmetric: {name: loss, goal: minimize}\ntimeout: 5m\n"


def branin(x: float, y: float) -> float:
    """A function with three equal minima: Dixon and Szegö, 1978."""
    bowl = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def compare(seeds: int) -> None:
    """Print medians for each method: trials until a value is near the optimum, and the best values."""
    print(f"Branin, {seeds} seeds{'trials to':>18} {NEAR}{'best of 20':>14}{'best of 50':>14}")
    for method in ("random", "bayesian"):
        values = [searched(method, seed) for seed in range(seeds)]
        reached = [
            next((at for at, value in enumerate(each, 1) if value <= NEAR), MOST_TRIALS) for each in values
        ]
        best = [statistics.median(min(each[:count]) for each in values) for count in (20, 50)]
        print(f"{method:20}{statistics.median(reached):17.1f}{best[0]:18.3f}{best[1]:14.3f}")


def searched(method: Any, seed: int) -> list[float]:
    """The values of trials that end one after another."""
    sweep, trials = new_sweep(method, seed), list[Trial]()
    while len(trials) < MOST_TRIALS and min((each.value or 99.0 for each in trials), default=99.0) > NEAR:
        trials.append(ended(len(trials) + 1, SEARCH.draw(sweep, trials)))
    while len(trials) < 50:
        trials.append(ended(len(trials) + 1, SEARCH.draw(sweep, trials)))
    return [each.value or 0.0 for each in trials]


def new_sweep(method: Any, seed: int) -> Sweep:
    """A sweep over Branin's space."""
    at = "2026-11-23T02:10:00Z"
    return Sweep(
        sweep_id="s", project="p", dataset="d", status="RUNNING", created_at=at, updated_at=at,
        created_order=at, created_by="ann", method=method, trials=500, parallel=1, early_stop="none",
        space={"x": "-5.0..10.0", "y": "0.0..15.0"}, seed=seed, metric="loss", goal="minimize",
        template=run(),
    )  # fmt: skip


def ended(number: int, parameters: Mapping[str, Any]) -> Trial:
    """The trial with these parameters, at its end."""
    done = Trial(number, f"run-{number}", "SUCCEEDED", parameters)
    return replace(done, value=branin(parameters["x"], parameters["y"]))


def overhead(count: int) -> None:
    """Print the calls of the sweep's function for each trial, and the seconds between two trials."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "calls.jsonl"
        with LaptopCloud(settle_seconds=1, work_dir=Path(folder), record=record) as cloud:
            user = User(cloud, "p", [])
            user.publish(TRAINS, RECIPE)
            user.drop()
            user.run_with("SUCCEEDED")
            began = time.monotonic()
            given = {"project": "p", "method": "random", "trials": count, "space": {"x": "0..1"}}
            _, sweep = user.call("POST", "/sweeps", given)
            place = f"/sweeps/{sweep['sweep_id']}"

            def done() -> bool:
                return bool(user.call("GET", place)[1]["status"] != "RUNNING")

            wait_for("the end of the sweep", done, 60.0 * count)
            took = time.monotonic() - began
            waits = [*between(user, sweep["sweep_id"])]
        lines = record.read_text("utf-8").splitlines()
        calls = sum("TrialEndedRole" in line for line in lines)
    print(f"{count} trials, 4 at a time: {took:.0f} s, {took / count:.2f} s a trial")
    print(f"calls of trial_ended for each trial: {calls / count:.1f}")
    print(f"from a trial's end to the next one's claim: median {statistics.median(waits):.2f} s")


def between(user: User, sweep_id: str) -> list[float]:
    """The seconds from each recorded end of a trial to the first claim after it; claims have milliseconds."""
    table = user.cloud.client("dynamodb").get_paginator("scan").paginate(TableName=user.cloud.ready.table)
    items = [item for page in table for item in page["Items"] if item.get("sweep", {}).get("S") == sweep_id]
    claims = sorted(moment(item["created_order"]["S"].partition("#")[0]) for item in items)
    ends = sorted(moment(item["history"]["L"][-1]["M"]["at"]["S"]) for item in items)
    return [next(claim - end for claim in claims if claim > end) for end in ends if end < claims[-1]]


def moment(text: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    what, *number = sys.argv[1:]
    measures = {"branin": (compare, 20), "trials": (overhead, 200)}
    measure, default = measures[what]
    measure(int(number[0]) if number else default)
