"""Rows a second from CSVs of numbers: by examples/many-rows, by make_csv_dataset, and the bytes alone.

python tests/bench/csv_rows.py [ROWS]; each figure is the best of three passes over files in the page cache.
Other programs on the machine change the rows a second, but hardly the CPU time.
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
NAMES = [f"c{number}" for number in range(8)]
PARTS = 8
BATCH = 1024


def main(count: int) -> None:
    """Write so many rows as one file and as gzip parts, read them in each way, and print a table."""
    sys.path.insert(0, str(EXAMPLE))
    import numpy as np
    import rows
    import tensorflow as tf
    from batches import shuffled_batches

    with tempfile.TemporaryDirectory() as folder:
        path, header = Path(folder, "train.csv"), ",".join(NAMES)
        values = np.random.default_rng(1).normal(size=(count, len(NAMES)))
        np.savetxt(path, values, fmt="%.5f", delimiter=",", header=header, comments="")
        _, *lines = path.read_bytes().splitlines(keepends=True)
        parts = [Path(folder, f"part-{number}.csv.gz") for number in range(PARTS)]
        for number, part in enumerate(parts):
            part.write_bytes(gzip.compress(f"{header}\n".encode() + b"".join(lines[number::PARTS])))

        def by_make_csv_dataset(shuffle: bool) -> tf.data.Dataset:
            return tf.data.experimental.make_csv_dataset(
                str(path), BATCH, label_name=NAMES[-1], num_epochs=1, shuffle=shuffle
            )

        def labels_of(data: tf.data.Dataset) -> Callable[[], int]:
            return lambda: sum(int(label.shape[0]) for _, label in data)

        def rows_of(files: list[Path]) -> Callable[[], int]:
            return lambda: sum(len(block) for file in files for block in rows.blocks(file, NAMES))

        print(f"{count:,} rows of {len(NAMES)} columns\n{'':34}{'rows a second':>15}  CPU time  ratio")
        slow = show("make_csv_dataset, in order", labels_of(by_make_csv_dataset(False)), count)
        show("rows.blocks, in order", rows_of([path]), count, slow)
        show("rows.blocks of gzip parts, in order", rows_of(parts), count, slow)
        slow = show("make_csv_dataset, shuffled", labels_of(by_make_csv_dataset(True)), count)
        show("shuffled_batches", labels_of(shuffled_batches([path], NAMES, BATCH)), count, slow)
        show("shuffled_batches of gzip parts", labels_of(shuffled_batches(parts, NAMES, BATCH)), count, slow)
        show("the bytes alone", lambda: len(path.read_bytes()) and count, count, slow)


def show(name: str, read: Callable[[], int], count: int, slow: float | None = None) -> float:
    """Print the rows a second of the best of three passes, and return them."""
    took = []
    for _ in range(3):
        began, cpu = time.perf_counter(), time.process_time()
        assert read() == count
        took.append((time.perf_counter() - began, time.process_time() - cpu))
    wall, cpu = min(took)
    ratio = f"{count / wall / slow:7.1f}" if slow else ""
    print(f"{name:34}{count / wall:15,.0f}{cpu:8.2f} s{ratio}", flush=True)
    return count / wall


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
