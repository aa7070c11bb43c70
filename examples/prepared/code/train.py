"""Trains a regression of an order's amount from the TFRecord files that prepare.py has written."""

import argparse
import os
from pathlib import Path

import tensorflow as tf

FEATURES = 5

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--batch_size", type=int, default=1024)
parser.add_argument("--prepared", type=Path, default=os.environ["SM_CHANNEL_PREPARED"])
parser.add_argument("--model_dir", type=Path, default=os.environ["SM_MODEL_DIR"])
options = parser.parse_args()

SHAPE = {
    "features": tf.io.FixedLenFeature([FEATURES], tf.float32),
    "label": tf.io.FixedLenFeature([], tf.float32),
}


def parse(batch):
    found = tf.io.parse_example(batch, SHAPE)
    return found["features"], found["label"]


def data(name: str) -> tf.data.Dataset:
    """Batches of the rows in all files of a split."""
    files = sorted(map(str, Path(options.prepared, name).glob("*.tfrecord")))
    records = tf.data.TFRecordDataset(files, num_parallel_reads=tf.data.AUTOTUNE)
    return records.batch(options.batch_size).map(parse, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


inputs = tf.keras.Input((FEATURES,))
hidden = tf.keras.layers.Dense(32, activation="relu")(tf.keras.layers.BatchNormalization()(inputs))
model = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(hidden))
model.compile("adam", "mae")
model.fit(data("train"), epochs=options.epochs, verbose=2)
print(f"test_loss = {model.evaluate(data('test'), verbose=0):.4f}")
model.export(Path(options.model_dir) / "1")
