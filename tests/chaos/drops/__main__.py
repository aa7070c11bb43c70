"""`python -m chaos.drops`, in the folder `tests`: plays as many drops as you like, and prints figures.

A failure ends it with the shortest drop that was found, what happened, and the seed of its lot.
"""

import argparse
import sys
import time

from chaos.drops.play import play
from chaos.drops.strategies import drops
from chaos.drops.verdict import COUNTED
from droptrain_core.telemetry import logger
from hypothesis import HealthCheck, Phase, given, seed, settings

LOT = 1000


def main() -> None:
    """Play the drops and print what happened in them."""
    parser = argparse.ArgumentParser(prog="python -m chaos.drops", description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000, help="how many drops (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first thousand (default: 1)")
    options = parser.parse_args()
    logger.setLevel("CRITICAL")
    started, cpu = time.monotonic(), time.process_time()
    explore(options.examples, options.seed)
    for name, count in COUNTED.items():
        print(f"{name:<29}{count}")
    print(f"{'promises broken':<29}none")
    print(f"{'seconds':<29}{time.monotonic() - started:.0f}")
    print(f"{'seconds of CPU':<29}{time.process_time() - cpu:.0f}")


def explore(examples: int, first_seed: int) -> None:
    """Play that many drops; AssertionError with the shortest that breaks a promise."""
    for number in range(-(-examples // LOT)):
        lot = settings(
            max_examples=min(LOT, examples - number * LOT),
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        print(f"{COUNTED['drops']:>7} of {examples}, seed {first_seed + number}", file=sys.stderr)
        seed(first_seed + number)(lot(given(drops())(play)))()


if __name__ == "__main__":
    main()
