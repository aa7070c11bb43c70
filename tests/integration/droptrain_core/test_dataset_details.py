"""A dataset is read with its files, what it waits for, what its data look like, and the runs that used it."""

import pytest
from droptrain_core.domain.errors import NotFoundError
from support.core_stack import Stack

FOLDER = "projects/penguins/data/first/"
CSV = b"mass,species\n" + b"3750,Adelie\n" * 40


def dropped(stack: Stack) -> list[tuple[str, str]]:
    return [stack.put(FOLDER + name, CSV) for name in ("train.csv", "test.csv")]


def test_a_dataset_that_was_trained_is_told_with_its_data_and_its_runs(stack: Stack) -> None:
    stack.publish_project()
    events = dropped(stack)
    run = stack.launch.request("penguins", "first", caller="ann")[0]
    found = stack.query.dataset("penguins", "first")
    assert [(file.key, file.version_id) for file, _ in found.files] == sorted(events)
    assert [each.run_id for each in found.runs] == [run.run_id]
    assert found.waiting is None
    assert found.has_all_files
    assert found.summary
    assert (found.summary.rows, found.summary.columns) == (40, 2)
    assert [(each.name, each.kind) for each in found.summary.first] == [
        ("mass", "numbers"), ("species", "text"),
    ]  # fmt: skip


def test_one_that_waits_says_what_it_lacks_and_what_lies_there(stack: Stack) -> None:
    stack.publish_project()
    stack.launch.upload(*stack.put(FOLDER + "train.csv", CSV))
    found = stack.query.dataset("penguins", "first")
    assert found.waiting
    assert (found.waiting.missing, found.waiting.present) == (("test.csv",), ("train.csv",))
    assert (len(found.files), found.runs, found.summary) == (1, (), None)


def test_each_run_tells_which_versions_it_used(stack: Stack) -> None:
    stack.publish_project()
    used = []
    for _ in range(2):
        stack.later(seconds=1)
        used.append({version for _, version in dropped(stack)})
        stack.launch.request("penguins", "first", caller="ann")
    newest, oldest = stack.query.dataset("penguins", "first").runs
    assert [{each.object.version_id for each in run.inputs} for run in (oldest, newest)] == used


def test_a_dataset_whose_files_are_gone_still_has_its_runs(stack: Stack) -> None:
    stack.publish_project()
    dropped(stack)
    run = stack.launch.request("penguins", "first", caller="ann")[0]
    for name in ("train.csv", "test.csv"):
        stack.s3.delete_object(Bucket="data", Key=FOLDER + name)
    found = stack.query.dataset("penguins", "first")
    assert (found.files, [each.run_id for each in found.runs]) == ((), [run.run_id])


def test_the_files_of_a_large_dataset_are_cut(stack: Stack) -> None:
    for number in range(101):
        stack.put(f"{FOLDER}{number:03}.csv")
    found = stack.query.dataset("penguins", "first")
    assert (len(found.files), found.has_all_files) == (100, False)


def test_a_dataset_that_never_was_is_not_found(stack: Stack) -> None:
    with pytest.raises(NotFoundError):
        stack.query.dataset("penguins", "firs")
