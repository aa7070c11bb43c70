"""A folder that a script wrote to: which of its entries are saved, under which names."""

import os
from pathlib import Path

import pytest
from droptrain_container import folder as folders
from droptrain_container.folder import Folder, key_of, open_regular, open_trusted
from hypothesis import given
from hypothesis import strategies as st


def names(folder: Folder) -> list[str]:
    return sorted(entry.name for entry in folder.entries())


def test_files_are_listed_with_their_folders(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    (tmp_path / "d").touch()
    folder = Folder(tmp_path, [tmp_path])
    assert names(folder) == ["a/b/c", "d"]
    assert folder.remarks("here") == []


def test_a_folder_that_is_gone_or_is_no_folder_has_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert names(Folder(tmp_path / "gone", [tmp_path])) == []
    other = Folder(tmp_path / "file", [tmp_path])
    assert names(other) == []
    assert "can't be read" in other.remarks("here")[0]


def test_a_folder_that_is_a_link_out_of_the_trusted_ones_has_no_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    folder = Folder(tmp_path / "link", [tmp_path])
    assert names(folder) == []
    assert "leads out of" in folder.remarks("here")[0]


def test_links_between_two_folders_end(tmp_path: Path) -> None:
    for one, other in ("ab", "ba"):
        (tmp_path / one).mkdir()
        (tmp_path / one / "file").touch()
        (tmp_path / one / "to").symlink_to(f"../{other}")
    folder = Folder(tmp_path, [tmp_path])
    assert names(folder) == ["a/file", "a/to/file", "b/file", "b/to/file"]
    assert "leads back" in folder.remarks("here")[0]


def test_what_can_not_be_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        (tmp_path / f"{number}").touch()
    # Who runs the tests as root may read everything.
    monkeypatch.setattr(folders.os, "access", lambda path, mode: not str(path).endswith(("1", "2", "3", "4")))
    folder = Folder(tmp_path, [tmp_path])
    assert names(folder) == ["0"]
    assert folder.remarks("here") == [
        "here: passed over 1, 2, 3 and 1 more: its permissions forbid to read it."
    ]
    monkeypatch.undo()
    assert names(folder) == ["0", "1", "2", "3", "4"]
    assert folder.remarks("here") == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_only_a_regular_file_is_opened(tmp_path: Path, make) -> None:
    make(tmp_path / "x")
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(tmp_path / "x")
    with pytest.raises(OSError, match=r"not a regular file|leads out"):
        open_trusted(tmp_path / "x", [tmp_path])


@given(st.binary(min_size=1, max_size=60))
def test_every_name_makes_a_key_that_xml_can_hold(name: bytes) -> None:
    key = key_of(os.fsdecode(name))
    key.encode()
    assert not [character for character in key if ord(character) < 0x20 or character in "\x7f\ufffe\uffff"]
    if name.isascii() and name.decode().isprintable():
        assert key == name.decode()
