"""Other formats than CSV: what is broken for certain is an error, and what readers open is none."""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.preflight.facts import Piece
from droptrain_core.domain.recipes.recipe import Recipe

from droptrain_cli.decide_here import decide_here

Found = Callable[[str, bytes], list[tuple[str, str]]]
# What tf.io.TFRecordWriter writes for the record b"abc" (TensorFlow 2).
RECORD = bytes.fromhex("0300000000000000b099490e6162636e57f121")
PARQUET = b"PAR1\x15\x04" + b"x" * 100 + b"\x19\x3c" * 8 + (16).to_bytes(4, "little") + b"PAR1"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 30
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n"


def zipped(size: int, comment: bytes = b"") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.csv", b"x" * size)
        archive.comment = comment
    return content.getvalue()


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """(rule, level) of the findings of a launch, after a comparison with those of `droptrain validate`."""

    def judge(name: str, body: bytes) -> list[tuple[str, str]]:
        item = Input("training", ObjectVersion(name, "v", len(body), "e"))
        read = preflight.read([item], lambda each: [
            Piece(start, body[start : start + length]) for start, length in preflight.ranges(name, len(body))
        ], {})  # fmt: skip
        launched = [(each.rule, each.level) for each in preflight.judge(read, {}, [item])]
        tmp_path.joinpath(name).write_bytes(body)
        draft, _ = decide_here(Recipe(inputs={"training": name}), code={}, data={name: tmp_path / name})
        assert [(each.rule, each.level) for each in draft.findings] == launched
        return launched

    return judge


@pytest.mark.parametrize(("name", "body"), [
    ("a.parquet", PARQUET),
    ("a.parquet", PARQUET[:50] + b"x" * 300_000 + PARQUET[50:]),
    ("a.parquet", PARQUET[:-4] + b"PARE"),
    ("a.tfrecord", RECORD),
    ("a.tfrecords", RECORD * 9000),
    ("a.tfrecord", gzip.compress(RECORD)),
    ("a.tfrecord", zlib.compress(RECORD)),
    ("a.tfrecord.gz", gzip.compress(RECORD)),
    ("a.zip", zipped(10)),
    ("a.zip", b"#!/bin/sh\n" + zipped(300_000, b"c" * 0xFFFF)),
    ("a.npz", zipped(10)),
    ("a.jsonl", b'\n{"a": NaN}\n{"a": 2}\n'),
    ("a.jsonl", b'{"a": "' + b"x" * 5000 + b'"}\n'),
    ("a.jpg", PNG),
    ("a.webp", b"RIFF\x24\0\0\0WEBPVP8 "),
    ("a.txt", LFS),
    ("a.html", b"<!DOCTYPE html>\n"),
    ("model.bin", b"anything"),
])  # fmt: skip
def test_nothing_is_said_of_what_readers_open_and_of_formats_that_are_not_looked_into(
    found: Found, name: str, body: bytes
) -> None:
    assert found(name, body) == []


@pytest.mark.parametrize(("name", "body", "rule", "level"), [
    ("a.parquet", PARQUET[:-1], "broken", "error"),
    ("a.parquet", PARQUET[:60], "broken", "error"),
    ("a.parquet", PARQUET[:-8] + b"\xff\xff\xff\x7fPAR1", "broken", "error"),
    ("a.parquet", b"a,b\n1,2\n", "broken", "error"),
    ("a.PARQUET", LFS, "stand_in", "error"),
    ("a.tfrecord", b"\0" + RECORD, "broken", "error"),
    ("a.tfrecord", RECORD[:11], "broken", "error"),
    ("a.tfrecord", b"a,b\n1,2\n3,4\n5,6\n", "broken", "error"),
    ("a.zip", zipped(300_000)[:-30], "broken", "error"),
    ("a.png", LFS, "stand_in", "error"),
    ("a.jpg", b"<!DOCTYPE html>\n<html></html>", "stand_in", "error"),
    ("a.png", b"a,b\n1,2\n", "unlike_name", "warning"),
    ("a.jsonl", b"a,b\n1,2\n", "unlike_name", "warning"),
    ("a.json.gz", b'{"a": 1}\n', "not_gzip", "warning"),
])  # fmt: skip
def test_what_no_reader_opens_is_an_error_and_what_some_code_may_is_a_warning(
    found: Found, name: str, body: bytes, rule: str, level: str
) -> None:
    assert found(name, body) == [(rule, level)]


def test_a_launch_reads_little_of_a_large_file_of_another_format() -> None:
    for name in ("a.parquet", "a.tfrecord", "a.zip", "a.jsonl", "a.png"):
        assert sum(length for _, length in preflight.ranges(name, 5 << 40)) < 3 * 64 * 1024
        assert preflight.ranges(name, 0) == []


@pytest.mark.parametrize("name", ["a.parquet", "a.tfrecord", "a.zip", "a.jsonl", "a.png"])
@pytest.mark.parametrize("body", [b"", b"\0", b"x", b"\xff" * 13, json.dumps([[]] * 3).encode() + b"\n"])
def test_no_bytes_break_a_look(found: Found, name: str, body: bytes) -> None:
    assert len(found(name, body)) <= 1
