"""Searches for the optimum of Branin's function, which is known, for tests and benches of the samplers."""

import math
from dataclasses import replace
from typing import Any

from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.trial import Trial
from support.records import run
from support.sweeping import SEARCH

# The least value is 0.3979, at three places.
NEAR = 0.6
MOST_TRIALS = 200


def branin(x: float, y: float) -> float:
    """Dixon and Szegö, 1978."""
    bowl = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def searched(method: Any, seed: int, at_least: int = 1) -> list[float]:
    """The values of trials that end one after another, until one is near the optimum."""
    sweep, trials = _sweep(method, seed), list[Trial]()
    values: list[float] = []
    while len(values) < at_least or (min(values) > NEAR and len(values) < MOST_TRIALS):
        parameters = SEARCH.draw(sweep, trials)
        values.append(branin(parameters["x"], parameters["y"]))
        done = Trial(len(values), f"run-{len(values)}", "SUCCEEDED", parameters)
        trials.append(replace(done, value=values[-1]))
    return values


def trials_to_optimum(values: list[float]) -> int:
    """The number of the first trial near the optimum; MOST_TRIALS if none is."""
    return next((number for number, value in enumerate(values, 1) if value <= NEAR), MOST_TRIALS)


def _sweep(method: Any, seed: int) -> Sweep:
    at = "2026-11-23T02:10:00Z"
    return Sweep(
        sweep_id="s", project="p", dataset="d", status="RUNNING", created_at=at, updated_at=at,
        created_order=at, created_by="ann", method=method, trials=500, parallel=1, early_stop="none",
        space={"x": "-5.0..10.0", "y": "0.0..15.0"}, seed=seed, metric="loss", goal="minimize",
        template=run(),
    )  # fmt: skip
