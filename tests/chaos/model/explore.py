"""Tries as many schedules of the model as one likes, each lot from a seed, and prints what was tried.

    python tests/chaos/model/explore.py --schedules 20000 --seed 1

A failure ends it with the steps that led there, as short as could be found, and the seed of its lot.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from chaos.model.machine import COUNTED, Everything, Launching
from droptrain.telemetry import logger
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

LOT = 1000


def explore(schedules: int, first_seed: int) -> None:
    """Try that many schedules; AssertionError with the shortest steps to one that breaks a promise."""
    logger.setLevel("CRITICAL")
    started = time.monotonic()
    for number in range(-(-schedules // LOT)):
        lot = settings(
            max_examples=min(LOT, schedules - number * LOT),
            stateful_step_count=50,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        print(f"{COUNTED['schedules']:>7} of {schedules}, seed {first_seed + number}", file=sys.stderr)
        machine = Launching if number % 2 else Everything
        run_state_machine_as_test(seed(first_seed + number)(machine), settings=lot)
    for name, count in sorted(COUNTED.items()):
        print(f"{name:<16} {count}")
    print(f"{'seconds':<16} {time.monotonic() - started:.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--schedules", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    explore(asked.schedules, asked.seed)
