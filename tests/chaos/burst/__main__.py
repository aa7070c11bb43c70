"""`python -m chaos.burst`, in the folder `tests`: how a burst drains by the number of lanes."""

import argparse
from dataclasses import replace

from chaos.burst.burst import drain, limit_seconds
from chaos.burst.uploads_queue import settings_of_template
from droptrain_core.telemetry import logger

TRIED_LANES = (2, 4, 10, 22, 50)


def main() -> None:
    """Print a line for each number of lanes; the template's own is marked."""
    parser = argparse.ArgumentParser(prog="python -m chaos.burst", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000, help="datasets at once (default: 10000)")
    events = parser.parse_args().events
    logger.setLevel("CRITICAL")
    settings = settings_of_template()
    print(f"{events} uploads; the throttle allows them in {limit_seconds(events):.0f} s\n")
    print("lanes    seconds  of limit  throttles  most receives  dead letters  lost")
    for lanes in sorted({*TRIED_LANES, settings.lanes}):
        got = drain(events, replace(settings, lanes=lanes))
        mark = "*" if lanes == settings.lanes else " "
        print(
            f"{lanes:>5}{mark}  {got.seconds:>8.1f}  {got.seconds / limit_seconds(events):>8.2f}"
            f"  {got.throttles:>9}  {got.most_receives:>13}  {got.dead_letters:>12}  {got.lost:>4}",
            flush=True,
        )
    print("\n* the template's default")


if __name__ == "__main__":
    main()
