"""Trains a small convolutional network on pictures made here, for some seconds; tells of it in JSON."""

import json
import sys
import time
from typing import Any

import numpy as np
import tensorflow as tf

SIZE = 64
ROWS = 8192


def data(batch: int) -> Any:
    """Pictures that are bright in one of four corners, as a pipeline that prepares batches ahead."""
    random = np.random.default_rng(0)
    pictures = random.random((ROWS, SIZE, SIZE, 3), dtype=np.float32)
    labels = random.integers(0, 4, ROWS)
    half = SIZE // 2
    for label in range(4):
        top, left = half * (label // 2), half * (label % 2)
        pictures[labels == label, top : top + half, left : left + half] += 0.1
    with tf.device("/CPU:0"):
        dataset = tf.data.Dataset.from_tensor_slices((pictures, labels))
    return dataset.shuffle(ROWS).repeat().batch(batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def main(seconds: float) -> None:
    """Train, on a GPU in batches that keep it busy."""
    began = time.monotonic()
    gpus = [gpu.name for gpu in tf.config.list_physical_devices("GPU")]
    batch, width = (256, 128) if gpus else (16, 16)
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Input((SIZE, SIZE, 3)),
            *(
                tf.keras.layers.Conv2D(filters, 3, 2, activation="relu")
                for filters in (width, 2 * width, 4 * width)
            ),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(4),
        ]
    )
    optimizer = tf.keras.optimizers.Adam(1e-3)
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(pictures: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(pictures, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    batches = iter(data(batch))
    steps, waited, losses = 0, 0.0, []
    loops_from = time.monotonic()
    while time.monotonic() - began < seconds or not steps:
        asked = time.monotonic()
        pictures, labels = next(batches)
        waited += time.monotonic() - asked
        losses.append(float(step(pictures, labels)))
        steps += 1
    print(json.dumps({
        "framework": f"TensorFlow {tf.__version__}",
        "gpus": gpus,
        "steps": steps, "batch": batch,
        "loop_seconds": time.monotonic() - loops_from, "waited_seconds": waited,
        "first_loss": losses[0], "last_loss": sum(losses[-10:]) / len(losses[-10:]),
    }))  # fmt: skip


if __name__ == "__main__":
    main(float(sys.argv[1]))
