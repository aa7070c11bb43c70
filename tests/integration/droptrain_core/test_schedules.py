"""Schedules: a recipe's schedule exists in EventBridge Scheduler; each of its times is at most one run."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.errors import BusyError, PausedError
from droptrain_core.domain.recipes import push
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.submit import Submit
from support.core_stack import Stack

SUNDAYS = 'retrain: {schedule: "0 2 * * sun", timezone: Europe/Berlin}\n'
MONDAYS = 'retrain: {schedule: "0 6 * * mon"}\n'
CSV = b"a,b\n1,2\n3,4\n"
T1, T2, T3 = "2026-11-23T02:00:00Z", "2026-11-23T02:15:00Z", "2026-11-23T02:30:00Z"


@pytest.fixture
def scheduler(stack: Stack) -> Any:
    return stack.scheduler


@pytest.fixture
def trained(stack: Stack, scheduler: Any) -> Stack:
    """A project with a schedule whose first dataset has its run."""
    stack.publish_project()
    recipe(stack, SUNDAYS)
    drop(stack, "first")
    return stack


def recipe(stack: Stack, text: str) -> None:
    stack.put("projects/penguins/train.yaml", text.encode())


def drop(stack: Stack, dataset: str, body: bytes = CSV) -> str:
    folder = f"projects/penguins/data/{dataset}/"
    for name in ("train.csv", "test.csv"):
        answer = stack.launch.uploads.upload(Created(*stack.put(folder + name, body), stack.now))
    assert answer.run_id
    return answer.run_id


def due(stack: Stack, at: str = T1) -> tuple[str, str | None]:
    answer = stack.schedules.due("penguins", at)
    return answer.answer, answer.run_id


def scheduled_runs(stack: Stack) -> list[Any]:
    page = stack.table.page(project="penguins", where={"launched_by": "schedule"}, limit=100, position=None)
    return list(page.runs)


def schedules(scheduler: Any) -> dict[str, str]:
    listed = scheduler.list_schedules(GroupName="schedules")["Schedules"]
    found = [scheduler.get_schedule(GroupName="schedules", Name=each["Name"]) for each in listed]
    return {
        each["Name"]: f"{each['ScheduleExpression']} {each['ScheduleExpressionTimezone']}" for each in found
    }


def test_a_pushed_recipe_creates_changes_and_removes_its_project_s_schedule(
    stack: Stack, scheduler: Any
) -> None:
    recipe(stack, SUNDAYS)
    stack.schedules.follow("penguins")
    stack.schedules.follow("penguins")
    assert schedules(scheduler) == {"penguins": "cron(0 2 ? * 1 *) Europe/Berlin"}
    made = scheduler.get_schedule(GroupName="schedules", Name="penguins")["Target"]
    assert made["Arn"] == "arn:aws:sqs:eu-west-1:123456789012:uploads"
    assert made["RoleArn"] == "arn:aws:iam::123456789012:role/scheduler"
    assert made["DeadLetterConfig"] == {"Arn": "arn:aws:sqs:eu-west-1:123456789012:dead-uploads"}
    assert made["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert json.loads(made["Input"]) == {
        "source": "droptrain",
        "detail-type": "Schedule Due",
        "detail": {"project": "penguins", "due_at": "<aws.scheduler.scheduled-time>"},
    }
    recipe(stack, MONDAYS)
    stack.schedules.follow("penguins")
    assert schedules(scheduler) == {"penguins": "cron(0 6 ? * 2 *) UTC"}
    recipe(stack, "epochs: 3\n")
    stack.schedules.follow("penguins")
    assert list(schedules(scheduler)) == ["penguins"], "a recipe that can't be read leaves the schedule"
    recipe(stack, "entrypoint: run.sh\n")
    stack.schedules.follow("penguins")
    stack.schedules.follow("penguins")
    assert schedules(scheduler) == {}


def test_a_push_that_overtakes_a_slower_one_has_the_last_word(
    stack: Stack, scheduler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower process has read the old recipe, and changes the schedule last."""
    recipe(stack, SUNDAYS)
    read = Bucket.recipe

    def read_then_be_overtaken(bucket: Bucket, *args: Any) -> Any:
        found = read(bucket, *args)
        monkeypatch.setattr(Bucket, "recipe", read)
        recipe(stack, MONDAYS)
        stack.schedules.follow("penguins")
        return found

    monkeypatch.setattr(Bucket, "recipe", read_then_be_overtaken)
    stack.schedules.follow("penguins")
    assert schedules(scheduler) == {"penguins": "cron(0 6 ? * 2 *) UTC"}


def test_a_schedule_follows_the_recipe_that_counts_while_a_push_is_under_way(
    stack: Stack, scheduler: Any
) -> None:
    before = push.pushing(push.Published(None, ()), T1)
    stack.put("projects/penguins/push.json", json.dumps(before).encode())
    recipe(stack, MONDAYS)
    stack.schedules.follow("penguins")
    assert schedules(scheduler) == {}
    stack.put("projects/penguins/push.json", json.dumps(push.complete(T1)).encode())
    stack.schedules.follow("penguins")
    assert list(schedules(scheduler)) == ["penguins"]


def test_a_time_of_the_schedule_trains_the_newest_dataset_with_the_code_of_that_moment(
    trained: Stack,
) -> None:
    second = drop(trained, "second")
    trained.launch.requests.request("penguins", "first", caller="ann", rerun=True)
    trained.publish_project(b"echo new\n")
    answer, run_id = due(trained)
    assert answer == "launched"
    run = trained.table.get(run_id)
    assert (run.dataset, run.launched_by, run.status) == ("second", "schedule", "SUBMITTED")
    before = trained.table.get(second)
    assert run.inputs == before.inputs
    assert run.code != before.code
    assert trained.bucket.plan("penguins", run_id).document["scheduled_at"] == T1


def test_repeats_of_a_time_are_one_run_and_the_next_time_is_another(trained: Stack) -> None:
    _, first = due(trained)
    assert due(trained) == ("repeated", first)
    trained.later(minutes=15)
    answer, second = due(trained, T2)
    assert answer == "launched"
    assert second != first
    assert due(trained, T1)[0] == "repeated"
    assert len(scheduled_runs(trained)) == 2


def test_times_that_waited_through_a_pause_are_made_up_for_once(trained: Stack) -> None:
    trained.policy = LaunchPolicy(paused="no budget until Monday")
    with pytest.raises(PausedError):
        due(trained)
    trained.policy = LaunchPolicy()
    trained.later(hours=1)
    assert [due(trained, at)[0] for at in (T2, T1, T3)] == ["launched", "repeated", "repeated"]
    [run] = scheduled_runs(trained)
    assert trained.bucket.plan("penguins", run.run_id).document["scheduled_at"] == T2


def test_two_processes_that_handle_one_time_launch_one_run(
    trained: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = RunTable.claim
    others: list[tuple[str, str | None]] = []

    def claim_after_another(table: RunTable, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(RunTable, "claim", claim)
        others.append(due(trained, T2))
        return claim(table, *args, **kwargs)

    trained.later(minutes=15)
    monkeypatch.setattr(RunTable, "claim", claim_after_another)
    assert due(trained, T1)[0] == "repeated"
    assert others[0][0] == "launched"
    assert len(scheduled_runs(trained)) == 1


@pytest.mark.parametrize("dies_at", [(Bucket, "write_plan"), (RunTable, "claim"), (Submit, "now")])
def test_a_process_that_dies_on_the_way_loses_nothing_and_doubles_nothing(
    trained: Stack, monkeypatch: pytest.MonkeyPatch, dies_at: tuple[Any, str]
) -> None:
    owner, name = dies_at
    working: Callable[..., Any] = getattr(owner, name)

    def die(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(owner, name, die)
    with pytest.raises(MemoryError):
        due(trained)
    monkeypatch.setattr(owner, name, working)
    if name == "now":
        with pytest.raises(BusyError):
            due(trained)
    trained.later(minutes=5)
    assert due(trained)[0] == "launched"
    [run] = scheduled_runs(trained)
    assert run.status == "SUBMITTED"
    assert len(trained.batch_jobs()) == 2


ONLY_IF_NEW = 'retrain: {schedule: "0 2 * * sun", only_if_new: true}\n'


def test_only_if_new_skips_a_time_when_nothing_has_changed(trained: Stack) -> None:
    recipe(trained, ONLY_IF_NEW)
    first = drop(trained, "third")
    assert due(trained) == ("ignored", first)
    known = trained.wiring.retrainings.read("penguins")
    assert (known.outcome, known.run_id, known.due_at) == ("unchanged", first, T1)
    assert due(trained) == ("repeated", first)
    trained.publish_project(b"echo new\n")
    trained.later(minutes=15)
    assert due(trained, T2)[0] == "launched"
    trained.later(minutes=15)
    assert due(trained, T3)[0] == "ignored"
    assert len(scheduled_runs(trained)) == 1


def test_a_recipe_that_can_t_be_read_rejects_the_time_with_its_cause(trained: Stack) -> None:
    for number, text in enumerate(("epochs: 3\n", "{")):
        recipe(trained, text)
        trained.later(minutes=15 * number)
        answer, run_id = due(trained, (T1, T2)[number])
        assert answer == "rejected"
        run = trained.table.get(run_id)
        assert run.cause.code == "bad_recipe"
        assert run.dataset == "first"
        assert due(trained, (T1, T2)[number]) == ("repeated", run_id)


def test_data_that_preflight_rejects_are_a_rejected_run_of_that_time(trained: Stack) -> None:
    trained.put("projects/penguins/data/first/train.csv", b"")
    answer, run_id = due(trained)
    assert answer == "rejected"
    assert trained.table.get(run_id).launched_by == "schedule"
    assert due(trained) == ("repeated", run_id)


def test_a_project_without_data_has_nothing_to_train(stack: Stack, scheduler: Any) -> None:
    recipe(stack, SUNDAYS)
    assert due(stack) == ("ignored", None)
    assert stack.wiring.retrainings.read("penguins").outcome == "nothing_to_train"


def test_a_deleted_dataset_leaves_the_turn_to_the_one_before(trained: Stack) -> None:
    drop(trained, "second")
    for name in ("train.csv", "test.csv"):
        trained.s3.delete_object(Bucket="data", Key=f"projects/penguins/data/second/{name}")
    answer, run_id = due(trained)
    assert answer == "launched"
    assert trained.table.get(run_id).dataset == "first"


def test_a_message_of_a_schedule_that_the_recipe_has_no_more_removes_it(
    trained: Stack, scheduler: Any
) -> None:
    trained.schedules.follow("penguins")
    recipe(trained, "entrypoint: run.sh\n")
    assert due(trained) == ("ignored", None)
    assert schedules(scheduler) == {}
    assert scheduled_runs(trained) == []


def test_a_rerun_of_a_scheduled_run_is_a_run_of_its_own(trained: Stack) -> None:
    _, scheduled = due(trained)
    [first] = [run for run in trained.table.page(project="penguins", where={}, limit=9, position=None).runs
               if run.launched_by == "upload"]  # fmt: skip
    reruns = [trained.launch.requests.repeat(each, caller="ann") for each in (scheduled, first.run_id)]
    assert all(is_new for _, is_new in reruns)
    assert len({run.run_id for run, _ in reruns}) == 2
