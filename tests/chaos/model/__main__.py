"""`python -m chaos.model`, in the folder `tests`: as many schedules of the model as one likes.

A failure ends it with the steps that led there, as short as could be found, and the seed of its lot.
"""

import argparse
import sys
import time

from chaos.model.machine import COUNTED, Everything, Launching
from chaos.model.retrain_machine import Retraining
from chaos.model.sweep_machine import Sweeping
from droptrain_core.telemetry import logger
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

LOT = 1000


def main() -> None:
    """Try the schedules and print what happened in them."""
    parser = argparse.ArgumentParser(prog="python -m chaos.model", description=__doc__)
    parser.add_argument("--schedules", type=int, default=20_000, help="how many to try (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="of the first thousand (default: 1)")
    options = parser.parse_args()
    logger.setLevel("CRITICAL")
    started = time.monotonic()
    explore(options.schedules, options.seed)
    for name, count in sorted(COUNTED.items()):
        print(f"{name:<29}{count}")
    print(f"{'promises broken':<29}none")
    print(f"{'seconds':<29}{time.monotonic() - started:.0f}")


def explore(schedules: int, first_seed: int) -> None:
    """Try that many schedules; AssertionError with the shortest steps to one that breaks a promise."""
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
        machine = (Everything, Launching, Sweeping, Retraining)[number % 4]
        run_state_machine_as_test(seed(first_seed + number)(machine), settings=lot)


if __name__ == "__main__":
    main()
