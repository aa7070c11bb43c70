"""examples/many-rows: what its reader streams and refuses."""

import gzip
import importlib.util
import tracemalloc
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

CODE = Path(__file__).parents[3] / "examples/many-rows/code"
VALUES = np.random.default_rng(1).normal(size=(3000, 4)) * 1000


@pytest.fixture
def rows() -> ModuleType:
    spec = importlib.util.spec_from_file_location("many_rows", CODE / "rows.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def csv(values: np.ndarray, end: str = "\n") -> bytes:
    lines = ["a,b,c,d", *(",".join(f"{value:.5f}" for value in row) for row in values)]
    return (end.join(lines) + end).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("block_bytes", [100, 4096, 1 << 20])
def test_every_row_is_read_once_whatever_the_block(
    rows: ModuleType, tmp_path: Path, end: str, block_bytes: int
) -> None:
    plain, part = tmp_path / "train.csv", tmp_path / "part-0.csv.gz"
    plain.write_bytes(csv(VALUES, end).rstrip())
    part.write_bytes(gzip.compress(csv(VALUES, end)))
    for path in (plain, part):
        assert rows.header_of(path) == ["a", "b", "c", "d"]
        found = np.concatenate([*rows.blocks(path, ["a", "b", "c", "d"], block_bytes)])
        np.testing.assert_allclose(found, VALUES, rtol=1e-6, atol=1e-5)


def test_columns_come_in_the_order_that_is_asked_for_and_an_empty_value_is_nan(
    rows: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(b"b,a\n1e3,-2.5\n,.5\n")
    (found,) = rows.blocks(path, ["a", "b"])
    np.testing.assert_array_equal(found, [[-2.5, 1000], [0.5, np.nan]])
    path.write_bytes(b"")
    assert not [*rows.blocks(path, ["a", "b"])]


@pytest.mark.parametrize(("text", "problem"), [
    (b"1-2,3", "invalid value '1-2'"), (b"cat,1", "invalid value 'cat'"), (b"1,2,3", "Expected 2 columns"),
])  # fmt: skip
def test_what_is_no_row_of_numbers_is_an_error_that_names_it(
    rows: ModuleType, tmp_path: Path, text: bytes, problem: str
) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(b"a,b\n1,2\n" + text + b"\n")
    with pytest.raises(pa.ArrowInvalid, match=problem):
        next(rows.blocks(path, ["a", "b"]))


def test_the_error_counts_rows_from_the_start_of_the_file(rows: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(b"a\n" + b"1\n" * 100 + b"x\n")
    with pytest.raises(pa.ArrowInvalid, match=r"train\.csv, below its first 100 rows: .*Row #1: .*'x'"):
        [*rows.blocks(path, ["a"], block_bytes=50)]


def test_blank_lines_and_quoted_names_are_read_as_other_readers_do(rows: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(b'\xef\xbb\xbf"a","b"\r\n1,2\r\n' + b"\r\n" * 50 + b"3,4\r\n\r\n")
    assert rows.header_of(path) == ["a", "b"]
    found = np.concatenate([*rows.blocks(path, ["a", "b"], block_bytes=8)])
    np.testing.assert_array_equal(found, [[1, 2], [3, 4]])


def test_memory_does_not_grow_with_the_file(rows: ModuleType, tmp_path: Path) -> None:
    path, block_bytes = tmp_path / "train.csv", 1 << 16
    path.write_bytes(b"a,b,c,d\n" + csv(VALUES).partition(b"\n")[2] * 300)
    tracemalloc.start()
    try:
        for _ in rows.blocks(path, ["a", "b", "c", "d"], block_bytes):
            pass
        most = tracemalloc.get_traced_memory()[1] + pa.default_memory_pool().max_memory()
    finally:
        tracemalloc.stop()
    assert most < path.stat().st_size / 4
