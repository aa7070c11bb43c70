"""Seconds on the GPU instance of the same training, with and without a preparation step, and their ratio.

python tests/bench/prepared_training.py [ORDERS]; both are examples/prepared on this machine: without a step,
the GPU instance runs prepare.py before train.py. A second training uses the prepared data again.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CODE = Path(__file__).parents[2] / "examples/prepared/code"
CUSTOMERS = 10_000


def main(orders: int) -> None:
    """Write raw CSVs, prepare them, train on them, and print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_raw(folder, orders)
        prepares, trains = run("prepare.py", folder), run("train.py", folder)
    without = prepares + trains
    print(f"{orders:,} orders, 3 epochs, seconds\n{'':34}{'CPU instance':>14}{'GPU instance':>14}  GPU ratio")
    for title, on_cpu, on_gpu in (
        ("without a step", 0.0, without),
        ("with a step", prepares, trains),
        ("with data that are prepared", 0.0, trains),
    ):
        print(f"{title:34}{on_cpu:14.1f}{on_gpu:14.1f}  {on_gpu / without:9.2f}")


def write_raw(folder: Path, orders: int) -> None:
    """Orders of 28 days in four files, and their customers."""
    random = np.random.default_rng(1)
    for name in ("orders", "customers"):
        (folder / name).mkdir()
    numbers = np.array_split(np.arange(orders), 4)
    for number, part in enumerate(numbers):
        with (folder / "orders" / f"orders-{number}.csv").open("w") as file:
            file.write("order,customer,day,quantity,price,amount\n")
            drawn = zip(
                part,
                random.integers(CUSTOMERS, size=len(part)),
                random.integers(1, 29, size=len(part)),
                random.integers(1, 10, size=len(part)),
                random.random(len(part)) * 100,
                strict=True,
            )
            file.writelines(
                f"{order},{customer},2026-11-{day:02},{quantity},{price:.2f},{quantity * price:.2f}\n"
                for order, customer, day, quantity, price in drawn
            )
    rows = [f"{n},{18 + n % 70},{'business' if n % 3 else 'private'}" for n in range(CUSTOMERS)]
    (folder / "customers" / "customers.csv").write_text("\n".join(["customer,age,kind", *rows]) + "\n")


def run(script: str, folder: Path) -> float:
    """How many seconds the script takes, from the start of Python."""
    began = time.perf_counter()
    environment = os.environ | {
        "SM_CHANNEL_ORDERS": str(folder / "orders"), "SM_CHANNEL_CUSTOMERS": str(folder / "customers"),
        "PREPARED_DIR": str(folder / "prepared"), "SM_CHANNEL_PREPARED": str(folder / "prepared"),
        "SM_MODEL_DIR": str(folder / "model"), "TF_CPP_MIN_LOG_LEVEL": "3",
    }  # fmt: skip
    subprocess.run(
        [sys.executable, str(CODE / script)], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
