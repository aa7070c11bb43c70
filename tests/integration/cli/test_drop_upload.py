"""Files on their way into the bucket: in parts, resumed, whole or not at all, against moto."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from droptrain.aws.bucket import Bucket
from moto import mock_aws

from droptrain_cli.upload import PART_BYTES, ChangedError, Upload

BUCKET = "data"
KEY = "projects/p/data/d/größe + 100%.csv"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield s3


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of four parts."""
    path = tmp_path / "train.csv"
    path.write_bytes(os.urandom(PART_BYTES * 3 + 1000))
    return path


@pytest.fixture
def upload(s3: Any) -> Callable[[Path], Upload]:
    return lambda path: Upload(s3, BUCKET, KEY, path, lambda _: None)


def content(s3: Any) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    return body


def parts_sent(s3: Any) -> list[int]:
    """The numbers of the parts that are sent from now on."""
    sent: list[int] = []
    s3.meta.events.register(
        "provide-client-params.s3.UploadPart", lambda params, **_: sent.append(params["PartNumber"])
    )
    return sent


def break_off(s3: Any, upload: Upload, after: int) -> None:
    """Send a file as far as so many parts."""
    broken = s3.upload_part

    def until(**request: Any) -> Any:
        if request["PartNumber"] > after:
            raise ConnectionError("gone")
        return broken(**request)

    s3.upload_part = until
    with pytest.raises(ConnectionError):
        upload.send()
    s3.upload_part = broken


@pytest.mark.parametrize("size", [0, 1000, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])
def test_a_file_arrives_whole_and_is_known_again(
    s3: Any, upload: Callable[[Path], Upload], tmp_path: Path, size: int
) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(os.urandom(size))
    first = upload(path)
    first.send()
    version = first.finish()
    assert content(s3) == path.read_bytes()
    present = Bucket(s3, BUCKET).folder(KEY)
    there = upload(path).is_there(present)
    assert there is not None
    assert there.version_id == version
    path.write_bytes(os.urandom(size) + b"x")
    assert upload(path).is_there(present) is None


def test_what_breaks_off_goes_on_where_it_was(s3: Any, upload: Callable[[Path], Upload], large: Path) -> None:
    first = upload(large)
    break_off(s3, first, after=2)
    assert first.kept_bytes <= 2 * PART_BYTES
    assert Bucket(s3, BUCKET).folder(KEY) == (), "half a file is nowhere to be seen"
    [left] = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    listed = s3.list_parts(Bucket=BUCKET, Key=KEY, UploadId=left["UploadId"])
    kept = {part["PartNumber"] for part in listed.get("Parts", [])}
    sent = parts_sent(s3)
    again = upload(large)
    again.send()
    again.finish()
    assert set(sent) == {1, 2, 3, 4} - kept
    assert content(s3) == large.read_bytes()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_part_of_other_bytes_is_sent_again(s3: Any, upload: Callable[[Path], Upload], large: Path) -> None:
    left = s3.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    bodies = {
        1: large.read_bytes()[:PART_BYTES],  # the very same
        2: b"y" * PART_BYTES,
        3: b"too short",
        9: b"beyond the end",
    }
    for number, body in bodies.items():
        s3.upload_part(Bucket=BUCKET, Key=KEY, UploadId=left, PartNumber=number, Body=body)
    sent = parts_sent(s3)
    again = upload(large)
    again.send()
    again.finish()
    assert sorted(sent) == [2, 3, 4]
    assert content(s3) == large.read_bytes()


def test_what_is_left_of_another_file_is_let_alone(
    s3: Any, upload: Callable[[Path], Upload], large: Path
) -> None:
    other = s3.create_multipart_upload(Bucket=BUCKET, Key=f"{KEY}.gz")["UploadId"]
    this = upload(large)
    this.send()
    this.finish()
    [left] = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert left["UploadId"] == other


def test_a_file_that_changes_on_its_way_never_appears(
    s3: Any, upload: Callable[[Path], Upload], large: Path
) -> None:
    this = upload(large)
    this.send()
    with large.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(ChangedError, match=r"train\.csv changed while"):
        this.finish()
    assert Bucket(s3, BUCKET).folder(KEY) == ()
