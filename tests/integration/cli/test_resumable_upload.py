"""Files are uploaded whole or in parts, and what was interrupted goes on."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from droptrain_cli.errors import CommandError
from droptrain_cli.resumable_upload import ResumableUpload

MIB = 1 << 20
PART = 5 * MIB  # S3's least
KEY = "projects/p/data/d/größe + 100%.csv"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        made = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket="data")
        made.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        made.calls = Counter()
        made.meta.events.register("before-call", lambda model, **_: made.calls.update([model.name]))
        yield made


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Three parts and a bit, each other than the others."""
    path = tmp_path / "large.csv"
    path.write_bytes(b"".join(bytes([65 + number]) * PART for number in range(3)) + b"end\n")
    return path


def put(s3: Any, path: Path, progress: Any = lambda count: None) -> str:
    return ResumableUpload(s3, "data", progress, part_bytes=PART).put(path, KEY)


def digest_of(s3: Any, version: str) -> str:
    body = s3.get_object(Bucket="data", Key=KEY, VersionId=version)["Body"].read()
    return hashlib.sha256(body).hexdigest()


def interrupt_after(parts: int) -> Any:
    done = []

    def progress(count: int) -> None:
        done.append(count)
        if len(done) == parts:
            raise KeyboardInterrupt

    return progress


def test_a_small_file_is_one_request(s3: Any, tmp_path: Path) -> None:
    path = tmp_path / "small.csv"
    path.write_bytes(b"a\n1\n")
    told: list[int] = []
    version = put(s3, path, told.append)
    assert s3.get_object(Bucket="data", Key=KEY)["VersionId"] == version
    assert (s3.calls["PutObject"], sum(told)) == (1, 4)


def test_a_large_file_goes_in_parts(s3: Any, large: Path) -> None:
    told: list[int] = []
    version = put(s3, large, told.append)
    assert digest_of(s3, version) == hashlib.sha256(large.read_bytes()).hexdigest()
    assert (s3.calls["UploadPart"], sum(told)) == (4, large.stat().st_size)


def test_what_was_interrupted_goes_on_with_the_parts_that_are_there(s3: Any, large: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        put(s3, large, interrupt_after(1))
    (upload,) = s3.list_multipart_uploads(Bucket="data")["Uploads"]
    there = len(s3.list_parts(Bucket="data", Key=KEY, UploadId=upload["UploadId"])["Parts"])
    sent = s3.calls["UploadPart"]
    told: list[int] = []
    version = put(s3, large, told.append)
    assert there >= 1
    assert s3.calls["UploadPart"] - sent == 4 - there
    assert s3.calls["CreateMultipartUpload"] == 1
    assert sum(told) == large.stat().st_size
    assert digest_of(s3, version) == hashlib.sha256(large.read_bytes()).hexdigest()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="data")


def test_parts_of_what_has_changed_since_are_sent_again(s3: Any, large: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        put(s3, large, interrupt_after(2))
    large.write_bytes(large.read_bytes().replace(b"A", b"Z"))
    version = put(s3, large)
    assert digest_of(s3, version) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_an_upload_of_another_key_is_left_alone(s3: Any, large: Path) -> None:
    s3.create_multipart_upload(Bucket="data", Key=KEY + ".old")
    put(s3, large)
    assert len(s3.list_multipart_uploads(Bucket="data")["Uploads"]) == 1


def test_a_file_that_no_bucket_takes_is_told_so(s3: Any, tmp_path: Path) -> None:
    path = tmp_path / "sparse.csv"
    with path.open("wb") as stream:
        stream.truncate(5 * 1024**4 + 1)
    with pytest.raises(CommandError, match="5 TiB"):
        put(s3, path)
