"""Steps that early stopping saves on synthetic learning curves, beside Optuna's pruners on the same ones.

python tests/bench/early_stopping.py [SEEDS]; medians over the seeds, each with 60 trials of 81 steps, 4 at a
time. Optuna's pruners have their defaults, but for the reduction factor 3 of ASHA.
"""

import heapq
import random
import statistics
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from droptrain_container.stopping_rules import Halving, Median, Rule

TRIALS, STEPS, PARALLEL = 60, 81, 4
Curve = list[float]
Stopper = Callable[[int, Curve], bool]  # whether a trial is stopped after its newest value


@dataclass
class Result:
    """The share of the steps that a search saved, and how far its best trial is behind the best of all."""

    saved: float
    regret: float


def curves(seed: int) -> list[Curve]:
    """Accuracies that rise to a limit by a power law, at their own pace and with noise; some diverge."""
    chance = random.Random(seed)
    found = []
    for _ in range(TRIALS):
        limit, pace = chance.betavariate(4, 2), chance.uniform(0.4, 1.5)
        drift = chance.uniform(0.001, 0.004) if chance.random() < 0.15 else 0.0
        start = chance.uniform(0.0, 0.3) * limit
        found.append([
            limit - (limit - start) * step**-pace - drift * step + chance.gauss(0, 0.01)
            for step in range(1, STEPS + 1)
        ])  # fmt: skip
    return found


def search(found: list[Curve], stops: Stopper) -> Result:
    """Train all trials, PARALLEL at a time, in the order in which their steps end."""
    waiting = iter(range(len(found)))
    running = [(1.0 + number / 10, number, 1) for number in (next(waiting) for _ in range(PARALLEL))]
    used, whole = 0, []
    while running:
        at, trial, step = heapq.heappop(running)
        used += 1
        if step < STEPS and not stops(trial, found[trial][:step]):
            heapq.heappush(running, (at + 1, trial, step + 1))
            continue
        if step == STEPS:
            whole.append(found[trial][-1])
        if (following := next(waiting, None)) is not None:
            heapq.heappush(running, (at + 1, following, 1))
    best = max(curve[-1] for curve in found)
    return Result(1 - used / (len(found) * STEPS), best - max(whole))


def by_rule(rule: Rule) -> Stopper:
    """The container's rule, with what the trials have reported so far at each level."""
    reports: dict[int, dict[int, float]] = {}

    def stops(trial: int, values: Curve) -> bool:
        points = [(float(step), value) for step, value in enumerate(values, 1)]
        *_, at = rule.reached(points)
        if len(at.points) < len(points):
            return False  # no level is at this step
        others = reports.setdefault(at.level, {})
        is_stopped = rule.stops(at, list(others.values()))
        others[trial] = rule.report(at)
        return is_stopped

    return stops


def by_optuna(pruner: Any) -> Stopper:
    import optuna

    study = optuna.create_study(direction="maximize", pruner=pruner)
    trials: dict[int, Any] = {}

    def stops(number: int, values: Curve) -> bool:
        trial = trials[number] if number in trials else trials.setdefault(number, study.ask())
        trial.report(values[-1], len(values))
        is_stopped = trial.should_prune()
        if is_stopped:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        elif len(values) == STEPS - 1:
            study.tell(trial, values[-1])
        return is_stopped

    return stops


def main(seeds: int) -> None:
    """Search so many times by each rule and print the medians."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    stoppers: dict[str, Callable[[], Stopper]] = {
        "asha": lambda: by_rule(Halving("maximize")),
        "Optuna's SuccessiveHalvingPruner": lambda: by_optuna(
            optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
        ),
        "median": lambda: by_rule(Median("maximize")),
        "Optuna's MedianPruner": lambda: by_optuna(optuna.pruners.MedianPruner()),
    }
    print(f"{'':34}{'steps saved':>12}{'regret':>10}{'same best':>11}{'worst':>9}")
    for name, make in stoppers.items():
        results = [search(curves(seed), make()) for seed in range(seeds)]
        saved = statistics.median(each.saved for each in results)
        regrets = [each.regret for each in results]
        same = sum(regret == 0 for regret in regrets)
        print(f"{name:34}{saved:12.1%}{statistics.median(regrets):10.4f}{same:>8}/{seeds}{max(regrets):9.4f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
