"""What of a run is fetched, and where it may go."""

from pathlib import Path

import pytest

from droptrain.download import UnsafePathError, choose, place
from droptrain.run_files import RunFile

EVIL = ["../evil", "/etc/passwd", "export/../../evil", "export//x", "./x", "", "..", "export/\0", "export/"]
EVIL_ON_WINDOWS = ["C:/x", "C:x", "export/a\\..\\..\\b", "NUL", "export/con.txt", "a.txt ", "a:stream", "x."]


def file(path: str) -> RunFile:
    return RunFile(path, 1, "https://link")


@pytest.mark.parametrize("path", EVIL)
def test_no_path_leads_out_of_the_folder(path: str, tmp_path: Path):
    with pytest.raises(UnsafePathError, match="can't be saved"):
        place(tmp_path, path)


@pytest.mark.parametrize("path", EVIL_ON_WINDOWS)
def test_windows_has_more_ways_out_and_they_are_shut_there(path: str, tmp_path: Path):
    with pytest.raises(UnsafePathError):
        place(tmp_path, path, windows=True)


def test_plain_paths_keep_their_folders(tmp_path: Path):
    assert (
        place(tmp_path, "export/a b/größe.keras", windows=True) == tmp_path / "export" / "a b" / "größe.keras"
    )


def test_the_export_is_wanted_else_the_model_else_nothing():
    log, export, model = file("log.txt"), file("export/m.keras"), file("model/m.keras")
    assert choose([export, log, model], everything=False) == [export]
    assert choose([log, model], everything=False) == [model]
    assert choose([log], everything=False) == []
    assert choose([log, file("export/")], everything=True) == [log], "S3's console makes objects for folders"
