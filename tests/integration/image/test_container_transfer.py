"""Fetching pinned versions: the real s5cmd against an S3, and against one that spoils answers."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from droptrain_container import s3, transfer
from droptrain_container.exit_codes import EXIT_CODES, EndError
from droptrain_container.plan import Pinned
from droptrain_container.s3 import Bucket
from droptrain_container.stops import StoppedError, Stops
from integration.image.fault_proxy import FaultProxy, fault_proxy
from support.training_machine import REPOSITORY, free_port

NAMES = [
    "a b.csv", "it's.csv", 'q"q.csv', "ümläut 日本.csv", "st*r?.csv", "pl+us%25%.csv", "a//b.csv", "#hash",
    "back\\slash", "&x=;y", "$HOME `x`", "[x]{y}", "tab\there", "a://b", "-x", "empty", "folder/", "x" * 240,
]  # fmt: skip


def ignore(line: str) -> None:
    del line


@pytest.fixture(autouse=True)
def _account(machine, monkeypatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, machine.environment("job-1", 1)[name])


def bucket_at(url: str, machine, monkeypatch) -> Bucket:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    return s3.connect(machine.bucket, is_local=True, attempts=3)


@pytest.fixture
def bucket(machine, monkeypatch) -> Bucket:
    return bucket_at(machine.endpoint, machine, monkeypatch)


@pytest.fixture
def proxy(machine) -> Iterator[FaultProxy]:
    with fault_proxy(machine.endpoint) as made:
        yield made


@pytest.fixture
def spoilt(proxy: FaultProxy, machine, monkeypatch) -> Bucket:
    """The bucket behind the proxy."""
    return bucket_at(proxy.url, machine, monkeypatch)


@pytest.fixture(params=["s5cmd", "boto3", "get"], autouse=True)
def fetcher(request, monkeypatch) -> str:
    """What fetches; a few small files are boto3's, and many come by GET requests of our own."""
    if request.param != "boto3":
        monkeypatch.setattr(transfer, "_FEW_FILES", 0)
    monkeypatch.setattr(transfer, "_MANY_SMALL", 1 if request.param == "get" else 1_000_000)
    return request.param


by_s5cmd = pytest.mark.parametrize("fetcher", ["s5cmd"], indirect=True)


def put(machine, name: str, content: bytes) -> Pinned:
    """Put an object and then a newer one in its place; the first, pinned."""
    put = machine.put(machine.prefix + name, content)
    machine.put(machine.prefix + name, content + b" replaced")
    return Pinned(put["key"], put["version_id"], put["size"], put["etag"].strip('"'))


def test_files_with_any_name_come_in_the_version_that_was_pinned(machine, bucket, tmp_path: Path) -> None:
    contents = {name: b"" if name == "empty" else name.encode() for name in NAMES}
    files = {tmp_path / "in" / str(i): put(machine, name, contents[name]) for i, name in enumerate(NAMES)}
    lines: list[str] = []
    transfer.fetch(bucket, files, lines.append)
    assert [path.read_bytes() for path in files] == list(contents.values())
    assert len(list((tmp_path / "in").iterdir())) == len(NAMES)
    assert len(lines) == 1
    assert lines[0].startswith(f"Fetched {len(NAMES)} files, {sum(map(len, contents.values()))} bytes in ")


def test_a_file_may_have_any_name_here_too(machine, bucket, tmp_path: Path) -> None:
    one = put(machine, "x", b"new")
    path = tmp_path / "deep" / "-a://'*?\n b"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"old")
    transfer.fetch(bucket, {path: one}, ignore)
    assert path.read_bytes() == b"new"


@by_s5cmd
def test_a_key_with_a_line_break_is_not_put_into_a_command() -> None:
    assert not transfer._is_sayable("a\nrm s3://data/*")


by_get = pytest.mark.parametrize("fetcher", ["get"], indirect=True)


@by_get
def test_many_small_files_come_without_s5cmd_in_the_versions_that_were_pinned(
    machine, bucket, monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(transfer, "_s5cmd", lambda: "/bin/false")
    files = {tmp_path / f"{i}": put(machine, f"n {i}+ü.csv", b"%d" % i * 1000) for i in range(60)}
    transfer.fetch(bucket, files, ignore)
    assert [path.read_bytes() for path in files] == [b"%d" % i * 1000 for i in range(60)]


@by_get
@pytest.mark.parametrize("fault", ["truncated", "other", "refused"])
def test_what_does_not_come_by_get_comes_by_s5cmd(machine, proxy, spoilt, tmp_path, fault) -> None:
    files = {tmp_path / f"{i}": put(machine, f"{i}.csv", b"%d" % i) for i in range(5)}
    proxy.fault, proxy.spoils = fault, 4
    transfer.fetch(spoilt, files, ignore)
    assert [path.read_bytes() for path in files] == [b"%d" % i for i in range(5)]


@by_get
def test_what_stands_still_comes_by_s5cmd(machine, proxy, spoilt, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(transfer, "_STALL_SECONDS", 0.5)
    files = {tmp_path / f"{i}": put(machine, f"{i}.csv", b"%d" % i) for i in range(5)}
    proxy.fault, proxy.spoils = "silent", 1
    lines: list[str] = []
    transfer.fetch(spoilt, files, lines.append)
    assert [path.read_bytes() for path in files] == [b"%d" % i for i in range(5)]
    assert not [line for line in lines if "again" in line]


@by_get
def test_a_stop_ends_many_small_files(machine, proxy, spoilt, tmp_path: Path) -> None:
    files = {tmp_path / f"{i}": put(machine, f"{i}.csv", b"%d" % i) for i in range(5)}
    proxy.fault, proxy.spoils = "silent", 1000
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stops = Stops()
    stops.catch_signals()
    threading.Timer(1, os.kill, [os.getpid(), signal.SIGTERM]).start()
    try:
        with pytest.raises(StoppedError), stops.raising():
            transfer.fetch(spoilt, files, ignore)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert list(tmp_path.iterdir()) == []


@by_s5cmd
def test_many_files_come_into_their_folders(machine, bucket, tmp_path: Path) -> None:
    files = {tmp_path / f"{i % 7}" / f"{i}.csv": put(machine, f"{i}.csv", b"%d" % i) for i in range(150)}
    transfer.fetch(bucket, files, ignore)
    assert [path.read_bytes() for path in files] == [b"%d" % i for i in range(150)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted("0123456")


@by_s5cmd
def test_a_large_file_comes_in_parts(machine, proxy, spoilt, tmp_path: Path) -> None:
    content = os.urandom(2 * transfer._PART_BYTES + 12_345)
    files = {tmp_path / "large": put(machine, "large", content), tmp_path / "small": put(machine, "s", b"x")}
    transfer.fetch(spoilt, files, ignore)
    assert (tmp_path / "large").read_bytes() == content
    assert proxy.gets == 4


@by_s5cmd
def test_no_files_are_fetched_at_once(bucket) -> None:
    lines: list[str] = []
    transfer.fetch(bucket, {}, lines.append)
    assert lines == []


@by_s5cmd
def test_a_file_of_unknown_size_and_digest_comes(machine, bucket, tmp_path: Path) -> None:
    known = put(machine, "x", b"old")
    transfer.fetch(bucket, {tmp_path / "x": Pinned(known.key, known.version_id)}, ignore)
    assert (tmp_path / "x").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["gone.csv", "gone/"])
def test_a_version_that_is_gone_ends_the_attempt_with_its_name(machine, bucket, tmp_path, name) -> None:
    gone, there = put(machine, name, b"old"), put(machine, "there.csv", b"old")
    machine.s3.delete_object(Bucket=machine.bucket, Key=gone.key, VersionId=gone.version_id)
    with pytest.raises(EndError, match=f"{gone.key} is gone: upload it again") as caught:
        transfer.fetch(bucket, {tmp_path / "b": there, tmp_path / "a": gone}, ignore)
    assert EXIT_CODES[caught.value.code] == 66
    assert not (tmp_path / "a").exists()


def test_one_object_comes_to_two_places(machine, bucket, tmp_path: Path) -> None:
    one = put(machine, "x", b"old")
    transfer.fetch(bucket, {tmp_path / "a/x": one, tmp_path / "b/x": one}, ignore)
    assert [(tmp_path / name / "x").read_bytes() for name in "ab"] == [b"old", b"old"]


def test_a_file_that_has_a_folders_name_is_not_put_into_it(machine, bucket, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a file and a folder have this name"):
        transfer.fetch(bucket, {tmp_path / "a": put(machine, "a", b"x")}, ignore)


@pytest.mark.parametrize("fault", ["truncated", "other"])
def test_a_file_that_came_spoilt_is_fetched_again(machine, proxy, spoilt, tmp_path, fault) -> None:
    one, two = put(machine, "1", b"first"), put(machine, "2", b"second")
    proxy.fault, proxy.spoils = fault, 2
    transfer.fetch(spoilt, {tmp_path / "1": one, tmp_path / "2": two}, ignore)
    assert ((tmp_path / "1").read_bytes(), (tmp_path / "2").read_bytes()) == (b"first", b"second")


@by_s5cmd
def test_what_is_fetched_again_is_said(machine, proxy, spoilt, tmp_path: Path) -> None:
    one = put(machine, "1", b"first")
    proxy.fault, proxy.spoils = "other", 1
    lines: list[str] = []
    transfer.fetch(spoilt, {tmp_path / "1": one}, lines.append)
    assert lines[0] == (f"Fetching 1 file again: s3://{machine.bucket}/{one.key} has another MD5 than in S3.")
    assert lines[1].startswith("Fetched 1 file, 5 bytes in ")


def test_a_file_that_never_comes_whole_ends_the_attempt(machine, bucket, tmp_path: Path) -> None:
    real = put(machine, "1", b"first")
    wrong = Pinned(real.key, real.version_id, 6, real.etag)
    with pytest.raises(EndError, match=f"{real.key} came with 5 bytes instead of 6") as caught:
        transfer.fetch(bucket, {tmp_path / "1": wrong}, ignore)
    assert EXIT_CODES[caught.value.code] == 69
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encryption", ["AES256", "aws:kms"])
def test_an_etag_counts_as_md5_unless_a_kms_key_encrypts(machine, bucket, tmp_path, encryption) -> None:
    key = machine.prefix + "secret"
    put = machine.s3.put_object(
        Bucket=machine.bucket, Key=key, Body=b"content", ServerSideEncryption=encryption
    )
    pinned = Pinned(key, put["VersionId"], 7, "0" * 32)
    if encryption == "aws:kms":
        transfer.fetch(bucket, {tmp_path / "x": pinned}, ignore)
        assert (tmp_path / "x").read_bytes() == b"content"
    else:
        with pytest.raises(EndError, match="another MD5"):
            transfer.fetch(bucket, {tmp_path / "x": pinned}, ignore)


def test_s3_that_refuses_ends_the_attempt(machine, proxy, spoilt, tmp_path: Path) -> None:
    one = put(machine, "1", b"first")
    proxy.fault, proxy.spoils = "refused", 1000
    with pytest.raises(EndError, match=f"S3 refused s3://{machine.bucket}/{one.key}: AccessDenied") as caught:
        transfer.fetch(spoilt, {tmp_path / "1": one}, ignore)
    assert EXIT_CODES[caught.value.code] == 69


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InvalidObjectState", "The operation is not valid for the object's storage class"),
        ("InvalidRequest", "The object was stored using a form of Server Side Encryption."),
        ("AccessDenied", "User: arn:x is not authorized to perform: kms:Decrypt on resource: arn:y"),
        ("KMS.DisabledException", "arn:y is disabled."),
    ],
)
def test_a_file_that_is_archived_or_under_a_key_of_others_has_its_own_cause(
    machine, proxy, spoilt, monkeypatch, tmp_path: Path, code: str, words: str
) -> None:
    refusal = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
    monkeypatch.setattr("integration.image.fault_proxy.REFUSAL", refusal.encode())
    one = put(machine, "1.parquet", b"first")
    proxy.fault, proxy.spoils = "refused", 1000
    with pytest.raises(EndError, match=f"be read: {code}") as caught:
        transfer.fetch(spoilt, {tmp_path / "1": one}, ignore)
    assert caught.value.code == "unreadable_input"


def test_s3_that_is_down_ends_the_attempt(machine, monkeypatch, tmp_path: Path) -> None:
    one = put(machine, "1", b"first")
    down = bucket_at(f"http://127.0.0.1:{free_port()}", machine, monkeypatch)
    with pytest.raises(EndError, match=f"S3 can't be reached for s3://{machine.bucket}/{one.key}") as caught:
        transfer.fetch(down, {tmp_path / "1": one}, ignore)
    assert EXIT_CODES[caught.value.code] == 69


@by_s5cmd
def test_a_disk_without_room_is_told_before_anything_comes(machine, proxy, spoilt, monkeypatch, tmp_path):
    one = put(machine, "1", b"first")
    huge = Pinned(one.key, one.version_id, 5 << 30)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda folder: usage._replace(free=2 << 30))
    with pytest.raises(EndError, match=r"need 5\.2 GiB and the disk has 2\.0 GiB left") as caught:
        transfer.fetch(spoilt, {tmp_path / "1": huge}, ignore)
    assert EXIT_CODES[caught.value.code] == 70
    assert proxy.gets == 0
    template = (REPOSITORY / "template.yaml").read_text("utf-8")
    assert "TrainingLaunchTemplate:" in template
    assert "VolumeSize:" in template
    assert "VolumeSize of TrainingLaunchTemplate" in str(caught.value)


@by_s5cmd
def test_a_transfer_that_stands_still_is_begun_again_and_a_long_one_is_told(
    machine, proxy, spoilt, monkeypatch, tmp_path: Path
) -> None:
    for name, seconds in {"_QUIET_SECONDS": 0.3, "_SAY_SECONDS": 0.3, "_STALL_SECONDS": 0.5}.items():
        monkeypatch.setattr(transfer, name, seconds)
    one = put(machine, "1", b"first")
    proxy.fault, proxy.spoils = "silent", 1
    lines: list[str] = []
    transfer.fetch(spoilt, {tmp_path / "1": one}, lines.append)
    assert (tmp_path / "1").read_bytes() == b"first"
    assert lines[0].startswith("Fetching: 0 of 0 MiB after ")
    assert any("again: " in line and "didn't come" in line for line in lines)


@by_s5cmd
def test_a_stop_ends_s5cmd_and_leaves_nothing(machine, proxy, spoilt, monkeypatch, tmp_path: Path) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            started.append(self)
            threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGTERM]).start()

    monkeypatch.setattr(transfer.subprocess, "Popen", Recorded)
    one = put(machine, "1", b"first")
    proxy.fault, proxy.spoils = "silent", 1000
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stops = Stops()
    stops.catch_signals()
    try:
        with pytest.raises(StoppedError), stops.raising():
            transfer.fetch(spoilt, {tmp_path / "1": one}, ignore)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert [process.returncode for process in started] == [-signal.SIGKILL]
    assert list(tmp_path.iterdir()) == []
