"""Rows a second from a CSV of numbers: by examples/many-rows, by make_csv_dataset, and the bytes alone.

python tests/bench/csv_rows.py [ROWS]; each figure is the best of three passes over a file in the page cache.
"""

import gzip
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
EXAMPLE = Path(__file__).parents[2] / "examples/many-rows/code"
COLUMNS = 8


def main(count: int) -> None:
    """Write a file of so many rows, read it in each way, and print a table."""
    sys.path.insert(0, str(EXAMPLE))
    import numpy as np
    import rows
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        path, part = Path(folder, "train.csv"), Path(folder, "part.csv.gz")
        values = np.random.default_rng(1).normal(size=(count, COLUMNS))
        header = ",".join(f"c{number}" for number in range(COLUMNS))
        np.savetxt(path, values, fmt="%.5f", delimiter=",", header=header, comments="")
        part.write_bytes(gzip.compress(path.read_bytes(), 6))

        def by_make_csv_dataset() -> int:
            data = tf.data.experimental.make_csv_dataset(
                str(path), 1024, label_name=f"c{COLUMNS - 1}", num_epochs=1, shuffle=False
            )
            return sum(int(label.shape[0]) for _, label in data)

        def streamed(file: Path) -> Callable[[], int]:
            return lambda: sum(len(block) for block in rows.blocks(file, header.split(",")))

        slow = best(by_make_csv_dataset, count)
        figures = {
            "make_csv_dataset": slow,
            "examples/many-rows, one CSV": best(streamed(path), count),
            "examples/many-rows, gzip": best(streamed(part), count),
            "the bytes alone": best(lambda: len(path.read_bytes()) and count, count),
        }
    print(f"{count:,} rows of {COLUMNS} columns\n{'':30}{'rows a second':>15}  ratio")
    for name, figure in figures.items():
        print(f"{name:30}{figure:15,.0f}  {figure / slow:5.1f}")


def best(read: Callable[[], int], count: int) -> float:
    """Rows a second of the best of three passes."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        assert read() == count
        took.append(time.perf_counter() - began)
    return count / min(took)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
