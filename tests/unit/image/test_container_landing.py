"""A file's MD5 while the file comes in parts."""

import hashlib
from pathlib import Path

import pytest
from droptrain_container.landing import Landing

PART = 64 << 10
CONTENT = bytes(range(256)) * (4 * PART // 256)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


def write(path: Path, *numbers: int, content: bytes = CONTENT) -> None:
    with path.open("r+b" if path.exists() else "wb") as out:
        for number in numbers:
            out.seek(number * PART)
            out.write(content[number * PART :][:PART])


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 3, 2), (3, 2, 1, 0)])
def test_parts_may_come_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    path = tmp_path / "coming"
    path.touch()
    landing = Landing(path, PART, PART)
    for number in order:
        write(path, number)
        landing.follow()
    assert landing.is_whole(path, MD5)


def test_what_has_come_is_read_before_the_rest_is_here(tmp_path: Path) -> None:
    path = tmp_path / "coming"
    write(path, 0, 1, 2, 3)
    landing = Landing(path, PART, PART)
    landing.follow()
    write(path, 0, content=bytes(len(CONTENT)))
    assert landing.is_whole(path, MD5)


def test_a_part_that_still_comes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "coming"
    write(path, 0, 3)
    with path.open("r+b") as out:
        out.seek(PART)
        out.write(CONTENT[PART:][: PART // 2 + 1])
    landing = Landing(path, PART, PART)
    landing.follow()
    write(path, 1, 2)
    assert landing.is_whole(path, MD5)


def test_what_was_read_too_early_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "coming"
    write(path, 0, 1, content=bytes(len(CONTENT)))
    landing = Landing(path, PART, PART)
    landing.follow()
    write(path, 0, 1, 2, 3)
    assert not landing.is_whole(path, MD5)


def test_another_file_of_the_name_is_not_the_one_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "coming"
    write(path, 0, 1, 2, 3)
    landing = Landing(path, PART, PART)
    path.rename(tmp_path / "other")
    write(path, 0, 1, 2, 3)
    assert not landing.is_whole(path, MD5)


def test_following_after_the_end_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "coming"
    write(path, 0, 1, 2, 3)
    landing = Landing(path, PART, 0)
    assert landing.is_whole(path, MD5)
    landing.follow()
