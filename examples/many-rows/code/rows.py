"""Streams CSVs of numbers, plain or gzip, in blocks: no more than two blocks are in memory at a time."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np

BLOCK_BYTES = 8 << 20
# As much as the processor's cache holds while it is parsed.
_SLICE_BYTES = 1 << 17
_COMMA, _END, _MINUS, _POINT = b",\n-."
_IS_MARK = np.zeros(256, bool)
_IS_MARK[[_COMMA, _END, _POINT]] = True
_PAD = b"0" * 8
_TENS = 10.0 ** np.arange(9)


def header_of(path: Path) -> list[str]:
    """The names of the columns in the file's first line; none in an empty file."""
    with _open(path) as file:
        line = file.readline().decode().strip()
        return line.split(",") if line else []


def blocks(path: Path, columns: int, block_bytes: int = BLOCK_BYTES) -> Iterator[np.ndarray]:
    """The rows below the header, as arrays of float32; an empty value is NaN. ValueError for other text."""
    with _open(path) as file:
        file.readline()
        rest = b""
        while data := file.read(block_bytes):
            data = rest + data.replace(b"\r", b"")
            cut = data.rfind(b"\n") + 1
            whole, rest = data[:cut], data[cut:]
            if whole:
                yield _parse(whole, columns)
        if rest:
            yield _parse(rest + b"\n", columns)


def _parse(lines: bytes, columns: int) -> np.ndarray:
    found, start = [], 0
    while start < len(lines):
        end = lines.find(b"\n", min(start + _SLICE_BYTES, len(lines) - 1)) + 1
        found.append(_numbers(lines[start:end], columns))
        start = end
    return np.concatenate(found)


def _numbers(lines: bytes, columns: int) -> np.ndarray:
    """The numbers of complete lines: eight digits before the point and after it, all numbers at once."""
    padded = np.frombuffer(_PAD + lines, np.uint8)
    marks = np.flatnonzero(_IS_MARK[padded])
    kinds = padded[marks]
    at_end = np.flatnonzero(kinds != _POINT)
    ends = marks[at_end]
    if len(ends) % columns or not (padded[ends[columns - 1 :: columns]] == _END).all():
        raise ValueError(f"a row hasn't {columns} columns")
    has_point = (kinds[at_end - 1] == _POINT) & (at_end > 0)
    points = np.where(has_point, marks[at_end - 1], ends)
    starts = np.concatenate(([len(_PAD)], ends[:-1] + 1))
    negative = padded[starts] == _MINUS
    wholes = points - starts - negative
    decimals = np.maximum(ends - points - 1, 0)
    is_plain = (
        not lines.translate(None, b"0123456789.-,\n")
        and len(marks) - len(ends) == has_point.sum()
        and lines.count(b"-") == negative.sum()
        and max(wholes.max(), decimals.max()) <= len(_PAD)
    )
    if not is_plain:  # exponents, spaces, more digits; float() raises ValueError for what isn't a number
        values = [float(each or "nan") for each in lines.decode().replace("\n", ",").split(",")[:-1]]
        return np.array(values, np.float32).reshape(-1, columns)
    words = np.frombuffer(_PAD + lines + (_PAD * 2)[: 8 + -len(lines) % 8], np.uint64)
    values = _eight_digits(words, points, wholes) + _eight_digits(words, ends, decimals) / _TENS[decimals]
    values[wholes + decimals == 0] = np.nan
    return np.where(negative, -values, values).astype(np.float32).reshape(-1, columns)


def _eight_digits(words: np.ndarray, ends: np.ndarray, used: np.ndarray) -> np.ndarray:
    """The numbers that the last `used` characters before `ends` make up (little-endian), by halves."""
    place, shift = (ends - 8) >> 3, ((ends & 7) << 3).astype(np.uint64)
    found = (words[place] >> shift) | (words[place + 1] << (np.uint64(64) - shift))
    unused = ((8 - used) << 3).astype(np.uint64)
    found = (found >> unused << unused) & np.uint64(0x0F0F0F0F0F0F0F0F)
    found = found * np.uint64(2561) >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)
    found = found * np.uint64(6553601) >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)
    return found * np.uint64(42949672960001) >> np.uint64(32)


def _open(path: Path):
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")
