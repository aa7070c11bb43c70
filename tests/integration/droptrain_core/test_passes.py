"""A pass of the reconciler reaches the end of its list, whatever one item takes."""

import pytest
from droptrain_core.launch.uploads import LaunchUploads
from droptrain_core.notify import Notify
from support.records import run


class Killed(BaseException):
    """The function's time is over: Lambda ends it where it stands."""


def ended(stack, *numbers: int) -> list[str]:
    """Runs that have ended, an hour ago, and that nobody was notified of."""
    names = [f"penguins-first-{number:012x}" for number in numbers]
    for number, name in zip(numbers, names, strict=True):
        order = f"2026-11-23T02:10:{number:02d}.000Z#{name}"
        stack.table.claim(run(run_id=name, dataset=f"run-{number}", created_order=order, status="SUCCEEDED"))
    return names


def incomplete(stack, *datasets: str) -> None:
    """Datasets that lack a file."""
    for dataset in datasets:
        stack.launch.upload(*stack.drop(dataset, "train.csv")[0])


def kill_at(monkeypatch, *poisonous: str) -> None:
    """Let the pass be killed when it handles one of these runs or datasets."""
    notify, revisit = Notify.ended, LaunchUploads.revisit

    def kill_notify(self, run_id, *rest):
        if run_id in poisonous:
            raise Killed
        return notify(self, run_id, *rest)

    def kill_revisit(self, waiting):
        if waiting.dataset in poisonous:
            raise Killed
        return revisit(self, waiting)

    monkeypatch.setattr(Notify, "ended", kill_notify)
    monkeypatch.setattr(LaunchUploads, "revisit", kill_revisit)


def killed_pass(stack) -> None:
    with pytest.raises(Killed):
        stack.reconcile.all()
    stack.later(minutes=5)


def subjects(stack) -> set[str]:
    return {notice["Subject"] for notice in stack.notices()}


def of_runs(*numbers: int) -> set[str]:
    return {f"SUCCEEDED penguins/run-{number}" for number in numbers}


def of_datasets(*names: str) -> set[str]:
    return {f"WAITING penguins/{name} for test.csv" for name in names}


def test_a_dataset_that_takes_all_the_time_keeps_nothing_that_comes_after_it_waiting(
    stack, monkeypatch
) -> None:
    incomplete(stack, "a-poison", "b", "c")
    stack.later(minutes=61)
    kill_at(monkeypatch, "a-poison")
    killed_pass(stack)
    assert subjects(stack) == set()
    ended(stack, 1, 2)
    stack.later(minutes=5)
    killed_pass(stack)
    assert subjects(stack) == of_datasets("b", "c") | of_runs(1, 2)


def test_so_does_a_run(stack, monkeypatch) -> None:
    names = ended(stack, 1, 2, 3)
    incomplete(stack, "a", "b")
    stack.later(minutes=61)
    kill_at(monkeypatch, names[0])
    killed_pass(stack)
    killed_pass(stack)
    assert subjects(stack) == of_runs(2, 3) | of_datasets("a", "b")


def test_two_of_them_keep_nothing_else_waiting(stack, monkeypatch) -> None:
    names = ended(stack, 1, 2, 3)
    incomplete(stack, "a", "b-poison", "c")
    stack.later(minutes=61)
    kill_at(monkeypatch, names[1], "b-poison")
    for _ in range(3):
        killed_pass(stack)
    assert subjects(stack) == of_runs(1, 3) | of_datasets("a", "c")


def test_a_stuck_queue_and_the_budget_are_told_of_all_the_same(stack, monkeypatch) -> None:
    names = ended(stack, 1)
    kill_at(monkeypatch, names[0])
    stack.publish_project()
    stack.drop("waits")
    stack.launch.request("penguins", "waits", caller="ann")
    stack.accounts.mark_refused("2026-11")
    for _ in range(5):
        stack.later(minutes=5)
        killed_pass(stack)
    sent = subjects(stack)
    assert [each for each in sent if each.startswith("BUDGET 100 %")]
    assert [each for each in sent if each.startswith("WAITING 1 run (")]


def test_a_pass_begins_nothing_when_its_time_is_over_and_the_next_one_goes_on_there(
    stack, monkeypatch
) -> None:
    ended(stack, 1, 2, 3, 4)
    incomplete(stack, "a")
    stack.later(minutes=61)
    notify = Notify.ended

    def slow(self, run_id, *rest):
        stack.later(seconds=50)
        return notify(self, run_id, *rest)

    monkeypatch.setattr(Notify, "ended", slow)
    assert stack.reconcile.all(seconds=90)["unfinished"] == 1
    assert subjects(stack) == of_runs(1, 2)
    assert stack.reconcile.all(seconds=120) == {"active": 2, "notified": 3}
    assert subjects(stack) == of_runs(3, 4) | of_datasets("a")
    assert stack.reconcile.all(seconds=90) == {"active": 0}


def test_a_pass_that_reaches_its_end_leaves_no_place_behind(stack) -> None:
    ended(stack, 1)
    stack.later(minutes=5)
    stack.reconcile.all()
    assert stack.position.read() == ""
