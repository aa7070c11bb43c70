"""Split raw/penguins.csv into data/train.csv and data/test.csv; the same bytes on every machine."""

import csv
import hashlib
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
MEASUREMENTS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
MISSING = "NA"
TEST_PART = 4  # one penguin in four, of each species, is kept for the test

Row = dict[str, str]


def split(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """(train, test) with the species in the same proportions, in an order that says nothing of the species.

    A row without its measurements is left out: nothing of the penguin was observed. An unknown sex stays, as
    an empty field; the model learns with it.
    """
    by_species: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if MISSING not in {row[name] for name in MEASUREMENTS}:
            by_species[row["species"]].append({
                name: "" if value == MISSING else value for name, value in row.items()
            })  # fmt: skip
    train: list[Row] = []
    test: list[Row] = []
    for penguins in by_species.values():
        penguins.sort(key=_shuffled)
        test += penguins[::TEST_PART]
        train += [row for place, row in enumerate(penguins) if place % TEST_PART]
    return sorted(train, key=_shuffled), sorted(test, key=_shuffled)


def _shuffled(row: Row) -> str:
    """A place in an order that depends on the row alone, not on a seed or on Python's version."""
    return hashlib.sha256("\0".join(row.values()).encode()).hexdigest()


def read(path: Path) -> list[Row]:
    """The rows of a CSV with a header line."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[Row]) -> None:
    """Write `rows` below a header line."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(folder: Path = HERE / "data") -> None:
    """Write both files into `folder`."""
    train, test = split(read(HERE / "raw" / "penguins.csv"))
    write(folder / "train.csv", train)
    write(folder / "test.csv", test)
    print(f"{len(train)} penguins to learn from, {len(test)} to be tested with, in {folder}")


if __name__ == "__main__":
    main()
