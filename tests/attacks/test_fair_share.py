"""A project whose uploads cost much has a share of the lanes; its further uploads wait, and others' don't."""

from datetime import timedelta
from typing import Any

import pytest
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.datasets.fair_share import EXPENSIVE_SECONDS, delay_seconds, share_seconds
from droptrain_core.domain.errors import BusyError
from support.core_stack import Stack

QUIET = b"inputs: {training: 'train/*.csv', testing: test.csv}\ntrigger: quiet\n"


def use_share_up(stack: Stack, project: str = "penguins") -> None:
    stack.dataset_table.add_load(project, share_seconds(stack.policy.upload_concurrency), stack.now)


def loads(stack: Stack) -> float:
    return stack.dataset_table.read_with_load("penguins", "first", stack.now)[1]


def slow_listings(stack: Stack, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let each look at a dataset take so long."""
    list_folder = stack.bucket.folder

    def folder(*args: Any) -> Any:
        if "/data/" in args[0]:
            stack.later(seconds=seconds)
        return list_folder(*args)

    monkeypatch.setattr(stack.bucket, "folder", folder)


def test_beyond_its_share_a_project_s_upload_waits_and_is_launched_later(stack: Stack) -> None:
    stack.publish_project()
    _, (key, version) = stack.drop()
    upload = Created(key, version, stack.now)
    use_share_up(stack)
    assert stack.launch.uploads.upload(upload).answer == "postponed"
    assert stack.wake_ups.postponed == [upload]
    assert stack.batch_jobs() == []
    stack.later(seconds=120)
    assert stack.launch.uploads.upload(upload).answer == "launched"


def test_a_neighbour_s_upload_does_not_wait(stack: Stack) -> None:
    stack.publish_project()
    use_share_up(stack, "another")
    assert stack.launch.upload(*stack.drop()[1]).answer == "launched"
    assert stack.wake_ups.postponed == []


def test_an_upload_that_has_its_run_does_not_wait(stack: Stack) -> None:
    stack.publish_project()
    key, version = stack.drop()[1]
    uploaded_at = stack.now
    stack.later(seconds=30)
    stack.launch.upload(key, version, uploaded_at)
    use_share_up(stack)
    assert stack.launch.upload(key, version, uploaded_at).answer == "repeated"


def test_requests_and_the_reconciler_do_not_wait(stack: Stack) -> None:
    stack.publish_project()
    stack.launch.upload(*stack.drop("first", "train.csv")[0])
    stack.drop("first", "test.csv")
    stack.drop("second")
    use_share_up(stack)
    assert stack.launch.request("penguins", "second", caller="ann")[1]
    assert stack.launch.revisit(stack.dataset_table.read("penguins", "first")).answer == "launched"


def test_a_dataset_that_has_rested_waits_too_and_is_launched_later(stack: Stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", QUIET)
    for name in ("test.csv", "train/a.csv"):
        assert (
            stack.launch.uploads.upload(Created(*stack.drop("first", name)[0], stack.now)).answer == "waiting"
        )
    stack.later(seconds=331)
    use_share_up(stack)
    (wake_up,) = stack.wake_ups.messages
    stack.wake_ups.messages.clear()
    assert stack.launch.wake(*wake_up).answer == "postponed"
    (again,) = stack.wake_ups.messages
    stack.later(seconds=130)
    assert stack.launch.wake(*wake_up).answer == "ignored"
    assert stack.launch.wake(*again).answer == "launched"


def test_what_an_expensive_upload_takes_is_its_project_s_load(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.publish_project()
    slow_listings(stack, monkeypatch, 4.5)
    stack.launch.upload(*stack.drop()[1])
    stack.launch.upload(*stack.drop("second")[1])
    assert loads(stack) == 9.0
    stack.later(seconds=60)
    assert 0 < loads(stack) < 9.0
    stack.later(seconds=60)
    assert loads(stack) == 0


def test_what_an_upload_takes_before_it_fails_counts_as_well(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.publish_project()
    slow_listings(stack, monkeypatch, 4.5)

    def busy(*_: Any) -> Any:
        raise BusyError("penguins is being pushed")

    monkeypatch.setattr(stack.table, "find_drop", busy)
    with pytest.raises(BusyError):
        stack.launch.upload(*stack.drop()[1])
    assert loads(stack) == 4.5


def test_an_ordinary_upload_counts_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.publish_project()
    slow_listings(stack, monkeypatch, EXPENSIVE_SECONDS)
    monkeypatch.setattr(stack.dataset_table, "add_load", None)
    assert stack.launch.upload(*stack.drop()[1]).answer == "launched"


@pytest.mark.parametrize("waited", [-5, 0, 30, 60, 100, 450, 3600, 1e6])
def test_an_upload_waits_as_long_again_and_never_longer_than_sqs_allows(stack: Stack, waited: float) -> None:
    since = stack.now - timedelta(seconds=waited)
    delays = [delay_seconds(f"{number}.csv", since, stack.now) for number in range(100)]
    base = min(max(waited, 60), 450)
    assert base <= min(delays) < base * 1.1
    assert base * 1.9 < max(delays) < base * 2 <= 900
