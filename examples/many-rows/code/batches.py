"""The rows of many files as batches for `model.fit`: the last column is the label."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import rows
import tensorflow as tf


def shuffled_batches(files: Sequence[Path], columns: list[str], batch_size: int) -> tf.data.Dataset:
    """Every row once an epoch: files in another order each time, rows shuffled within each block."""
    generator = np.random.default_rng(1)

    def blocks() -> Iterator[np.ndarray]:
        for number in generator.permutation(len(files)):
            for block in rows.blocks(files[number], columns):
                yield block[generator.permutation(len(block))]

    data = tf.data.Dataset.from_generator(blocks, output_signature=tf.TensorSpec((None, len(columns))))
    return (
        data.rebatch(batch_size).map(lambda block: (block[:, :-1], block[:, -1])).prefetch(tf.data.AUTOTUNE)
    )
