"""Would it pay to keep an idle instance for as long as the arrival of runs suggests? A simulation.

Prints, for patterns of arrival, the minutes of an instance for each run that are paid and train nothing: idle
ones and those of cold starts. `never` is AWS Batch's own behaviour, `always` keeps an instance for a day, and
`auto` sets KeepInstanceMinutes after each run to what would have been cheapest for the last runs. `best` is
the cheapest fixed value for all runs of the pattern.
"""

import argparse
import random
import statistics
from collections.abc import Callable, Iterator, Sequence

# Minutes. AWS Batch's users report that it keeps an instance for so long when nothing follows.
BATCH_KEEPS = 10.0
TRAINING = 6.0
DAY = 24 * 60.0
# KeepInstanceMinutes takes 0, or 20 to a day; auto has a cap.
CHOICES = (0, 20, 30, 45, 60, 90, 120)
ALWAYS = 1440
REMEMBERED = 20


def regular(every: float, jitter: float) -> Callable[[random.Random], Iterator[float]]:
    """Runs at a distance of so many minutes, give or take."""

    def gaps(chance: random.Random) -> Iterator[float]:
        while True:
            yield max(0.0, every + chance.uniform(-jitter, jitter) - TRAINING)

    return gaps


def bursts(runs: int, within: float, every: float) -> Callable[[random.Random], Iterator[float]]:
    """So many runs at short random distances, and a pause until the next burst."""

    def gaps(chance: random.Random) -> Iterator[float]:
        while True:
            for _ in range(runs - 1):
                yield chance.expovariate(1 / within)
            yield chance.uniform(0.7, 1.3) * every

    return gaps


def at_random(every: float) -> Callable[[random.Random], Iterator[float]]:
    """Runs at random, at a mean distance of so many minutes."""

    def gaps(chance: random.Random) -> Iterator[float]:
        while True:
            yield chance.expovariate(1 / every)

    return gaps


PATTERNS = {
    "every 15 minutes": regular(15, 3),
    "every 25 minutes": regular(25, 5),
    "hourly": regular(60, 5),
    "daily": regular(DAY, 60),
    "at random, 20 minutes apart": at_random(20),
    "at random, 2 hours apart": at_random(120),
    "bursts of 10 every morning": bursts(10, 12, DAY - 120),
    "bursts of 5, twice a day": bursts(5, 20, DAY / 2 - 100),
    "somebody tries things, an afternoon a week": bursts(25, 15, 7 * DAY),
}


def paid(gaps: Sequence[float], keep: int, cold_start: float) -> float:
    """Minutes paid without training between runs at these distances."""
    kept = max(keep, BATCH_KEEPS)
    return sum(gap if gap <= kept else kept + cold_start for gap in gaps)


def auto(gaps: Sequence[float], cold_start: float) -> float:
    """What is paid if each distance is met with what was cheapest for the last ones."""
    total = 0.0
    for number, gap in enumerate(gaps):
        past = gaps[max(0, number - REMEMBERED) : number]
        total += paid([gap], min(CHOICES, key=lambda keep: (paid(past, keep, cold_start), keep)), cold_start)
    return total


def main() -> None:
    """Simulate, and print a table and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="runs of each pattern (default: 2000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--cold-start", type=float, default=8.0,
        help="minutes that a cold start is paid for; 8 is an estimate for an image of 4 GB",
    )  # fmt: skip
    options = parser.parse_args()
    print(f"{'minutes paid for each run':44} never  always  auto  best  auto/never")
    ratios = []
    for name, pattern in PATTERNS.items():
        chance = random.Random(options.seed)
        arriving = pattern(chance)
        gaps = [next(arriving) for _ in range(options.runs)]
        fixed = {keep: paid(gaps, keep, options.cold_start) / len(gaps) for keep in (*CHOICES, ALWAYS)}
        chosen = auto(gaps, options.cold_start) / len(gaps)
        ratios.append(chosen / fixed[0])
        figures = (fixed[0], fixed[ALWAYS], chosen, min(fixed.values()))
        print(f"{name:44}" + "".join(f"{each:7.1f}" for each in figures) + f"{ratios[-1]:8.2f}")
    print(f"mean of auto/never: {statistics.mean(ratios):.2f}; below 0.90 it would pay")


if __name__ == "__main__":
    main()
