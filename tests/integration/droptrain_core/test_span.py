"""Spans: a run trains on a project's accepted datasets together, and belongs to the newest one."""

import time
from typing import Any

import pytest
from droptrain_core.aws import dataset_table
from droptrain_core.domain.datasets import dataset as datasets
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import parse
from support.core_stack import Stack

CSV = b"a,b\n1,2\n3,4\n"
ALL = b"inputs: {training: '*/train.csv', testing: test.csv}\nspan: all\n"


@pytest.fixture
def spanning(stack: Stack) -> Stack:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", ALL)
    return stack


def drop(stack: Stack, dataset: str, body: bytes = CSV, *names: str) -> Any:
    """Drop a dataset; the answer to its last file."""
    stack.later(minutes=1)
    answer = None
    for name in names or ("train.csv", "test.csv"):
        upload = Created(*stack.put(f"projects/penguins/data/{dataset}/{name}", body), stack.now)
        answer = stack.launch.uploads.upload(upload)
    return answer


def inputs(stack: Stack, run_id: str) -> list[str]:
    plan = stack.bucket.plan("penguins", run_id).document
    return sorted(f"{item['channel']} {item['key'].partition('/data/')[2]}" for item in plan["inputs"])


def test_each_drop_trains_on_everything_so_far_and_pins_it(spanning: Stack) -> None:
    assert inputs(spanning, drop(spanning, "mon").run_id) == [
        "testing mon/test.csv",
        "training mon/train.csv",
    ]
    second = drop(spanning, "tue")
    wanted = ["testing tue/test.csv", "training mon/train.csv", "training tue/train.csv"]
    assert second.answer == "launched"
    assert inputs(spanning, second.run_id) == wanted
    run = spanning.table.get(second.run_id)
    assert (run.dataset, run.input_count) == ("tue", 3)
    assert all(item.object.version_id for item in run.inputs)


def test_a_project_and_its_versions_launch_once(spanning: Stack) -> None:
    drop(spanning, "mon")
    first = drop(spanning, "tue")
    for name in ("train.csv", "test.csv"):
        version = spanning.s3.head_object(Bucket="data", Key=f"projects/penguins/data/tue/{name}")[
            "VersionId"
        ]
        again = Created(f"projects/penguins/data/tue/{name}", version, spanning.now)
        assert spanning.launch.uploads.upload(again).run_id == first.run_id
    run, is_new = spanning.launch.requests.request("penguins", "tue", caller="ann")
    assert (run.run_id, is_new) == (first.run_id, False)


def test_only_accepted_datasets_count(spanning: Stack) -> None:
    drop(spanning, "mon")
    assert drop(spanning, "tue", b"").answer == "rejected"
    drop(spanning, "wed", CSV, "train.csv")
    run_id = drop(spanning, "thu").run_id
    assert inputs(spanning, run_id) == [
        "testing thu/test.csv",
        "training mon/train.csv",
        "training thu/train.csv",
    ]
    assert drop(spanning, "mon", b"").answer == "rejected"
    run_id = drop(spanning, "fri").run_id
    assert inputs(spanning, run_id) == [
        "testing fri/test.csv",
        "training fri/train.csv",
        "training thu/train.csv",
    ]


def test_the_last_datasets_are_those_whose_files_are_newest(spanning: Stack) -> None:
    spanning.put("projects/penguins/train.yaml", ALL.replace(b"all", b"{last: 2}"))
    for name in ("c", "b", "a"):
        time.sleep(1)  # S3 says when an object was uploaded in whole seconds
        run_id = drop(spanning, name).run_id
    assert inputs(spanning, run_id) == ["testing a/test.csv", "training a/train.csv", "training b/train.csv"]


def test_preflight_looks_at_the_newest_dataset_alone(
    spanning: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(spanning, "mon")
    seen: list[str] = []
    sample = type(spanning.bucket).sample
    monkeypatch.setattr(
        type(spanning.bucket), "sample", lambda bucket, file: seen.append(file.key) or sample(bucket, file)
    )
    drop(spanning, "tue")
    assert seen
    assert all("/tue/" in key for key in seen)


def test_datasets_that_waited_for_a_cooldown_train_together(spanning: Stack) -> None:
    spanning.put("projects/penguins/train.yaml", ALL + b"retrain: {cooldown: 12h}\n")
    for name in ("mon", "tue", "wed"):
        drop(spanning, name)
    spanning.later(hours=13)
    answer = spanning.wiring.end_cooldowns().over("penguins")
    assert answer.answer == "launched"
    together = ["testing wed/test.csv", *(f"training {name}/train.csv" for name in ("mon", "tue", "wed"))]
    assert inputs(spanning, answer.run_id) == together
    spanning.later(hours=13)
    later = drop(spanning, "thu")
    assert "training tue/train.csv" in inputs(spanning, later.run_id), "it was part of a run"


def test_each_dataset_that_waited_is_checked_before_it_is_trained_with(spanning: Stack) -> None:
    spanning.put("projects/penguins/train.yaml", ALL + b"retrain: {cooldown: 12h}\n")
    drop(spanning, "mon")
    drop(spanning, "tue")
    drop(spanning, "wed", b"")
    drop(spanning, "thu", CSV, "train.csv")
    drop(spanning, "fri")
    asked, _ = spanning.launch.requests.request("penguins", "mon", rerun=True, caller="ann")
    assert inputs(spanning, asked.run_id) == ["testing mon/test.csv", "training mon/train.csv"]
    spanning.later(hours=13)
    over = spanning.wiring.end_cooldowns().over
    answer = over("penguins")
    together = ["testing fri/test.csv", *(f"training {name}/train.csv" for name in ("fri", "mon", "tue"))]
    assert inputs(spanning, answer.run_id) == together
    rejected = spanning.table.get(spanning.dataset_table.read("penguins", "wed").run_id or "")
    assert (rejected.status, rejected.cause.code) == ("REJECTED", "empty_input")
    assert {each.dataset: each.missing for each in spanning.dataset_table.of_project("penguins")} == {
        "thu": ("test.csv",)
    }
    assert over("penguins").answer == "ignored"
    spanning.later(hours=13)
    later = inputs(spanning, drop(spanning, "sat").run_id)
    assert later == [
        "testing sat/test.csv",
        *sorted(line for line in [*together[1:], "training sat/train.csv"]),
    ]


def test_all_datasets_that_waited_train_together_however_many(
    spanning: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_table, "_SHOWN", 2)
    spanning.put("projects/penguins/train.yaml", ALL + b"retrain: {cooldown: 12h}\n")
    names = ("mon", "tue", "wed", "thu", "fri")
    for name in names:
        drop(spanning, name)
    spanning.later(hours=13)
    answer = spanning.wiring.end_cooldowns().over("penguins")
    assert len(inputs(spanning, answer.run_id)) == len(names) + 1
    assert spanning.dataset_table.held("penguins") == []


def test_a_check_that_takes_long_is_continued_by_the_next_message(
    spanning: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    spanning.put("projects/penguins/train.yaml", ALL + b"retrain: {cooldown: 12h}\n")
    for name in ("mon", "tue", "wed", "thu"):
        drop(spanning, name)
    spanning.later(hours=13)
    checked: list[str] = []
    accept = type(spanning.dataset_table).accept

    def slowly(table: Any, record: Any) -> None:
        checked.append(record.dataset)
        spanning.later(minutes=1)
        accept(table, record)

    monkeypatch.setattr(type(spanning.dataset_table), "accept", slowly)
    assert spanning.wiring.end_cooldowns().over("penguins").answer == "postponed"
    assert spanning.wake_ups.cooldowns_over == ["penguins"], "a message of its own, not one more delivery"
    answer = spanning.wiring.end_cooldowns().over("penguins")
    assert (answer.answer, sorted(checked)) == ("launched", ["tue", "wed"])
    assert len(inputs(spanning, answer.run_id)) == 5


def test_too_many_files_together_are_rejected(spanning: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(spanning, "mon")
    monkeypatch.setattr(datasets, "MAX_INPUTS", 2)
    answer = drop(spanning, "tue")
    assert answer.answer == "rejected"
    assert spanning.table.get(answer.run_id).cause.code == "too_many_inputs"


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        ({"span": "all"}, "span: no input spans datasets; begin each that does with */"),
        ({"span": {"last": 1}}, "span.last: has to be a whole number from 2"),
        ({"span": {}}, "span: has to be one, all, or such as {last: 30}, not {}"),
        ({"span": 3}, "span: has to be one, all, or such as {last: 30}, not 3"),
    ],
)
def test_a_wrong_span_is_refused(recipe: Any, reason: str) -> None:
    with pytest.raises(RejectedError) as refused:
        parse(recipe)
    assert reason in refused.value.cause.message


def test_a_span_of_named_files_launches_as_soon_as_they_are_there() -> None:
    recipe = parse({"inputs": {"training": "*/train.csv"}, "span": {"last": 30}})
    assert (recipe.trigger, recipe.inputs, recipe.span) == ("files", {"training": "train.csv"}, 30)
    assert parse({"inputs": {"training": "*/*.csv"}, "span": "all"}).trigger == "quiet"


def test_the_same_versions_of_all_datasets_launch_one_run(stack: Stack) -> None:
    """Both datasets are replaced before the first event of the two: its run has trained on both."""
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"inputs: {training: '*/train.csv'}\nspan: all\n")
    for dataset in ("first", "second"):
        assert drop(stack, dataset, CSV, "train.csv").answer == "launched"
    events = [
        Created(*stack.put(f"projects/penguins/data/{dataset}/train.csv", CSV + b"5,6\n"), stack.now)
        for dataset in ("first", "second")
    ]
    stack.later(seconds=30)
    answers = [stack.launch.uploads.upload(event) for event in events]
    assert [each.answer for each in answers] == ["launched", "repeated"]
    assert len({each.run_id for each in answers}) == 1
