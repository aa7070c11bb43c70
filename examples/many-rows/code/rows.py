"""Streams CSVs of numbers, plain or gzip, in blocks, so that memory doesn't grow with the file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

BLOCK_BYTES = 8 << 20


def header_of(path: Path) -> list[str]:
    """The names of the columns in the file's first line; none in an empty file."""
    with pa.input_stream(path) as file:
        line = file.read(1 << 20).partition(b"\n")[0].decode().strip()
        return line.split(",") if line else []


def blocks(path: Path, columns: list[str], block_bytes: int = BLOCK_BYTES) -> Iterator[np.ndarray]:
    """The rows below the header, as arrays of float32; an empty value is NaN.

    pyarrow.ArrowInvalid names the row and the value that isn't a number.
    """
    if not header_of(path):
        return
    numbers = csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.float32()), include_columns=columns)
    with pa.input_stream(path) as file:
        reader = csv.open_csv(file, csv.ReadOptions(block_size=block_bytes), convert_options=numbers)
        for batch in reader:
            yield np.column_stack([column.to_numpy(zero_copy_only=False) for column in batch.columns])
