"""Prepared data are stored whole, or the step fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from droptrain_container import prepared
from droptrain_container.exit_codes import EndError
from droptrain_container.layout import Layout
from droptrain_container.results import Results


class ChangingBucket:
    """A bucket in memory; another process changes the folder after the first upload."""

    def __init__(self, change: Callable[[], object]) -> None:
        self.keys: list[str] = []
        self._change = change

    def upload(self, path: Path, key: str) -> None:
        path.read_bytes()
        self.keys.append(key)
        if len(self.keys) == 1:
            self._change()

    def put(self, key: str, body: bytes) -> None:
        del body
        self.keys.append(key)


def store(tmp_path: Path, change: Callable[[Path], object]) -> ChangingBucket:
    layout = Layout(tmp_path)
    layout.make()
    for name in "abc":
        (layout.output_data / name).write_text(name)
    bucket = ChangingBucket(lambda: change(layout.output_data))
    as_bucket: Any = bucket
    results = Results(as_bucket, "runs/p/r/", layout, lambda line: None, 1)
    prepared.upload(as_bucket, "prepared/p/d/r/1-1/", layout, results)
    return bucket


@pytest.mark.parametrize("name", ["a", "c"])
@pytest.mark.parametrize("change", [lambda path: path.write_text("other"), lambda path: path.unlink()])
def test_a_file_that_changes_while_it_is_uploaded_fails_the_step(
    tmp_path: Path, name: str, change: Callable[[Path], object]
) -> None:
    with pytest.raises(EndError, match=f"passed over {name}: it was changed while it was upload") as caught:
        store(tmp_path, lambda folder: change(folder / name))
    assert caught.value.code == "prepared_incomplete"


def test_the_manifest_is_written_after_all_files(tmp_path: Path) -> None:
    keys = store(tmp_path, lambda folder: None).keys
    assert sorted(keys[:3]) == [f"prepared/p/d/r/1-1/data/{name}" for name in "abc"]
    assert keys[3:] == ["prepared/p/d/r/1-1/manifest.json"]
