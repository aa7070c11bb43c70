"""The trigger quiet: a dataset whose files arrive one by one launches once, when no more files arrive."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.domain.datasets import dataset
from droptrain_core.domain.datasets.dataset import Created
from support.core_stack import Stack

PARTS = b"inputs: {training: 'train/*.csv', testing: test.csv}\n"
FOLDER = "projects/penguins/data/first/"
CSV = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def parts(stack: Stack) -> Stack:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", PARTS)
    return stack


def upload(stack: Stack, name: str, folder: str = FOLDER) -> Any:
    """Put a file and deliver its event."""
    return stack.launch.uploads.upload(Created(*stack.put(folder + name, CSV), stack.now))


def deliver(stack: Stack) -> list[str]:
    """Deliver every wake-up that is on its way; the answers."""
    messages = list(stack.wake_ups.messages)
    stack.wake_ups.messages.clear()
    return [stack.launch.wake(*message).answer for message in messages]


def deliver_due(stack: Stack) -> list[str]:
    """Deliver the wake-ups of datasets that are due by now; the others stay on their way."""
    answers = []
    for message in list(stack.wake_ups.messages):
        record = stack.dataset_table.read(*message[:2])
        if record.wake_up_at and record.wake_up_at <= stack.now.strftime("%Y-%m-%dT%H:%M:%SZ"):
            stack.wake_ups.messages.remove(message)
            answers.append(stack.launch.wake(*message).answer)
    return answers


def test_a_launch_while_an_upload_is_handled_leaves_that_upload_a_wake_up(
    parts: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload read the record before the launch, and writes it after."""
    upload(parts, "test.csv")
    upload(parts, "train/part-0.csv")
    parts.later(seconds=331)
    read = DatasetTable.read_with_load

    def read_and_launch(table: DatasetTable, *args: Any) -> Any:
        found = read(table, *args)
        monkeypatch.setattr(DatasetTable, "read_with_load", read)
        assert "launched" in deliver(parts)
        return found

    monkeypatch.setattr(DatasetTable, "read_with_load", read_and_launch)
    assert upload(parts, "train/part-1.csv").answer == "waiting"
    assert len(parts.wake_ups.messages) == 1
    parts.later(seconds=331)
    assert deliver(parts) == ["repeated"], "the launch listed this upload's file"
    assert parts.dataset_table.read("penguins", "first").since is None


MARKED = b"inputs: {training: 'train/*.csv', testing: test.csv}\ntrigger: marker\n"


def test_parts_that_follow_their_marker_are_one_run_with_all_of_them(parts: Stack) -> None:
    """As `aws s3 sync` uploads a folder of Spark's: _SUCCESS sorts before part-00000."""
    parts.put("projects/penguins/train.yaml", MARKED)
    assert upload(parts, "_SUCCESS").answer == "waiting"
    time.sleep(1)  # S3 says when an object was uploaded in whole seconds
    assert upload(parts, "test.csv").answer == "waiting"
    for number in range(5):
        parts.later(seconds=100)
        assert upload(parts, f"train/part-{number}.csv").answer == "waiting"
    parts.later(seconds=331)
    while parts.wake_ups.messages:
        parts.later(seconds=31)
        deliver(parts)
    (run,) = parts.query.runs(limit=10).runs
    assert run.input_count == 6


def test_the_first_part_to_end_after_its_marker_launches_nothing_at_once(parts: Stack) -> None:
    """An upload in parts has the time of its beginning, which may be before the marker's."""
    parts.put("projects/penguins/train.yaml", MARKED)
    upload(parts, "test.csv")
    part = parts.put(f"{FOLDER}train/part-0.csv", CSV)
    assert upload(parts, "_SUCCESS").answer == "launched"
    upload(parts, "_SUCCESS", FOLDER.replace("first", "second"))
    upload(parts, "test.csv", FOLDER.replace("first", "second"))
    began_before = parts.put(f"{FOLDER}train/part-0.csv".replace("first", "second"), CSV)
    assert parts.launch.uploads.upload(Created(*began_before, parts.now)).answer == "waiting"
    assert parts.launch.uploads.upload(Created(*part, parts.now)).answer == "repeated"


def test_a_new_marker_launches_parts_that_rest_at_once(parts: Stack) -> None:
    parts.put("projects/penguins/train.yaml", MARKED)
    upload(parts, "_SUCCESS")
    upload(parts, "test.csv")
    time.sleep(1)
    assert upload(parts, "train/part-1.csv").answer == "waiting"
    assert upload(parts, "_SUCCESS").answer == "launched"
    parts.later(seconds=400)
    assert set(deliver(parts)) <= {"ignored"}


def test_the_owner_of_a_dataset_that_never_rests_gets_one_notice(parts: Stack) -> None:
    upload(parts, "test.csv")
    for number in range(8 * 15):
        parts.later(seconds=240)
        upload(parts, f"train/part-{number}.csv")
        if number % 5 == 0:
            parts.reconcile.all()
    assert not parts.batch_jobs()
    (notice,) = parts.notices()
    assert "files have kept arriving since" in json.dumps(notice)
    parts.later(seconds=331)
    while parts.wake_ups.messages:
        parts.later(seconds=31)
        deliver(parts)
    assert len(parts.batch_jobs()) == 1


def test_parts_that_arrive_one_by_one_are_one_run(parts: Stack) -> None:
    upload(parts, "test.csv")
    for number in range(20):
        parts.later(seconds=31)
        assert upload(parts, f"train/part-{number}.csv").answer == "waiting"
        # The message that was sent first is sent again with what remains.
    parts.later(seconds=300)
    assert deliver(parts) == ["waiting"]
    assert not parts.batch_jobs()
    parts.later(seconds=31)
    assert deliver(parts) == ["launched"]
    (run,) = parts.query.runs(limit=10).runs
    assert run.input_count == 21
    assert len(parts.batch_jobs()) == 1
    assert deliver(parts) == []


def test_the_recipe_says_how_long_it_rests(parts: Stack) -> None:
    parts.put("projects/penguins/train.yaml", PARTS + b"quiet_for: 30s\n")
    upload(parts, "test.csv")
    upload(parts, "train/part-0.csv")
    parts.later(seconds=61)
    assert deliver(parts) == ["launched"]


def test_uploads_that_are_still_in_the_queue_count(parts: Stack) -> None:
    """An upload is seen after the settle time, 30 s: a dataset that rests for 30 s waits for it."""
    parts.put("projects/penguins/train.yaml", PARTS + b"quiet_for: 30s\n")
    events = []
    for number in range(60):
        names = ("test.csv",) if number == 0 else (f"train/part-{number}.csv",)
        events += [(parts.now, Created(*parts.put(FOLDER + name, CSV), parts.now)) for name in names]
        for _, event in [each for each in events if (parts.now - each[0]).total_seconds() == 30]:
            parts.launch.uploads.upload(event)
        assert "launched" not in deliver_due(parts)
        parts.later(seconds=1)
    assert not parts.batch_jobs()


def test_an_hour_is_longer_than_one_message_can_be_delayed(parts: Stack) -> None:
    parts.put("projects/penguins/train.yaml", PARTS + b"quiet_for: 1h\n")
    upload(parts, "test.csv")
    upload(parts, "train/part-0.csv")
    answers = []
    for _ in range(5):
        parts.later(seconds=901)
        answers += deliver(parts)
    assert answers == ["waiting", "waiting", "waiting", "waiting", "launched"]


def test_an_upload_while_the_dataset_is_looked_at_restarts_the_wait(
    parts: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(parts, "test.csv")
    upload(parts, "train/part-0.csv")
    parts.later(seconds=331)
    (wake_up,) = parts.wake_ups.messages
    parts.wake_ups.messages.clear()
    look = parts.bucket.folder

    def look_and_upload(*args: Any) -> Any:
        found = look(*args)
        if args[0] == FOLDER:
            monkeypatch.undo()
            upload(parts, "train/part-1.csv")
        return found

    monkeypatch.setattr(parts.bucket, "folder", look_and_upload)
    assert parts.launch.wake(*wake_up).answer == "waiting"
    assert not parts.query.runs(limit=10).runs
    parts.later(seconds=332)
    assert "launched" in deliver(parts)
    (run,) = parts.query.runs(limit=10).runs
    assert run.input_count == 3


@pytest.mark.parametrize("answer", ["its run", "a crowd"])
def test_an_upload_while_an_answered_dataset_is_looked_at_is_not_forgotten(
    parts: Stack, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    upload(parts, "test.csv")
    part = Created(*parts.put(FOLDER + "train/part-0.csv", CSV), parts.now)
    parts.launch.uploads.upload(part)
    assert parts.rested() == ["launched"]
    parts.launch.uploads.upload(replace(part, at=None))
    if answer == "a crowd":
        monkeypatch.setattr(dataset, "MAX_INPUTS", 1)
    parts.later(seconds=331)
    (wake_up,) = parts.wake_ups.messages
    parts.wake_ups.messages.clear()
    settle = parts.dataset_table.settle

    def upload_and_settle(*args: Any) -> bool:
        monkeypatch.undo()
        upload(parts, "train/part-1.csv")
        return settle(*args)

    monkeypatch.setattr(parts.dataset_table, "settle", upload_and_settle)
    assert parts.launch.wake(*wake_up).answer == "waiting"
    assert "launched" in parts.rested()


def test_what_is_incomplete_after_the_wait_is_listed_and_announced_after_an_hour(parts: Stack) -> None:
    upload(parts, "train/part-0.csv")
    upload(parts, "Test.csv")
    parts.later(seconds=331)
    assert deliver(parts) == ["waiting"]
    (waiting,) = parts.query.projects(limit=10).projects[0].waiting
    assert waiting.missing == ("test.csv",)
    assert waiting.present == ("Test.csv", "train/part-0.csv")
    parts.later(hours=1)
    parts.reconcile.all()
    (notice,) = parts.notices()
    assert notice["Subject"] == "WAITING penguins/first for test.csv"
    assert "Test.csv exists: rename it to test.csv" in notice["Message"]


def test_a_dataset_that_rests_is_no_incomplete_one(parts: Stack) -> None:
    for _ in range(30):
        upload(parts, "train/part-0.csv")
        parts.later(seconds=200)
        parts.reconcile.all()
    assert parts.notices() == []
    (waiting,) = parts.query.projects(limit=10).projects[0].waiting
    assert waiting.due_at


def test_a_lost_wake_up_is_replaced_by_the_reconciler(parts: Stack) -> None:
    upload(parts, "test.csv")
    upload(parts, "train/part-0.csv")
    parts.wake_ups.messages.clear()
    parts.later(hours=1, minutes=1)
    parts.reconcile.all()
    assert len(parts.batch_jobs()) == 1


def test_events_that_come_late_or_again_start_no_second_run(parts: Stack) -> None:
    events = [Created(*parts.put(FOLDER + name, CSV), parts.now) for name in ("test.csv", "train/p.csv")]
    for event in events:
        parts.launch.uploads.upload(event)
    parts.later(seconds=331)
    assert deliver(parts) == ["launched"]
    parts.later(minutes=10)
    for event in events:
        assert parts.launch.uploads.upload(event).answer == "repeated"
    assert deliver(parts) == []
    late = upload(parts, "train/late.csv")
    assert late.answer == "waiting"
    parts.later(seconds=331)
    assert deliver(parts) == ["launched"]
    assert len(parts.query.runs(limit=10).runs) == 2


def test_a_wake_up_that_is_not_the_last_one_sent_is_ignored(parts: Stack) -> None:
    upload(parts, "test.csv")
    parts.later(seconds=331)
    assert parts.launch.wake("penguins", "first", "another").answer == "ignored"
    assert parts.launch.wake("penguins", "never-seen", "another").answer == "ignored"


def test_a_launch_on_request_does_not_wait(parts: Stack) -> None:
    upload(parts, "test.csv")
    upload(parts, "train/part-0.csv")
    run, new = parts.launch.request("penguins", "first", caller="ann")
    assert new
    parts.later(seconds=331)
    deliver(parts)
    assert [each.run_id for each in parts.query.runs(limit=10).runs] == [run.run_id]


def test_no_event_lists_the_folder(parts: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    look = parts.bucket.folder
    monkeypatch.setattr(
        parts.bucket, "folder", lambda prefix, *named: listed.append(prefix) or look(prefix, *named)
    )
    for number in range(5):
        upload(parts, f"train/part-{number}.csv")
    assert listed == []


@pytest.mark.parametrize("recipe", [
    b"inputs: {training: 'train/*.csv'}\ntrigger: files\n",
    b"inputs: {training: _SUCCESS}\n",
    b"inputs: {training: 'train/*.csv'}\nquiet_for: 10s\n",
])  # fmt: skip
def test_a_recipe_that_contradicts_itself_is_rejected_once(stack: Stack, recipe: bytes) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", recipe)
    for number in range(10):
        upload(stack, f"train/part-{number}.csv")
        stack.later(seconds=31)
    stack.later(seconds=331)
    deliver(stack)
    (run,) = stack.query.runs(limit=10).runs
    assert (run.status, run.cause and run.cause.code) == ("REJECTED", "bad_recipe")


def test_an_upload_between_look_and_removal_keeps_its_wake_up(parts: Stack) -> None:
    """The reconciler saw an empty folder; before it removes the record, an upload lets the dataset rest."""
    seen = parts.dataset_table.read("penguins", "first")
    upload(parts, "test.csv")
    upload(parts, "train/part-0.csv")
    parts.dataset_table.forget(seen)
    parts.later(minutes=6)
    assert deliver(parts)[-1] == "launched"
