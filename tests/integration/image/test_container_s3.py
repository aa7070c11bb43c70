"""The container's bucket, code and inputs against S3's own answers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from droptrain_container import code, s3, transfer
from droptrain_container.exit_codes import EndError
from droptrain_container.plan import Pinned, Plan
from droptrain_container.s3 import Bucket, ConflictError, MissingError


@pytest.fixture
def bucket(machine, monkeypatch) -> Iterator[Bucket]:
    """The machine's bucket as a container sees it."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, machine.environment("job-1", 1)[name])
    yield s3.connect(machine.bucket, is_local=True, attempts=3)


def test_large_and_small_files_come_back_as_they_were(machine, bucket, tmp_path: Path) -> None:
    for size in (0, 100, s3._MANAGED_BYTES + 12_345):
        path = tmp_path / f"{size}"
        path.write_bytes(os.urandom(size))
        bucket.upload(path, machine.prefix + path.name)
        again = path.with_suffix(".again")
        bucket.download(machine.prefix + path.name, again, size)
        assert again.read_bytes() == path.read_bytes()


def test_a_key_of_any_script_can_be_written_listed_copied_and_deleted(machine, bucket) -> None:
    key = f"{machine.prefix}größe + 1%/ü&?.csv"
    old, new = machine.put(key, "old")["version_id"], machine.put(key, "new")["version_id"]
    assert bucket.keys(machine.prefix) == [key]
    assert bucket.live_versions(machine.prefix) == {key: new}
    assert bucket.live_version(key) == new
    bucket.copy(key, old, machine.prefix + "copy")
    assert (bucket.get(machine.prefix + "copy"), bucket.get(key), bucket.get(key, old)) == (
        b"old",
        b"new",
        b"old",
    )
    assert bucket.first_keys(machine.prefix) == [machine.prefix + "copy", key]
    assert bucket.first_keys("nowhere/") == []
    bucket.delete([key, machine.prefix + "nothing"])
    assert bucket.live_version(key) is None
    assert bucket.live_versions(machine.prefix).keys() == {machine.prefix + "copy"}


def test_a_large_version_is_copied_in_parts(machine, bucket) -> None:
    content = bytes(range(256)) * (9 << 12)  # 9 MiB: above s3transfer's threshold
    large = machine.put(machine.prefix + "large", content)
    machine.put(machine.prefix + "large", b"new")
    bucket.copy(large["key"], large["version_id"], machine.prefix + "copy")
    copied, etag = bucket.get_tagged(machine.prefix + "copy")
    assert (copied == content, etag.strip('"')[-2:]) == (True, "-2")


def test_conditional_writes_are_decided_by_s3(machine, bucket) -> None:
    key = machine.prefix + "lease"
    etag = bucket.put_new(key, b"one")
    with pytest.raises(ConflictError):
        bucket.put_new(key, b"two")
    assert bucket.get_tagged(key) == (b"one", etag)
    bucket.replace(key, b"three", etag)
    with pytest.raises(ConflictError):
        bucket.replace(key, b"four", etag)
    assert bucket.get(key) == b"three"


def test_what_is_not_there_is_missing_and_no_bucket_is_an_error(machine, bucket, tmp_path: Path) -> None:
    gone = machine.put(machine.prefix + "gone")
    machine.s3.delete_object(Bucket=machine.bucket, Key=gone["key"], VersionId=gone["version_id"])
    for look in (
        lambda: bucket.get(machine.prefix + "nothing"),
        lambda: bucket.get(gone["key"], gone["version_id"]),
        lambda: bucket.copy(gone["key"], gone["version_id"], machine.prefix + "copy"),
        lambda: bucket.download(machine.prefix + "nothing", tmp_path / "small", 1),
        lambda: bucket.download(machine.prefix + "nothing", tmp_path / "large", s3._MANAGED_BYTES),
    ):
        with pytest.raises(MissingError):
            look()
    with pytest.raises(EndError, match="doesn't exist"):
        s3.connect("no-such-bucket", is_local=True, attempts=3).get("key")


def test_code_keeps_its_folders_and_scripts_can_be_executed(machine, bucket, tmp_path: Path) -> None:
    prefix = f"projects/{machine.run_id}/code/"
    files = {"run.sh": "exit 0\n", "bin/tool": "#!/bin/sh\n", "a/b/c d.txt": "text\n"}
    pinned = [machine.put(prefix + name, text) for name, text in files.items()]
    pinned.append(machine.put(prefix + "a/", ""))
    plan = Plan(
        prefix,
        "run.sh",
        tuple(Pinned(item["key"], item["version_id"]) for item in pinned),
        {},
        {},
        {},
        30,
        3,
        0,
    )
    places = code.places(bucket, plan, tmp_path / "code")
    transfer.fetch(bucket, places, lambda line: None)
    code.make_runnable(plan, tmp_path / "code", places)
    found = {
        path.relative_to(tmp_path / "code").as_posix(): path for path in tmp_path.rglob("*") if path.is_file()
    }
    assert {name: path.read_text() for name, path in found.items()} == files
    assert [name for name, path in found.items() if os.access(path, os.X_OK)] == ["bin/tool"]
