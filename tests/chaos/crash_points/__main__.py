"""`python -m chaos.crash_points`, in the folder `tests`: every call of every scenario, failing in every way.

The calls are those that each scenario makes: a new call is covered by itself. Exit code 1 if an interruption
changed what is left in the end.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from chaos.crash_points.points import EVERY, disturbed, points, undisturbed
from droptrain_core.telemetry import logger
from support.core_stack import core_stack


def main() -> int:
    """Go through all; the number of points at which something was left otherwise."""
    parser = argparse.ArgumentParser(prog="python -m chaos.crash_points", description=__doc__)
    parser.add_argument("scenario", nargs="*", help="the name of one; without any, all")
    names = parser.parse_args().scenario
    logger.setLevel("CRITICAL")
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    started, wrong = time.monotonic(), 0
    tried: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, core_stack(Path(folder), maxv_cpus=1) as stack:
        for scenario in (each for each in EVERY if not names or each.name in names):
            wanted = undisturbed(stack, scenario)
            found = points(stack, scenario)
            print(f"{scenario.name}: {len(found)} points", file=sys.stderr)
            for number, call, kind in found:
                tried[kind] += 1
                left = disturbed(stack, scenario, number, kind)
                if left != wanted:
                    wrong += 1
                    print(f"{scenario.name}, call {number} ({call}) {kind}:\n  {left}\n  not {wanted}")
    print(f"{'scenarios':<29}{len(names or EVERY)}")
    print(f"{'crash points':<29}{tried.total()}")
    for name, count in sorted(tried.items()):
        print(f"{'  ' + name:<29}{count}")
    print(f"{'left otherwise':<29}{wrong}")
    print(f"{'seconds':<29}{time.monotonic() - started:.0f}")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
