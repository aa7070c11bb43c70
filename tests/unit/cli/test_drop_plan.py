"""What the dataset of a drop is called."""

import os
from pathlib import Path

from droptrain_cli.drop_plan import dataset_for


def test_the_same_files_get_the_same_name_and_changed_ones_another(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("train.csv", "test.csv")}
    for path in files.values():
        path.write_text("a\n")
        os.utime(path, (0, 1_763_863_800))  # 2025-11-23 02:10 UTC
    name = dataset_for(files)
    assert name.startswith("2025-11-23-")
    assert dataset_for(dict(reversed(files.items()))) == name
    os.utime(files["train.csv"], (0, 1_763_950_200))
    assert dataset_for(files).startswith("2025-11-24-")
    os.utime(files["train.csv"], (0, 1_763_863_800))
    assert dataset_for(files) == name
    files["train.csv"].write_text("a\n1\n")
    os.utime(files["train.csv"], (0, 1_763_863_800))
    assert dataset_for(files) != name
