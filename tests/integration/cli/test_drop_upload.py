"""Files on their way into the bucket: in parts, resumed, whole or not at all, against moto."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from droptrain_core.aws.bucket import Bucket
from moto import mock_aws

from droptrain.errors import DroptrainError
from droptrain.upload import PART_BYTES, ChangedError, Upload, finish_together

BUCKET = "data"
KEY = "projects/p/data/d/größe + 100%.csv"


@pytest.fixture
def s3() -> Iterator[Any]:
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
    version = finish_together([first])[KEY]
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
    finish_together([again])
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
    finish_together([again])
    assert sorted(sent) == [2, 3, 4]
    assert content(s3) == large.read_bytes()


def test_what_is_left_of_another_file_is_let_alone(
    s3: Any, upload: Callable[[Path], Upload], large: Path
) -> None:
    other = s3.create_multipart_upload(Bucket=BUCKET, Key=f"{KEY}.gz")["UploadId"]
    this = upload(large)
    this.send()
    finish_together([this])
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
        finish_together([this])
    assert Bucket(s3, BUCKET).folder(KEY) == ()


def rewrite(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])


def rewrite_and_set_its_time_back(path: Path) -> None:
    before = path.stat()
    rewrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_another(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes()[::-1])
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [rewrite, rewrite_and_set_its_time_back, replace_by_another])
@pytest.mark.parametrize("changed", ["small.csv", "large.csv"])
def test_of_several_files_none_appears_if_one_has_changed(
    s3: Any, tmp_path: Path, changed: str, change: Callable[[Path], None]
) -> None:
    uploads = []
    for name, size in (("a.csv", 10), ("small.csv", 1000), ("large.csv", PART_BYTES + 1), ("z.csv", 10)):
        path = tmp_path / name
        path.write_bytes(os.urandom(size))
        uploads.append(Upload(s3, BUCKET, f"projects/p/data/d/{name}", path, lambda _: None))
    for each in uploads:
        each.send()
    change(tmp_path / changed)
    with pytest.raises(ChangedError, match="nothing of this drop has appeared"):
        finish_together(uploads)
    assert Bucket(s3, BUCKET).folder("projects/") == ()


def test_what_appears_is_what_was_checked_though_a_file_changes_a_moment_later(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("droptrain.upload._COPIED_IN_MEMORY_BYTES", 1000)
    contents = {f"{number}.csv": os.urandom(700) for number in range(20)}
    uploads = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        uploads.append(Upload(s3, BUCKET, name, tmp_path / name, lambda _: None))
    finish = Upload.finish

    def change_all_and_finish(upload: Upload) -> str:
        for name in contents:
            (tmp_path / name).write_bytes(b"changed")
        return finish(upload)

    monkeypatch.setattr(Upload, "finish", change_all_and_finish)
    versions = finish_together(uploads)
    for name, content in contents.items():
        there = s3.get_object(Bucket=BUCKET, Key=name)
        assert (there["Body"].read(), there["VersionId"]) == (content, versions[name])


def test_a_bucket_whose_versioning_is_suspended_is_named_with_the_command_that_changes_it(
    s3: Any, upload: Callable[[Path], Upload], tmp_path: Path
) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    (path := tmp_path / "train.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(DroptrainError, match="put-bucket-versioning --bucket data") as told:
        finish_together([upload(path)])
    assert told.value.message.startswith("The bucket data no longer keeps versions")
