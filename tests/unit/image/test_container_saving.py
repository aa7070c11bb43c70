"""Checkpoints, lease and records over a bucket in memory."""

import errno
import hashlib
import io
import json
import os
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from droptrain_container import checkpoints as saving
from droptrain_container import lease, records, settings
from droptrain_container.checkpoints import Checkpoints
from droptrain_container.exit_codes import EndError
from droptrain_container.folder import Entry
from droptrain_container.generations import Generations
from droptrain_container.layout import Layout
from droptrain_container.log import Log
from droptrain_container.records import Records
from droptrain_container.s3 import ConflictError, MissingError
from droptrain_container.series import Series
from droptrain_container.timing import Timing
from support.waiting import wait_for

NEVER = threading.Event()


@dataclass
class MemoryBucket:
    """The container's bucket, in memory."""

    name: str = "data"
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)
    refuses: str | None = None

    def get(self, key: str) -> bytes:
        return self.get_tagged(key)[0]

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        if key not in self.objects:
            raise MissingError(key)
        return self.objects[key], hashlib.md5(self.objects[key]).hexdigest()

    def download(self, key: str, path: Path, size: int) -> None:
        del size
        path.write_bytes(self.get(key))

    def put(self, key: str, body: bytes) -> None:
        if self.refuses and self.refuses in key:
            raise EndError("s3_unreachable", f"S3 refused {key}")
        self.uploads.append(key)
        self.objects[key] = body

    def put_new(self, key: str, body: bytes) -> str:
        if key in self.objects:
            raise ConflictError(key)
        self.put(key, body)
        return ""

    def replace(self, key: str, body: bytes, etag: str) -> str:
        if self.get_tagged(key)[1] != etag:
            raise ConflictError(key)
        self.put(key, body)
        return ""

    def upload(self, path: Path, key: str) -> None:
        self.put(key, path.read_bytes())

    def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            self.objects.pop(key, None)


def checkpoints(bucket: Any, folder: Path, keep: int = 3) -> Checkpoints:
    """A container's view of the checkpoints, after its restore."""
    made = Checkpoints(Layout(folder), Generations(bucket, "c/", keep), dict)
    made.restore(lambda _: None)
    return made


def new_folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def save(made: Checkpoints, *, is_last: bool = True) -> int | None:
    saved = made.save(is_last=is_last, stopped=NEVER)
    return saved.number if saved else None


def test_only_what_changed_is_uploaded(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, tmp_path)
    (tmp_path / "checkpoints/a").write_text("one")
    (tmp_path / "checkpoints/b").write_text("two")
    assert save(made) == 1
    assert save(made) is None
    bucket.uploads.clear()
    (tmp_path / "checkpoints/b").write_text("three")
    assert save(made) == 2
    assert bucket.uploads == [
        f"c/objects/{hashlib.sha256(b'three').hexdigest()}",
        "c/generations/00000002.json",
    ]


def test_a_restored_folder_is_as_it_was_saved(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, new_folder(tmp_path, "first"))
    deep = tmp_path / "first/checkpoints/deep/größe + 1%"
    deep.parent.mkdir()
    deep.write_text("one")
    os.utime(deep, ns=(5, 1_700_000_000_123_456_789))
    save(made)
    again = checkpoints(bucket, new_folder(tmp_path, "second"))
    restored = tmp_path / "second/checkpoints/deep/größe + 1%"
    assert restored.read_text() == "one"
    assert restored.stat().st_mtime_ns == 1_700_000_000_123_456_789
    assert save(again) is None, "nothing changed"
    deep_again = restored.with_name("more")
    deep_again.write_text("two")
    assert save(again) == 2
    assert [path.name for path in (tmp_path / "second").iterdir()] == ["checkpoints"]


@pytest.mark.parametrize("hours", [-48, 48])
def test_a_clock_that_jumps_neither_loses_a_checkpoint_nor_takes_an_old_one(
    tmp_path: Path, hours: int
) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, new_folder(tmp_path, "first"))
    path = tmp_path / "first/checkpoints/a"
    path.write_text("before")
    assert save(made, is_last=False) == 1
    path.write_text("after")
    jumped = time.time() + hours * 3600
    os.utime(path, (jumped, jumped))
    saved = made.save(is_last=False, stopped=NEVER)
    assert saved
    assert saved.number == 2
    assert saved.seconds_behind >= 0
    checkpoints(bucket, new_folder(tmp_path, "second"))
    assert (tmp_path / "second/checkpoints/a").read_text() == "after"


def test_a_generation_without_its_document_is_not_there(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, new_folder(tmp_path, "first"))
    (tmp_path / "first/checkpoints/a").write_text("one")
    save(made)
    bucket.refuses = "generations/"
    (tmp_path / "first/checkpoints/a").write_text("two")
    with pytest.raises(EndError):
        save(made)
    bucket.refuses = None
    checkpoints(bucket, new_folder(tmp_path, "second"))
    assert (tmp_path / "second/checkpoints/a").read_text() == "one"
    assert save(made) == 3, "the next save tries again, under a number of its own"


def naming(path: str, sha256: str) -> bytes:
    """A generation's document with one file."""
    return json.dumps({"files": [{"path": path, "sha256": sha256, "size": 3, "mtime_ns": 0}]}).encode()


def test_an_emptied_folder_does_not_hide_what_was_saved(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, tmp_path, keep=1)
    assert save(made) is None
    (tmp_path / "checkpoints/a").write_text("one")
    save(made)
    (tmp_path / "checkpoints/a").unlink()
    assert save(made) is None
    assert bucket.keys("c/generations/") == ["c/generations/00000001.json"]


@pytest.mark.parametrize("document", [
    b"{", b"{}", b'{"files": [1]}', b'{"files": [{"path": "a"}]}',
    naming("../a", hashlib.sha256(b"one").hexdigest()), naming("a", "0" * 64),
])  # fmt: skip
def test_a_generation_that_makes_no_sense_is_passed_over(tmp_path: Path, document: bytes) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, new_folder(tmp_path, "first"))
    (tmp_path / "first/checkpoints/a").write_text("one")
    save(made)
    bucket.objects["c/generations/00000007.json"] = document
    again = checkpoints(bucket, new_folder(tmp_path, "second"))
    assert (tmp_path / "second/checkpoints/a").read_text() == "one"
    (tmp_path / "second/checkpoints/a").write_text("two")
    assert save(again) == 8


def test_pruning_keeps_what_the_kept_generations_name(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, new_folder(tmp_path, "first"), keep=2)
    (tmp_path / "first/checkpoints/same").write_text("same")
    for number in range(5):
        (tmp_path / "first/checkpoints/a").write_text(f"content {number}")
        save(made)
    assert len(bucket.keys("c/generations/")) == 2
    assert len(bucket.keys("c/objects/")) == 3
    # Another attempt prunes with what it has read, not with what it has written.
    again = checkpoints(bucket, new_folder(tmp_path, "second"), keep=2)
    (tmp_path / "second/checkpoints/a").write_text("content 6")
    save(again)
    assert bucket.keys("c/generations/") == ["c/generations/00000005.json", "c/generations/00000006.json"]
    assert len(bucket.keys("c/objects/")) == 3


def named(bucket: MemoryBucket, number: int) -> dict[str, str]:
    """The contents' digests by path of a generation."""
    files = json.loads(bucket.objects[f"c/generations/{number:08d}.json"])["files"]
    return {item["path"]: item["sha256"] for item in files}


def test_a_folder_that_moves_on_is_saved_in_one_piece(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(saving, "_SETTLE_SECONDS", 0.3)
    bucket, folder = MemoryBucket(), tmp_path / "checkpoints"
    made = checkpoints(bucket, tmp_path)
    (folder / "ckpt-1").write_text("one")
    (folder / "checkpoint").write_text("ckpt-1")
    save(made)
    (folder / "ckpt-2.tmp").write_text("two")

    def move_on() -> None:
        (folder / "ckpt-2.tmp").rename(folder / "ckpt-2")
        (folder / "checkpoint").write_text("ckpt-2 is the newest")
        (folder / "ckpt-1").unlink()

    timer = threading.Timer(0.1, move_on)
    timer.start()
    assert save(made, is_last=False) == 2
    timer.join()
    assert named(bucket, 2).keys() == {"checkpoint", "ckpt-2"}
    assert named(bucket, 2)["checkpoint"] == hashlib.sha256(b"ckpt-2 is the newest").hexdigest()


def test_a_folder_in_which_a_file_vanishes_while_it_is_saved_is_saved_the_next_time(
    tmp_path: Path, monkeypatch
) -> None:
    bucket, folder = MemoryBucket(), tmp_path / "checkpoints"
    made = checkpoints(bucket, tmp_path)
    (folder / "ckpt-1").write_text("one")
    look = made._look
    gone = Entry("gone", folder / "gone", (1, 1, 1))
    monkeypatch.setattr(made, "_look", lambda: look() | {"gone": gone})
    with pytest.raises(FileNotFoundError, match="gone"):
        save(made, is_last=False)
    assert bucket.keys("c/generations/") == []
    assert save(made) == 1, "the last time, what is there is saved"
    assert named(bucket, 1).keys() == {"ckpt-1"}


def test_the_last_save_needs_no_room_on_the_disk(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(saving, "_SMALL_BYTES", 10)
    bucket = MemoryBucket()
    made = checkpoints(bucket, tmp_path)
    (tmp_path / "checkpoints/large").write_text("more than ten bytes")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(saving.shutil, "disk_usage", lambda folder: usage._replace(free=1))
    with pytest.raises(OSError, match="no room"):
        save(made, is_last=False)
    monkeypatch.setattr(saving.tempfile, "NamedTemporaryFile", None)
    assert save(made) == 1
    assert named(bucket, 1) == {"large": hashlib.sha256(b"more than ten bytes").hexdigest()}


def test_a_large_file_that_changes_during_the_last_save_leaves_no_wrong_content(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(saving, "_SMALL_BYTES", 10)
    large = tmp_path / "checkpoints/large"

    class Meddling(MemoryBucket):
        def upload(self, path: Path, key: str) -> None:
            large.write_text("something else by now")
            super().upload(path, key)

    bucket = Meddling()
    made = checkpoints(bucket, tmp_path)
    large.write_text("more than ten bytes")
    (tmp_path / "checkpoints/small").write_text("x")
    assert save(made) == 1
    assert named(bucket, 1).keys() == {"small"}
    assert len(bucket.keys("c/objects/")) == 1


def test_a_file_that_can_not_be_read_costs_the_last_save_no_other(tmp_path: Path, monkeypatch) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, tmp_path)
    for name in "ab":
        (tmp_path / "checkpoints" / name).write_text(name)
    opens = saving.open_regular

    def refuse(path: Path):
        if path.name == "a":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opens(path)

    monkeypatch.setattr(saving, "open_regular", refuse)
    assert save(made) == 1
    assert named(bucket, 1).keys() == {"b"}
    assert "passed over a" in made.remarks()[0]


def test_links_are_restored_behind_the_files_that_they_lead_to(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, new_folder(tmp_path, "first"))
    folder = tmp_path / "first/checkpoints"
    (folder / "step-1").mkdir()
    (folder / "step-1/w").write_text("w")
    (folder / "a-latest").symlink_to("step-1")
    (folder / "step-1/up").symlink_to("../a-latest/w")
    assert save(made) == 1
    assert save(made) is None
    again = checkpoints(bucket, new_folder(tmp_path, "second"))
    folder = tmp_path / "second/checkpoints"
    assert (folder / "a-latest").readlink() == Path("step-1")
    assert (folder / "step-1/up").read_text() == "w"
    assert save(again) is None, "nothing changed"
    (folder / "a-latest").unlink()
    (folder / "a-latest").symlink_to("step-2")
    assert save(again) == 2, "a link that leads elsewhere is a change"


def test_once_the_last_save_is_due_no_other_is_made(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    made = checkpoints(bucket, tmp_path)
    (tmp_path / "checkpoints/a").write_text("half")
    stopped = threading.Event()
    stopped.set()
    assert made.save(is_last=False, stopped=stopped) is None
    assert bucket.objects == {}


def test_a_file_that_is_being_written_stays_as_it_was_saved(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(saving, "_SETTLE_SECONDS", 0.1)
    bucket = MemoryBucket()
    made = checkpoints(bucket, tmp_path)
    written, done = tmp_path / "checkpoints/written", tmp_path / "checkpoints/done"
    written.write_text("whole")
    save(made)
    stop = threading.Event()

    def write() -> None:
        with written.open("w") as target:
            while not stop.wait(0.01):
                target.write("half")
                target.flush()

    writer = threading.Thread(target=write)
    writer.start()
    done.write_text("done")
    try:
        time.sleep(0.05)
        assert save(made, is_last=False) == 2
    finally:
        stop.set()
        writer.join()
    assert named(bucket, 2) == {
        "written": hashlib.sha256(b"whole").hexdigest(),
        "done": hashlib.sha256(b"done").hexdigest(),
    }


def job(job_id: str, attempt: str = "1") -> settings.Settings:
    return settings.read({
        "DROPTRAIN_RUN": "s3://data/runs/p/r/", "AWS_BATCH_JOB_ID": job_id, "AWS_BATCH_JOB_ATTEMPT": attempt,
    })  # fmt: skip


def test_of_several_jobs_one_holds_the_lease() -> None:
    bucket: Any = MemoryBucket()
    assert lease.take(bucket, job("job-1")).is_first
    with pytest.raises(EndError, match="Batch job job-1 trains this run") as error:
        lease.take(bucket, job("job-2"))
    assert error.value.code == "superseded"
    assert not lease.take(bucket, job("job-1", "2")).is_first
    assert json.loads(bucket.objects["runs/p/r/lease"])["attempt"] == 2


def test_a_lease_that_can_not_be_read_is_not_ours() -> None:
    bucket: Any = MemoryBucket(objects={"runs/p/r/lease": b"{"})
    with pytest.raises(EndError, match="unreadable"):
        lease.take(bucket, job("job-1"))


def test_a_race_for_the_lease_is_decided_by_the_next_look() -> None:
    class Racing(MemoryBucket):
        lost = False

        def put_new(self, key: str, body: bytes) -> str:
            if not self.lost:
                self.lost = True
                raise ConflictError(key)  # 409: another write was under way, and failed in the end.
            return super().put_new(key, body)

    bucket: Any = Racing()
    assert lease.take(bucket, job("job-1")).is_first


def test_log_and_metrics_are_uploaded_while_the_script_runs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(records, "UPLOAD_SECONDS", 0.02)
    bucket: Any = MemoryBucket()
    log = Log(io.BytesIO())
    series = Series(Layout(tmp_path), log.say)
    series.start([])
    made = Records(bucket, "r/", log, series, Timing(), lambda: b"{}")
    made.start()
    log.write(b"line\n")
    (tmp_path / "metrics.jsonl").write_text('{"loss": 1}\n')
    wait_for("three objects", lambda: len(bucket.objects) == 3)
    time.sleep(0.1)
    made.stop()
    assert bucket.objects == {
        "r/log.txt": b"line\n", "r/metrics.jsonl": b'{"loss": 1}\n', "r/timing.json": b"{}",
    }  # fmt: skip
    assert len(bucket.uploads) <= 5, "what didn't change isn't uploaded again"


def test_records_that_can_not_be_uploaded_are_said(tmp_path: Path) -> None:
    bucket: Any = MemoryBucket(refuses="log.txt")
    log = Log(io.BytesIO())
    log.write(b"line\n")
    Records(bucket, "r/", log, Series(Layout(tmp_path), log.say), Timing(), bytes).upload()
    assert "could not be uploaded: S3 refused r/log.txt" in log.content().decode()


def test_progress_that_cannot_be_noted_stops_no_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("no such GPU")

    monkeypatch.setattr(records, "UPLOAD_SECONDS", 0.01)
    bucket, log, series = MemoryBucket(), Log(), Series(Layout(tmp_path), print)
    monkeypatch.setattr(series, "sample", fail)
    kept: Any = bucket
    saved = Records(kept, "r/", log, series, Timing(), bytes)
    saved.start()
    wait_for("the words in the log", lambda: b"no such GPU" in bucket.objects.get("r/log.txt", b""))
    log.say("later")
    wait_for("a later upload", lambda: b"later" in bucket.objects["r/log.txt"])
    saved.stop()
