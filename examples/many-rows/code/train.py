"""Trains a regression of the last column on the others, from more rows than fit into memory."""

import argparse
import os
from pathlib import Path

import rows
import tensorflow as tf
from batches import shuffled_batches

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--batch_size", type=int, default=1024)
parser.add_argument("--training", type=Path, default=os.environ["SM_CHANNEL_TRAINING"])
parser.add_argument("--model_dir", type=Path, default=os.environ["SM_MODEL_DIR"])
options = parser.parse_args()

files = sorted(path for path in Path(options.training).rglob("*") if path.name.endswith((".csv", ".csv.gz")))
names = next(filter(None, map(rows.header_of, files)))  # an empty part has no header
inputs = tf.keras.Input((len(names) - 1,))
hidden = tf.keras.layers.Dense(32, activation="relu")(tf.keras.layers.BatchNormalization()(inputs))
model = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(hidden))
model.compile("adam", "mse")
model.fit(shuffled_batches(files, names, options.batch_size), epochs=options.epochs, verbose=2)
model.export(Path(options.model_dir) / "1")
