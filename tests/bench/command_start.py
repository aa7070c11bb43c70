"""How long `droptrain --help` takes above an empty Python: python tests/bench/command_start.py [ROUNDS]."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

ROUNDS = 20
TARGET_SECONDS = 0.25  # above `python -c pass`
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "droptrain --help": [sys.executable, "-c", "from droptrain_cli.main import main; main()", "--help"],
    "droptrain runs --help": [
        sys.executable,
        "-c",
        "from droptrain_cli.main import main; main()",
        "runs",
        "-h",
    ],
}


def seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def medians(rounds: int) -> dict[str, float]:
    """The median of each command's times; rounds are interleaved, so that a busy moment hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        seconds(command)
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> int:
    found = medians(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
    base = found["python -c pass"]
    for name, median in found.items():
        print(f"{name:<22} {median * 1000:6.0f} ms  {(median - base) * 1000:+5.0f} ms")
    above = found["droptrain --help"] - base
    print(f"{'within' if above <= TARGET_SECONDS else 'ABOVE'} the target of {TARGET_SECONDS * 1000:.0f} ms")
    return 0 if above <= TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
