"""How long `droptrain --help` takes above a Python that does nothing.

Rounds are interleaved, so that a busy moment hits all commands alike; medians are told.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

LIMIT_SECONDS = 0.12
NOTHING = [sys.executable, "-c", "pass"]
DROPTRAIN = [sys.executable, "-c", "from droptrain_cli.main import main; main()"]
COMMANDS = {
    "nothing_s": NOTHING,
    "help_s": [*DROPTRAIN, "--help"],
    "help_of_a_command_s": [*DROPTRAIN, "runs", "--help"],
}


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often to measure (default: 20)")
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds + 1):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    # The first round reads what later ones find in memory.
    medians = {name: round(statistics.median(each[1:]), 3) for name, each in times.items()}
    above = round(medians["help_s"] - medians["nothing_s"], 3)
    print(json.dumps({**medians, "above_nothing_s": above, "limit_s": LIMIT_SECONDS, "rounds": rounds}))


def seconds(command: Sequence[str]) -> float:
    """How long a command takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
