"""Streams CSVs of numbers, plain or gzip, in blocks, so that memory doesn't grow with the file."""

import io
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import csv

BLOCK_BYTES = 1 << 19
EMPTY = ["", "NA", "NaN", "null"]  # a short list: pyarrow compares every value with it
THREADS = os.cpu_count() or 1


def header_of(path: Path) -> list[str]:
    """The names of the columns in the file's first line; none in an empty file."""
    with opened(path) as file:
        line = file.readline().strip()
    return csv.read_csv(pa.py_buffer(line + b"\n")).column_names if line else []


def blocks(path: Path, columns: list[str], block_bytes: int = BLOCK_BYTES) -> Iterator[np.ndarray]:
    """The rows below the header, in their order, as arrays of float32; the values in EMPTY become NaN.

    Threads parse the next blocks while you use one: pyarrow lets Python's other threads run meanwhile.
    pyarrow.ArrowInvalid names the file, the row and the value that isn't a number.
    """
    header = header_of(path)
    numbers = csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.float32()), include_columns=columns, null_values=EMPTY
    )

    def parse(text: bytes) -> np.ndarray:
        options = csv.ReadOptions(column_names=header, block_size=len(text), use_threads=False)
        table = csv.read_csv(pa.py_buffer(text), options, convert_options=numbers)
        block = np.empty(table.shape, np.float32)
        for number, column in enumerate(table.columns):
            block[:, number] = column.to_numpy()
        return block

    rows, parsing = 0, deque[Future[np.ndarray]]()
    with opened(path) as file, ThreadPoolExecutor(THREADS) as pool:
        texts = whole_lines(file, block_bytes)
        while True:
            while len(parsing) <= THREADS and (text := next(texts, None)):
                parsing.append(pool.submit(parse, text))
            if not parsing:
                return
            try:
                block = parsing.popleft().result()
            except pa.ArrowInvalid as error:
                raise pa.ArrowInvalid(f"{path.name}, below its first {rows:,} rows: {error}") from error
            rows += len(block)
            yield block


def whole_lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The text below the first line, in pieces of about `size` bytes that end with a line."""
    file.readline()
    begun = b""
    while text := file.read(size):
        end = text.rfind(b"\n") + 1
        lines = b"".join((begun, memoryview(text)[:end]))
        if end and not lines.isspace():
            yield lines
            begun = text[end:]
        else:
            begun += text
    if begun.strip():
        yield begun


def opened(path: Path) -> BinaryIO:
    """The file's text, unpacked if its name ends in .gz."""
    return io.BufferedReader(pa.input_stream(path))
