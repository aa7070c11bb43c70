"""Cooldowns: drops launch one run at most in a cooldown; what arrives meanwhile waits for its end."""

import itertools
import re
from typing import Any

import pytest
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.retraining import cooldown_schedule
from support.core_stack import Stack
from support.made_calls import made_calls

CSV = b"a,b\n1,2\n3,4\n"
HALF_A_DAY = b"retrain: {cooldown: 12h}\n"


@pytest.fixture
def scheduler(stack: Stack) -> Any:
    return stack.scheduler


@pytest.fixture
def cooling(stack: Stack, scheduler: Any) -> Stack:
    """A project with a cooldown of twelve hours that has just trained its first dataset."""
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", HALF_A_DAY)
    assert drop(stack, "first") == ["waiting", "launched"]
    stack.later(hours=1)
    return stack


def ends(scheduler: Any) -> list[Any]:
    """The one-time schedules of cooldowns' ends."""
    names = [each["Name"] for each in scheduler.list_schedules(GroupName="schedules")["Schedules"]]
    return [scheduler.get_schedule(GroupName="schedules", Name=name) for name in names if ".cooldown" in name]


def upload(stack: Stack, dataset: str, name: str, body: bytes = CSV) -> str:
    key, version_id = stack.put(f"projects/penguins/data/{dataset}/{name}", body)
    return stack.launch.uploads.upload(Created(key, version_id, stack.now)).answer


def drop(stack: Stack, dataset: str, body: bytes = CSV) -> list[str]:
    return [upload(stack, dataset, name, body) for name in ("train.csv", "test.csv")]


def over(stack: Stack) -> str:
    return stack.wiring.end_cooldowns().over("penguins").answer


def runs(stack: Stack, **where: str) -> list[str]:
    page = stack.table.page(project="penguins", where=where, limit=100, position=None)
    return [run.dataset for run in reversed(page.runs)]


def waiting(stack: Stack) -> dict[str, str | None]:
    return {each.dataset: each.due_at for each in stack.dataset_table.of_project("penguins")}


def test_drops_in_a_cooldown_wait_visibly_for_its_end_and_train_as_one_run(cooling: Stack) -> None:
    for dataset in ("second", "third", "fourth"):
        assert drop(cooling, dataset) == ["waiting", "waiting"]
        cooling.later(hours=1)
    ends_at = "2026-11-23T14:10:00Z"
    assert waiting(cooling) == dict.fromkeys(("second", "third", "fourth"), ends_at)
    assert runs(cooling) == ["first"]
    cooling.later(hours=9)
    assert over(cooling) == "launched"
    assert runs(cooling) == ["first", "fourth"]
    assert waiting(cooling) == {}
    newest = cooling.dataset_table.read("penguins", "fourth").run_id
    assert cooling.dataset_table.read("penguins", "second").run_id == newest
    assert over(cooling) == "ignored"
    assert drop(cooling, "fifth") == ["waiting", "waiting"], "the next cooldown has begun"


def test_events_of_a_drop_that_has_its_run_wait_for_no_cooldown(stack: Stack, scheduler: Any) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", HALF_A_DAY)
    files = [stack.put(f"projects/penguins/data/first/{name}", CSV) for name in ("train.csv", "test.csv")]
    events = [Created(key, version_id, at) for key, version_id in files for at in (stack.now, None)]
    answers = [stack.launch.uploads.upload(event).answer for event in events]
    assert answers[0] == "launched"
    assert set(answers) <= {"launched", "repeated"}
    assert waiting(stack) == {}


def test_a_launch_schedules_the_message_of_its_cooldown_s_end_once(cooling: Stack, scheduler: Any) -> None:
    [made] = ends(scheduler)
    assert made["ScheduleExpression"] == "at(2026-11-23T14:10:00)"
    assert made["ActionAfterCompletion"] == "DELETE"
    assert '"Cooldown Over"' in made["Target"]["Input"]


def test_datasets_wait_visibly_for_the_end_of_a_cooldown_that_was_made_longer(cooling: Stack) -> None:
    drop(cooling, "second")
    cooling.put("projects/penguins/train.yaml", b"retrain: {cooldown: 28d}\n")
    cooling.schedules.follow("penguins")
    cooling.later(hours=12)
    assert over(cooling) == "ignored"
    assert waiting(cooling) == {"second": "2026-12-21T02:10:00Z"}
    cooling.reconcile.all()
    assert cooling.wake_ups.cooldowns_over == [], "no pass looks at it before that end"
    cooling.later(days=28)
    assert over(cooling) == "launched"
    assert runs(cooling) == ["first", "second"]


def test_the_late_deletion_of_an_end_s_schedule_spares_that_of_the_next(
    cooling: Stack, scheduler: Any
) -> None:
    [last] = ends(scheduler)
    drop(cooling, "second")
    cooling.later(hours=11)
    assert over(cooling) == "launched"
    # As EventBridge Scheduler does, shortly after the schedule's time.
    scheduler.delete_schedule(GroupName="schedules", Name=last["Name"])
    [made] = ends(scheduler)
    assert made["ScheduleExpression"] == "at(2026-11-24T02:10:00)"


def test_the_schedule_of_an_end_has_a_name_that_scheduler_takes() -> None:
    name = cooldown_schedule("p" * 40, "2099-12-31T23:59:59Z")
    assert re.fullmatch(r"[0-9a-zA-Z_.-]{1,64}", name), "Scheduler API reference, CreateSchedule"


def test_a_drop_that_only_waits_costs_four_calls(cooling: Stack) -> None:
    puts = [cooling.put(f"projects/penguins/data/second/{name}", CSV) for name in ("train.csv", "test.csv")]
    with made_calls() as calls:
        for key, version_id in puts:
            assert cooling.launch.uploads.upload(Created(key, version_id, cooling.now)).answer == "waiting"
    assert calls == {"BatchGetItem": 2, "UpdateItem": 2}
    cooling.later(hours=9)
    with made_calls() as calls:
        cooling.reconcile.all()
    assert calls["GetItem"] <= 2, "the pass finds nothing to do for the dataset"
    assert cooling.notices() == []


def test_two_files_that_arrive_in_a_cooldown_at_the_same_time_are_both_listed(cooling: Stack) -> None:
    before = cooling.dataset_table.read("penguins", "second")
    ends_at = "2026-11-23T14:10:00Z"
    for name in ("test.csv", "train.csv", "test.csv"):
        cooling.dataset_table.hold(before, (name,), ends_at, "2026-11-23T03:10:00Z", cooling.now)
    assert cooling.dataset_table.read("penguins", "second").present == ("test.csv", "train.csv")


def test_an_upload_is_given_back_if_others_change_its_dataset_all_the_time(
    cooling: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, numbers = DatasetTable.read, itertools.count(999, -1)
    others = ("2026-11-23T14:10:00Z", "2026-11-23T03:10:00Z", cooling.now)

    def read_before_another(table: DatasetTable, project: str, dataset: str) -> DatasetRecord:
        found = read(table, project, dataset)
        table.hold(found, (f"{next(numbers)}.csv",), *others)
        return found

    monkeypatch.setattr(DatasetTable, "read", read_before_another)
    before = cooling.dataset_table.read("penguins", "second")
    with pytest.raises(BusyError, match="penguins/second"):
        cooling.dataset_table.hold(before, ("a.csv",), *others)


def test_launches_that_race_at_the_end_of_a_cooldown_are_one(
    cooling: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(cooling, "second")
    cooling.later(hours=11)
    claim = RunTable.claim
    others: list[list[str]] = []

    def claim_after_another(table: RunTable, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(RunTable, "claim", claim)
        others.append(drop(cooling, "third"))
        return claim(table, *args, **kwargs)

    monkeypatch.setattr(RunTable, "claim", claim_after_another)
    assert over(cooling) == "waiting"
    assert others == [["waiting", "launched"]]
    assert runs(cooling) == ["first", "third"]
    assert list(waiting(cooling)) == ["second"]


def test_a_process_that_dies_after_its_launch_leaves_the_older_datasets_their_answer(
    cooling: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dataset in ("second", "third"):
        drop(cooling, dataset)
        cooling.later(minutes=10)
    cooling.later(hours=11)
    claim = RunTable.claim

    def claim_and_die(table: RunTable, *args: Any, **kwargs: Any) -> Any:
        claim(table, *args, **kwargs)
        raise MemoryError

    monkeypatch.setattr(RunTable, "claim", claim_and_die)
    with pytest.raises(MemoryError):
        over(cooling)
    monkeypatch.setattr(RunTable, "claim", claim)
    assert list(waiting(cooling)) == ["second"]
    assert over(cooling) == "ignored"
    assert waiting(cooling) == {}
    assert runs(cooling) == ["first", "third"]


def test_a_lost_message_of_the_end_is_sent_again_by_the_reconciler(cooling: Stack) -> None:
    drop(cooling, "second")
    cooling.later(hours=11)
    cooling.reconcile.all()
    assert cooling.wake_ups.cooldowns_over == []
    cooling.later(hours=1, minutes=6)
    cooling.reconcile.all()
    assert cooling.wake_ups.cooldowns_over == ["penguins"]
    assert over(cooling) == "launched"


def test_an_early_message_comes_again_and_one_of_an_earlier_cooldown_does_not(cooling: Stack) -> None:
    drop(cooling, "second")
    assert over(cooling) == "ignored"
    assert list(waiting(cooling)) == ["second"]
    cooling.later(hours=10, minutes=59)
    with pytest.raises(BusyError):
        over(cooling)
    cooling.later(hours=11)
    assert over(cooling) == "launched"


def test_the_newest_dataset_that_is_ready_trains(cooling: Stack) -> None:
    drop(cooling, "second")
    cooling.later(minutes=1)
    upload(cooling, "third", "train.csv")
    cooling.later(minutes=1)
    drop(cooling, "fourth", b"")
    cooling.later(hours=11)
    assert over(cooling) == "launched"
    assert runs(cooling) == ["first", "fourth", "second"]
    assert runs(cooling, status="REJECTED") == ["fourth"]
    assert list(waiting(cooling)) == ["third"]
    assert cooling.dataset_table.read("penguins", "third").missing == ("test.csv",)


def test_a_rejected_drop_begins_no_cooldown(stack: Stack, scheduler: Any) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", HALF_A_DAY)
    assert drop(stack, "first", b"") == ["waiting", "rejected"]
    assert drop(stack, "second") == ["waiting", "launched"]


def test_a_request_launches_at_once_and_leaves_the_cooldown_as_it_is(cooling: Stack) -> None:
    drop(cooling, "second")
    _, is_new = cooling.launch.requests.request("penguins", "second", caller="ann")
    assert is_new
    assert waiting(cooling) == {}
    assert drop(cooling, "third") == ["waiting", "waiting"]


@pytest.mark.parametrize(("recipe", "ends_at"), [
    (b"retrain: {cooldown: 2h}\n", "2026-11-23T04:10:00"), (b"", "2026-11-23T03:11:00"),
])  # fmt: skip
def test_a_pushed_recipe_changes_the_cooldown_that_lasts(
    cooling: Stack, scheduler: Any, recipe: bytes, ends_at: str
) -> None:
    drop(cooling, "second")
    cooling.put("projects/penguins/train.yaml", recipe)
    cooling.schedules.follow("penguins")
    cooling.schedules.follow("penguins")
    assert f"at({ends_at})" in [made["ScheduleExpression"] for made in ends(scheduler)]
    cooling.later(hours=1, minutes=1)
    assert over(cooling) == "launched"
    assert runs(cooling) == ["first", "second"]


def test_with_the_trigger_quiet_a_dataset_still_waits_until_no_file_arrives(cooling: Stack) -> None:
    cooling.put("projects/penguins/train.yaml", HALF_A_DAY + b"trigger: quiet\n")
    cooling.later(hours=10, minutes=59)
    drop(cooling, "second")
    cooling.later(minutes=1)
    assert over(cooling) == "waiting"
    assert runs(cooling) == ["first"]
    assert cooling.rested() == ["launched"]
