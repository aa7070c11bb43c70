"""examples/many-rows: what its reader streams and refuses."""

import gzip
import importlib.util
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


def test_memory_does_not_grow_with_the_file(rows: ModuleType, tmp_path: Path) -> None:
    def most_bytes(times: int) -> int:
        path = tmp_path / "train.csv"
        path.write_bytes(b"a,b,c,d\n" + csv(VALUES).partition(b"\n")[2] * times)
        return max(pa.total_allocated_bytes() for _ in rows.blocks(path, ["a", "b", "c", "d"], 1 << 16))

    assert most_bytes(320) < 2 * most_bytes(80)
