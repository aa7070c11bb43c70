"""Interrupts every call of every scenario in every way, and prints what was tried.

    python tests/chaos/crash_points/every_point.py

The calls are those that each scenario makes: a new call is covered by itself. Exit code 1 if an interruption
changed what is left in the end.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from chaos.crash_points.points import disturbed, points, undisturbed
from chaos.crash_points.scenarios import SCENARIOS
from core_stack import core_stack
from droptrain.telemetry import logger


def main() -> int:
    """Go through all; the number of points at which something was left otherwise."""
    logger.setLevel("CRITICAL")
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    started, tried, wrong = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder, core_stack(Path(folder), maxv_cpus=1) as stack:
        for scenario in SCENARIOS:
            wanted = undisturbed(stack, scenario)
            found = points(stack, scenario)
            print(f"{scenario.name}: {len(found)} points", file=sys.stderr)
            for number, call, kind in found:
                tried += 1
                left = disturbed(stack, scenario, number, kind)
                if left != wanted:
                    wrong += 1
                    print(f"{scenario.name}, call {number} ({call}) {kind}:\n  {left}\n  not {wanted}")
    print(f"scenarios        {len(SCENARIOS)}")
    print(f"crash points     {tried}")
    print(f"left otherwise   {wrong}")
    print(f"seconds          {time.monotonic() - started:.0f}")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
