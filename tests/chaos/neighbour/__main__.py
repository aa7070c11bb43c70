"""`python -m chaos.neighbour`, in the folder `tests`: how long good drops take beside a hostile project's."""

import argparse
import sys
from dataclasses import replace
from statistics import median

from chaos.burst.uploads_queue import settings_of_template
from chaos.neighbour.neighbour import alone, beside
from droptrain_core.telemetry import logger

TRIED = ((100, False), (1000, False), (3000, False), (1000, True), (3000, True))
SECONDS_OF_MINUTE = (0, 10, 20, 30, 40, 50)
GOOD_AT = (0.0, *(float(at) for at in range(10, 900, 20)))
# How many times as long as usual a good drop may take, by UploadConcurrency.
MOST = {4: 4.0, 22: 2.0}
COUNTED = ("postponed", "dead_letters")


def main() -> int:
    """Print the worst of all times of a minute for each number of hostile drops.

    Exit code 1 if a good drop beside them took longer than it may.
    """
    settings = settings_of_template()
    parser = argparse.ArgumentParser(prog="python -m chaos.neighbour", description=__doc__)
    parser.add_argument("--lanes", type=int, choices=MOST, default=settings.lanes, help="UploadConcurrency")
    settings = replace(settings, lanes=parser.parse_args().lanes)
    logger.setLevel("CRITICAL")
    usual = alone(settings)
    print(f"A good drop alone: {usual:.1f} s, {settings.delay_seconds} of which are SettleSeconds\n")
    print("hostile   longest  of alone  median  postponed  answered  until  dead letters")
    worst = 0.0
    for hostile, is_crowd in TRIED:
        tried = [
            beside(hostile, GOOD_AT, settings, second, is_crowd=is_crowd) for second in SECONDS_OF_MINUTE
        ]
        longest = max(max(got.good_seconds) for got in tried)
        worst = max(worst, longest / usual)
        middle = median(seconds for got in tried for seconds in got.good_seconds)
        postponed, dead_letters = (max(getattr(got, name) for got in tried) for name in COUNTED)
        until = max(got.hostile_seconds for got in tried)
        print(
            f"{hostile:>7}{'*' if is_crowd else ' '} {longest:>7.1f}  {longest / usual:>8.2f}"
            f"  {middle:>6.1f}  {postponed:>9}  {min(got.rejected for got in tried):>8}"
            f"  {until:>5.0f}  {dead_letters:>12}",
            flush=True,
        )
    print("\n* files of one folder that has too many")
    return int(worst > MOST[settings.lanes])


if __name__ == "__main__":
    sys.exit(main())
