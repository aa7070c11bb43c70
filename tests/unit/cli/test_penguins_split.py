"""The example's data: what is committed is what its split makes, and the test set is honest."""

import csv
import importlib.util
from collections import Counter
from pathlib import Path

EXAMPLE = Path(__file__).parents[3] / "examples" / "penguins"


def _split_module():
    spec = importlib.util.spec_from_file_location("penguins_split", EXAMPLE / "split.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows(name: str) -> list[dict[str, str]]:
    with (EXAMPLE / "data" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_splitting_again_makes_the_committed_bytes(tmp_path: Path):
    _split_module().main(tmp_path)
    for name in ("train.csv", "test.csv"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / "data" / name).read_bytes()


def test_the_split_does_not_hang_on_the_order_of_the_raw_rows():
    split = _split_module()
    raw = split.read(EXAMPLE / "raw" / "penguins.csv")
    assert split.split(raw) == split.split(raw[::-1])


def test_no_penguin_is_in_both_files_and_none_with_measurements_is_lost():
    train, test = _rows("train.csv"), _rows("test.csv")
    both = Counter(map(tuple, (row.values() for row in train + test)))
    assert len(train) + len(test) == 342
    assert max(both.values()) == 1


def test_each_species_gives_a_quarter_of_its_penguins_to_the_test():
    train, test = (Counter(row["species"] for row in _rows(name)) for name in ("train.csv", "test.csv"))
    assert set(train) == set(test) == {"Adelie", "Chinstrap", "Gentoo"}
    for species, count in test.items():
        assert abs(count - (count + train[species]) / 4) < 1
