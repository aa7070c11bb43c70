"""What a drop uploads, and what its dataset is called."""

import os
from pathlib import Path

import pytest

from droptrain_cli.drop_plan import chosen_files, dataset_for, keys_of
from droptrain_cli.errors import CommandError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("train.csv", "test.csv", "parts/1.csv", ".hidden", "parts/.DS_Store"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        os.utime(path, (0, 1_763_863_800))  # 2025-11-23 02:10 UTC
    return tmp_path


def test_files_keep_their_names_and_folders_their_paths(folder: Path) -> None:
    assert list(chosen_files([folder])) == ["test.csv", "train.csv", "parts/1.csv"]
    assert list(chosen_files([folder / "parts" / "1.csv", folder / "test.csv"])) == ["1.csv", "test.csv"]


def test_what_is_not_there_or_there_twice_is_told(folder: Path) -> None:
    with pytest.raises(CommandError, match="no file"):
        chosen_files([folder / "nowhere.csv"])
    (folder / "parts" / "train.csv").touch()
    with pytest.raises(CommandError, match=r"would both be train\.csv"):
        chosen_files([folder / "train.csv", folder / "parts" / "train.csv"])
    (folder / "empty").mkdir()
    with pytest.raises(CommandError, match="nothing to drop"):
        chosen_files([folder / "empty"])


def test_the_same_files_get_the_same_name_and_changed_ones_another(folder: Path) -> None:
    files = chosen_files([folder])
    name = dataset_for(files)
    assert name.startswith("2025-11-23-")
    assert dataset_for(dict(reversed(files.items()))) == name
    os.utime(folder / "train.csv", (0, 1_763_950_200))
    changed = dataset_for(files)
    assert changed.startswith("2025-11-24-")
    assert list(keys_of("p", changed, {"a.csv": folder})) == [f"projects/p/data/{changed}/a.csv"]


@pytest.mark.parametrize(
    ("project", "dataset", "told"),
    [
        ("P!", "d", "can't be a project's name. It has 1 to 40"),
        ("p", "D 1", "can't be a dataset's name. A dataset's name has 1 to 40"),
        ("p", "d/1", "one folder"),
        ("p", "", "can't be a dataset's name"),
    ],
)
def test_a_name_that_cannot_be_is_told_before_anything_is_uploaded(
    project: str, dataset: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        keys_of(project, dataset, {"a.csv": Path()})
