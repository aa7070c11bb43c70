"""What the dataset of a drop is called."""

import os
from pathlib import Path

import pytest

from droptrain.drop_plan import content_digest, dataset_name


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("train.csv", "test.csv")}
    for path in made.values():
        path.write_text("a\n")
        os.utime(path, (0, 1_763_863_800))  # 2025-11-23 02:10 UTC
    return made


def digest(files: dict[str, Path]) -> str:
    return content_digest(files, lambda count: None)


def test_names_and_contents_make_the_digest_and_times_do_not(files: dict[str, Path]) -> None:
    first = digest(files)
    assert digest(dict(reversed(files.items()))) == first
    os.utime(files["train.csv"], (0, 1_763_950_200))
    assert digest(files) == first
    files["train.csv"].write_text("b\n")
    assert digest(files) != first
    files["train.csv"].write_text("a\n")
    assert digest({"train.csv": files["train.csv"], "other.csv": files["test.csv"]}) != first


def test_a_dataset_with_the_same_content_is_taken_whatever_its_day(files: dict[str, Path]) -> None:
    found = digest(files)
    assert dataset_name(files, found, ["first"]) == f"2025-11-23-{found}"
    os.utime(files["train.csv"], (0, 1_763_950_200))
    assert dataset_name(files, found, ["2025-11-24-00000000"]) == f"2025-11-24-{found}"
    known = ["first", f"mine-{found}", f"2025-11-23-{found}"]
    assert dataset_name(files, found, known) == f"2025-11-23-{found}"


def test_the_bytes_are_counted_as_they_are_read(files: dict[str, Path]) -> None:
    counted: list[int] = []
    content_digest(files, counted.append)
    assert sum(counted) == sum(path.stat().st_size for path in files.values())
