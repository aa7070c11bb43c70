"""Joins orders with their customers, makes numbers of all columns, splits the rows, writes TFRecord files."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import tensorflow as tf

ROWS_A_FILE = 500_000
TEST_PERCENT = 10
LABEL = "amount"


def joined(orders: Path, customers: Path) -> pl.DataFrame:
    """All orders with their customers' columns, as float32; an order of an unknown customer is left out."""
    return (
        pl.scan_csv(orders / "orders-*.csv", try_parse_dates=True)
        .join(pl.scan_csv(customers / "customers.csv"), on="customer", how="inner")
        .with_columns(
            weekday=pl.col("day").dt.weekday(),
            is_business=pl.col("kind") == "business",
            is_test=pl.col("order").hash(seed=1) % 100 < TEST_PERCENT,
        )
        .select("quantity", "price", "weekday", "age", "is_business", LABEL, "is_test")
        .with_columns(pl.exclude("is_test").cast(pl.Float32))
        .collect()
    )


def examples(rows: pl.DataFrame) -> Iterator[bytes]:
    """Each row as a serialized tf.train.Example: its features, and its label."""
    features, labels = rows.drop(LABEL).to_numpy(), rows[LABEL].to_numpy()
    for values, label in zip(features, labels, strict=True):
        feature = {
            "features": tf.train.Feature(float_list=tf.train.FloatList(value=values)),
            "label": tf.train.Feature(float_list=tf.train.FloatList(value=[label])),
        }
        yield tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def write(rows: pl.DataFrame, folder: Path) -> None:
    """Write the rows below `folder`, so many to a file."""
    folder.mkdir(parents=True)
    for number, part in enumerate(rows.iter_slices(ROWS_A_FILE)):
        with tf.io.TFRecordWriter(str(folder / f"{number:05}.tfrecord")) as writer:
            for example in examples(part):
                writer.write(example)


def main() -> None:
    channels = {name: Path(os.environ[f"SM_CHANNEL_{name.upper()}"]) for name in ("orders", "customers")}
    rows = joined(channels["orders"], channels["customers"])
    target = Path(os.environ["PREPARED_DIR"])
    for name, is_test in (("train", False), ("test", True)):
        chosen = rows.filter(pl.col("is_test") == is_test).drop("is_test")
        write(chosen.sample(fraction=1.0, shuffle=True, seed=1), target / name)
        print(f"{name}_rows = {len(chosen)}")


if __name__ == "__main__":
    main()
