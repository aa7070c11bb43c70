"""The drops find each kind of fault that left a drop without an answer, when it is put back into the code."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from chaos.drops.contents import KINDS, of_bytes
from chaos.drops.drop import Drop, Put
from chaos.drops.play import play
from chaos.drops.strategies import drops
from chaos.model.memory import MemoryDatasetTable
from droptrain_core.aws import claim_writes, run_record
from droptrain_core.domain import errors, preflight, text
from droptrain_core.domain.datasets import dataset
from droptrain_core.domain.datasets.dataset_record import Answered, DatasetRecord
from droptrain_core.domain.notices import message
from droptrain_core.domain.preflight import reader, rows
from droptrain_core.domain.recipes.recipe import EVENTS
from droptrain_core.launch.answers import Incomplete
from droptrain_core.launch.uploads import LaunchUploads
from droptrain_core.reconcile import Reconcile
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

MANY = settings(
    max_examples=200,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
PAIR = ("train.csv", "test.csv")
PARTS = tuple(f"part-{number:02}.csv" for number in range(40))


@st.composite
def folders(
    draw: st.DrawFn,
    names: tuple[str, ...] = PAIR,
    recipe: str = "{}",
    place: str = "projects/p/data/first",
    kinds: tuple[str, ...] = ("plain",),
    paces: tuple[float, ...] = (0.0, 1.0, 31.0),
    lost: tuple[str, ...] = (),
) -> Drop:
    """Uploads into one place in any order, at one of the paces; the events of `lost` files are lost."""
    pace = draw(st.sampled_from(paces))
    puts = [Put(0.0, "projects/p/train.yaml", of_bytes(recipe.encode()))]
    puts.append(Put(0.0, "projects/p/code/run.sh", of_bytes(b"exit 0\n")))
    for number, name in enumerate(draw(st.permutations(names))):
        content = KINDS[draw(st.sampled_from(kinds))](1)
        delays = () if name in lost else (0.0,)
        puts.append(Put(10.0 + pace * number, f"{place}/{name}", content, delays))
    return Drop(tuple(puts))


def an_item_twice(patch: pytest.MonkeyPatch) -> None:
    transact = claim_writes.transact

    def with_uploads(client: Any, writes: list[Any], what: str) -> Any:
        inputs = writes[0].get("Put", {}).get("Item", {}).get("inputs", {"L": []})["L"]
        items = ({"pk": {"S": f"UPLOAD#{each['M']['object']['M']['key']['S']}"}} for each in inputs)
        puts = [{"Put": {"TableName": "runs", "Item": item}} for item in items]
        return transact(client, [*writes, *puts], what)

    patch.setattr(claim_writes, "transact", with_uploads)


def halves_of_characters(patch: pytest.MonkeyPatch) -> None:
    for module in (reader, rows):
        patch.setattr(module, "to_text", lambda data: data.decode(errors="surrogateescape"))
    for module in (text, run_record):
        patch.setattr(module, "encodable", lambda written: written)


def control_characters(patch: pytest.MonkeyPatch) -> None:
    for module in (dataset, errors, message):
        patch.setattr(module, "plain", lambda written, most=None: written[:most])
    patch.setattr(message, "printable_ascii", lambda written: written)


def reads_without_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(preflight, "FILES_SAMPLED", 300)


def a_rejection_for_each_file(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Answered, "covers", lambda *_: False)


def a_job_for_each_part(patch: pytest.MonkeyPatch) -> None:
    def look(uploads: LaunchUploads, record: DatasetRecord, recipe: Any, _: Any) -> Any:
        return uploads._look(record, uploads._gather.how(record.project), recipe)

    patch.setattr(LaunchUploads, "_rest", look)


def forgotten_datasets(patch: pytest.MonkeyPatch) -> None:
    settle = Reconcile._settle_dataset

    def forget(self: Reconcile, waiting: Any, lacking: Any, *, notified: bool) -> Any:
        if waiting.missing:
            self._datasets.forget(waiting)
            return
        yield from settle(self, waiting, lacking, notified=notified)

    patch.setattr(Reconcile, "_settle_dataset", forget)


def a_marker_for_each_file_after_it(patch: pytest.MonkeyPatch) -> None:
    judge = LaunchUploads._judge

    def judge_as_new(uploads: LaunchUploads, record: DatasetRecord, file: str, upload: Any) -> Any:
        known = record if file == dataset.MARKER else replace(record, run_id=None)
        return judge(uploads, known, file, upload)

    patch.setattr(DatasetRecord, "covers", lambda *_: False)
    patch.setattr(LaunchUploads, "_judge", judge_as_new)
    patch.setattr(LaunchUploads, "revisit", lambda _, waiting: Incomplete(waiting, EVENTS))


def a_marker_among_the_inputs(patch: pytest.MonkeyPatch) -> None:
    matches = dataset.matches
    patch.setattr(dataset, "matches", lambda file, pattern: file == dataset.MARKER or matches(file, pattern))


def silence_over_other_data_files(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dataset, "is_data_file", lambda name: name.endswith(".csv"))


def no_look_after_the_notice(patch: pytest.MonkeyPatch) -> None:
    waiting = MemoryDatasetTable.waiting

    def until_notified(table: MemoryDatasetTable, before: datetime, *, notified: bool) -> Iterator[Any]:
        return iter(()) if notified else waiting(table, before, notified=False)

    patch.setattr(MemoryDatasetTable, "waiting", until_notified)


def hidden_files_as_inputs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dataset, "_HIDDEN", re.compile("(?!)"))


def one_answer_for_names_that_look_alike(patch: pytest.MonkeyPatch) -> None:
    reject = LaunchUploads._reject

    def by_shown_name(uploads: LaunchUploads, project: str, name: str, cause: Any, _: str, *rest: Any) -> Any:
        return reject(uploads, project, name, cause, cause.code, *rest)

    patch.setattr(LaunchUploads, "_reject", by_shown_name)


def a_marker_that_counts_whatever_follows(patch: pytest.MonkeyPatch) -> None:
    launch = LaunchUploads._launch
    patch.setattr(
        LaunchUploads, "_launch", lambda uploads, record, found, _: launch(uploads, record, found, None)
    )


LOOK_ALIKE = Drop(
    tuple(Put(10.0, f"projects/p/data/{name}/train.csv", of_bytes(b"a\n1\n")) for name in ("First", "First "))
)
ALL = "inputs: {training: '*.csv'}\n"
BAD_PLACE = "projects/p/data/bell\x07"


@pytest.mark.parametrize("put_back,drop,promise", [
    (an_item_twice, folders(recipe="inputs: {a: train.csv, b: train.csv}"), "dead letter"),
    (halves_of_characters, folders(kinds=("plain", "latin-1 header over an empty column")), "dead letter"),
    (control_characters, folders(place=BAD_PLACE), "SNS|dead letter|Invalid"),
    (reads_without_bound, folders(PARTS, ALL), "part-"),
    (a_rejection_for_each_file, folders(PARTS, place=BAD_PLACE), "rejections for 1 causes"),
    (a_job_for_each_part, folders(PARTS[:5], ALL), "5 runs, not 1"),
    (forgotten_datasets, folders(("Train.csv", "Test.csv")), "isn't listed"),
    (a_marker_for_each_file_after_it, folders((*PAIR, "_SUCCESS", "README.md"), "trigger: marker"),
     "has a run and is listed as"),
    (a_marker_that_counts_whatever_follows, folders((*PARTS[:5], "_SUCCESS"), f"{ALL}trigger: marker"),
     "have no run"),
    (a_marker_among_the_inputs, folders((*PAIR, "_SUCCESS"), "inputs: {all: '*'}"), "have no run"),
    (silence_over_other_data_files, folders(("a.tsv", "b.csv.gz"), place="projects/p/first"),
     "nothing says why"),
    (hidden_files_as_inputs, folders(("a.csv", "._a.csv"), ALL), "have no run|runs, not"),
    (one_answer_for_names_that_look_alike, st.just(LOOK_ALIKE), "nothing says why"),
    (no_look_after_the_notice, folders(paces=(31.0, 4000.0), lost=("test.csv",)), "complete, and has no run"),
], ids=lambda it: getattr(it, "__name__", ""))  # fmt: skip
def test_a_fault_is_found(
    put_back: Callable[[pytest.MonkeyPatch], None],
    drop: st.SearchStrategy[Drop],
    promise: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_back(monkeypatch)
    with pytest.raises((AssertionError, ClientError), match=promise):
        seed(1)(MANY(given(drop)(play)))()


@pytest.mark.parametrize("put_back", [a_rejection_for_each_file, forgotten_datasets])
def test_any_drop_finds_a_fault(
    put_back: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(monkeypatch)
    with pytest.raises(AssertionError):
        seed(1)(MANY(given(drops())(play)))()
