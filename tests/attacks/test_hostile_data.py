"""What is dropped, made to hurt who looks at it: endless rows, bombs, a million keys, names that lead out."""

import gzip
import io
import json
import tracemalloc
from typing import Any

import pytest
from attacks.processor_time import least_seconds
from droptrain_container import plan
from droptrain_container.exit_codes import EndError
from droptrain_core.aws import bucket as buckets
from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.dataset import BadDrop, Input, judge_key, match_inputs
from droptrain_core.domain.errors import CrowdedError
from droptrain_core.domain.preflight import reader
from droptrain_core.domain.preflight import rows as rows_of_csv
from droptrain_core.domain.preflight.facts import RANGE_BYTES, Piece, ranges
from droptrain_core.domain.preflight.reader import of_stream
from support.records import object_version

MIB = 1 << 20
FOLDER = "projects/penguins/data/first/"


class Endless(io.RawIOBase):
    """A file of `size` bytes: `head`, then `piece` again and again; nothing of it is held."""

    def __init__(self, head: bytes, piece: bytes, size: int) -> None:
        self._head, self._piece, self._size = head, piece * (RANGE_BYTES // len(piece)), size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, at: int, whence: int = 0) -> int:
        self._at = at
        return at

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self._size - self._at)
        content = bytearray(self._head[self._at : self._at + count])
        while len(content) < count:
            offset = (self._at + len(content) - len(self._head)) % len(self._piece)
            content += self._piece[offset:]
        buffer[:count] = content[:count]
        self._at += count
        return count


@pytest.mark.parametrize(("head", "piece"), [
    (b"a,b\n1,2\n", b"x"), (b"a,b\n1,2\n", b","), (b"a,b\n1,2\n", b'"x\n",'), (b'a,b\n1,2\n"', b"x\n"),
    (b"", b"1,"),
], ids=["a field", "fields", "quotes across lines", "a quote left open", "the header"])  # fmt: skip
def test_a_row_without_end_is_not_held_in_memory(monkeypatch, head: bytes, piece: bytes) -> None:
    for module in (reader, rows_of_csv):
        monkeypatch.setattr(module, "MAX_ROW_CHARACTERS", MIB >> 2)

    def peak(size: int) -> int:
        tracemalloc.start()
        of_stream("train.csv", "training", size, io.BufferedReader(Endless(head, piece, size)), {})
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    small, large = peak(8 * MIB), peak(32 * MIB)
    assert large < small + MIB


def test_a_row_without_end_is_judged_by_what_comes_before_it() -> None:
    size = 16 * MIB
    stream = io.BufferedReader(Endless(b"a,b\n" + b"1,2\n" * 9, b"x", size))
    facts = of_stream("train.csv", "training", size, stream, {})
    assert (facts.whole, facts.rows, facts.width) == (False, 10, 2)
    (found,) = preflight.judge([facts], {})
    assert found.message == "rows after row 10 are not checked, because a row is too long"


# Each costs seconds or minutes where a rule looks through all names for each of them.
EXPENSIVE = {
    "thousands of half empty columns": b",".join(b"c%d" % number for number in range(9000)) + b"\n"
    + (b"1," * 4500 + b"," * 4499 + b"\n") * 3,
    "thousands of empty columns": b",".join(b"c%d" % number for number in range(20_000)) + b"\n"
    + (b"1" + b"," * 19_999 + b"\n") * 2,
    "thousands of names, each twice": b",".join(b"c%d" % (number // 2) for number in range(25_000)) + b"\n",
    "thousands of symbols": "".join(map(chr, (*range(0x2000, 0x2C00), *range(0x3200, 0x4000)))).encode()
    + b"\n" + b"a,b\n" * 40_000 + b"1,2,3\n",
}  # fmt: skip


@pytest.mark.parametrize("body", EXPENSIVE.values(), ids=EXPENSIVE)
def test_no_file_costs_a_launch_a_second_of_processor_time(body: bytes) -> None:
    assert len(body) <= 3 * RANGE_BYTES
    says = {"header": True, "label": "z", "columns": [f"x{number}" for number in range(5000)]}
    for said in ({}, says):
        inputs = [Input("training", object_version(f"{name}.csv", size=len(body))) for name in "ab"]

        def look(said: dict[str, Any] = said, inputs: list[Input] = inputs) -> None:
            facts = preflight.read(inputs, lambda item: [Piece(0, body)], said)
            assert preflight.judge(facts, said)

        assert least_seconds(look) < 1


def test_a_launch_reads_three_ranges_of_a_file_of_any_size() -> None:
    for size in (1 << 30, 5 << 40):
        assert sum(length for _, length in ranges(size)) == 3 * RANGE_BYTES


def test_a_bomb_is_told_from_its_first_bytes_and_never_unpacked() -> None:
    bomb = gzip.compress(b"0" * (64 * MIB))
    tracemalloc.start()
    facts = of_stream("train.csv", "training", len(bomb), io.BytesIO(bomb), {})
    assert tracemalloc.get_traced_memory()[1] < MIB
    tracemalloc.stop()
    assert facts.gzip


@pytest.mark.parametrize("path", [
    "../evil.csv", "a/../../evil.csv", "./evil.csv", "a//evil.csv", "/evil.csv", "a/../evil.csv", "nu\0l.csv",
    "x" * 300 + ".csv", "é" * 200 + ".csv",
])  # fmt: skip
def test_a_key_that_is_no_path_is_rejected_and_never_an_input(path: str) -> None:
    assert isinstance(judge_key(FOLDER + path), BadDrop)
    globs = {"one": "*.csv", "two": "*/*.csv", "three": "*/*/*.csv", "four": "*/*/*/*.csv"}
    assert match_inputs(globs, "files", [object_version(FOLDER + path)], FOLDER).inputs == ()


def test_a_key_of_control_characters_is_rejected_with_a_notice_that_sns_delivers(stack) -> None:
    key = "projects/P\t\x01\u202e/data/d\x1b[2J\n/train.CSV"
    assert stack.launch.upload(key, "v1").answer == "rejected"
    items = stack.dynamodb.scan(TableName="runs")["Items"]
    (record,) = [item for item in items if item["kind"]["S"] == "run"]
    stack.notify.ended(record["run_id"]["S"], record["project"]["S"])
    (sent,) = stack.notices()
    for text in (sent["Subject"], *(each["Value"] for each in sent["MessageAttributes"].values())):
        assert text.isascii() and text.isprintable()
    assert all(line.isprintable() for line in sent["Message"].splitlines())


@pytest.mark.parametrize(
    "key", ["projects/p/data/d/../../../x.csv", "/etc/x.csv", "projects/p/data/d/x\0.csv"]
)
def test_the_container_too_takes_no_input_that_leads_out(key: str) -> None:
    document = {
        "schema": 1, "bucket": "b", "project": "p", "entrypoint": "run.sh", "code": [], "hyperparameters": {},
        "environment": {}, "checkpoints": {"interval_seconds": 30, "keep": 3}, "resources": {"gpus": 0},
        "inputs": [{"channel": "training", "key": key, "version_id": "v"}],
    }  # fmt: skip
    with pytest.raises(EndError, match=r"can't be a file|has to name key and version_id"):
        plan.read(json.dumps(document).encode(), "b")


@pytest.mark.parametrize(
    "name", ["new\nline.csv", "tab\t.csv", "\u202egnp.csv", "💥.csv", "x" * 250 + ".csv", "a b'\"$(id).csv"]
)
def test_any_other_name_is_a_name(stack, name: str) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: '*.csv'}\n")
    assert stack.launch.upload(*stack.put(FOLDER + name)).answer == "waiting"
    assert stack.rested() == ["launched"]


def test_a_folder_of_too_many_keys_costs_so_many_listings_and_one_notice_a_day(stack, monkeypatch) -> None:
    monkeypatch.setattr(buckets, "MAX_PAGES", 1)
    listings = []
    stack.s3.meta.events.register("before-call.s3.ListObjectVersions", lambda **_: listings.append(1))
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: '*.csv'}\nnotify: {on: [failed]}\n")
    events = [stack.put(f"{FOLDER}{number:04}.csv") for number in range(1001)]
    answers = [stack.launch.upload(*event).answer for event in events[-3:]]
    assert answers == ["waiting"] * 3
    assert listings == []
    assert stack.rested() == ["rejected"]
    assert stack.launch.upload(*events[0]).answer == "waiting"
    assert stack.rested() == ["repeated"]
    assert len(listings) <= 2 * 2
    (run,) = stack.query.runs(limit=10).runs
    assert (run.cause.code, run.notify) == ("too_many_objects", ("failed",))
    with pytest.raises(CrowdedError, match="has more than 1,000 objects"):
        stack.launch.request("penguins", "first", caller="ann")
    stack.later(days=1)
    stack.launch.upload(*events[0])
    assert stack.rested() == ["rejected"]
    assert stack.batch_jobs() == []


@pytest.mark.parametrize("crowded", ["projects/penguins/code/", FOLDER])
def test_events_of_a_rejected_crowd_list_nothing(stack, monkeypatch, crowded: str) -> None:
    monkeypatch.setattr(buckets, "MAX_PAGES", 1)
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"trigger: marker\n")
    for number in range(1001):
        stack.put(f"{crowded}{number:04}.csv")
    events = [stack.put(f"{FOLDER}{number}.csv") for number in range(8)]
    events += [*stack.drop("first", "train.csv", "test.csv", "_SUCCESS")]
    uploaded_at = stack.now
    stack.later(seconds=30)
    calls: list[str] = []
    stack.s3.meta.events.register("before-call.s3", lambda model, **_: calls.append(model.name))
    assert stack.launch.upload(*events[-1], uploaded_at).answer == "rejected"
    assert "ListObjectVersions" in calls
    calls.clear()
    answers = {stack.launch.upload(*event, uploaded_at).answer for event in events}
    assert (answers, calls) == ({"repeated"}, [])
    assert len(stack.query.runs(limit=10).runs) == 1


def test_a_crowd_that_was_removed_is_not_the_answer_to_the_next_drop(stack, monkeypatch) -> None:
    monkeypatch.setattr(buckets, "MAX_PAGES", 1)
    stack.publish_project()
    for number in range(1001):
        stack.put(f"projects/penguins/code/{number:04}.py")
    assert stack.launch.upload(*stack.drop()[1], stack.now).answer == "rejected"
    list(stack.bucket.delete_folder("projects/penguins/code/0"))
    stack.later(minutes=1)
    assert stack.launch.upload(*stack.drop()[1], stack.now).answer == "launched"


def test_code_of_too_many_keys_is_rejected(stack, monkeypatch) -> None:
    monkeypatch.setattr("droptrain_core.launch.entrypoint.MAX_CODE_FILES", 3)
    stack.publish_project()
    for number in range(3):
        stack.put(f"projects/penguins/code/{number}.py")
    stack.launch.upload(*stack.drop()[0])
    (run,) = stack.query.runs(limit=10).runs
    assert run.cause.code == "bad_code"
    assert "has 4 files; a run can have 3" in run.cause.message


def test_code_with_a_name_that_leads_out_is_rejected(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/code/lib/../../../evil.py")
    stack.launch.upload(*stack.drop()[0])
    (run,) = stack.query.runs(limit=10).runs
    assert run.cause.code == "bad_code"
    assert "'projects/penguins/code/lib/../../../evil.py'" in run.cause.message
