"""A dataset is deleted while others with a name like it train, and while it is launched itself."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.errors import BusyError, InUseError, NotFoundError
from droptrain_core.launch.gather import Gather
from support.core_stack import Stack
from support.records import job_detail, run

ANN = "arn:aws:iam::123456789012:user/ann"
# Names that become the same slug, or begin with it.
LIKE = ["v1.2", "v1-2", "v1.2.", "v1-2-first", "v1-2-0123456789ab", "v1.2-0123456789ab"]


def run_id_of(dataset: str, number: int) -> str:
    return f"penguins-{dataset.replace('.', '-').strip('-')}-{number:012x}"


@pytest.mark.parametrize("deleted", LIKE)
@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_the_copies_of_another_dataset_s_runs_stay(stack: Stack, deleted: str, status: str) -> None:
    pinned = {}
    for number, dataset in enumerate(LIKE):
        run_id = run_id_of(dataset, number)
        ended = "SUCCEEDED" if dataset == deleted else status
        stack.table.claim(run(run_id=run_id, dataset=dataset, status=ended))
        pinned[dataset], _ = stack.put(f"runs/penguins/{run_id}/pinned/training/train.csv")
        stack.put(f"projects/penguins/data/{dataset}/train.csv")
    done = stack.datasets.delete("penguins", deleted, ANN)
    assert (done.versions, done.complete) == (2, True)
    left = [item["Key"] for item in stack.s3.list_objects_v2(Bucket="data")["Contents"]]
    others = [dataset for dataset in LIKE if dataset != deleted]
    assert {key for key in left if "/pinned/" in key} == {pinned[dataset] for dataset in others}
    assert {key.split("/")[3] for key in left if "/data/" in key} == set(others)


def test_a_folder_that_no_record_speaks_of_is_let_alone(stack: Stack) -> None:
    """Training code can write any folder below runs/; what lies there says nothing of whose it is."""
    key, _ = stack.put(f"runs/penguins/{run_id_of('v1.2', 1)}/pinned/training/train.csv")
    stack.put(f"runs/penguins/{run_id_of('v1.2', 1)}/run.json", b'{"project": "penguins", "dataset": "v1.2"}')
    assert stack.datasets.delete("penguins", "v1.2", ANN).complete
    assert stack.s3.head_object(Bucket="data", Key=key)


def between(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, act: Callable[[], object]) -> None:
    """Act once, right after the first call of a method."""
    called = getattr(owner, method)
    acted: list[bool] = []

    def then_act(self: Any, *args: Any, **more: Any) -> Any:
        found = called(self, *args, **more)
        found = iter(list(found)) if method == "active" else found
        if not acted:
            acted.append(True)
            act()
        return found

    monkeypatch.setattr(owner, method, then_act)


def dropped(stack: Stack) -> list[tuple[str, str]]:
    stack.publish_project()
    return stack.drop()


def test_a_dataset_that_trains_is_not_deleted(stack: Stack) -> None:
    stack.launch.upload(*dropped(stack)[0])
    with pytest.raises(InUseError):
        stack.datasets.delete("penguins", "first", ANN)
    assert len(stack.bucket.folder("projects/penguins/data/")) == 2


def test_a_run_that_is_claimed_between_the_check_and_the_deletion_is_cancelled_and_says_why(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = dropped(stack)
    between(monkeypatch, RunTable, "active", lambda: stack.launch.upload(*events[0]))
    done = stack.datasets.delete("penguins", "first", ANN)
    assert (done.versions, done.complete) == (2, True)
    (launched,) = stack.query.runs(limit=10).runs
    assert launched.cancelled_by == f"{ANN}, who deleted its dataset"
    (job,) = stack.batch_jobs()
    assert job["status"] == "FAILED", "it was ended before an instance was paid for"


def test_a_run_on_files_that_were_dropped_during_the_deletion_goes_on(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped(stack)
    waiting = type(stack.dataset_table)
    between(monkeypatch, waiting, "forget", lambda: stack.launch.upload(*stack.drop()[0]))
    assert stack.datasets.delete("penguins", "first", ANN).complete
    (launched,) = stack.query.runs(limit=10).runs
    assert (launched.status, launched.cancelled_by) == ("SUBMITTED", None)


def test_what_is_deleted_before_preflight_reads_it_is_tried_again_and_then_forgotten_without_a_notice(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = dropped(stack)

    def delete() -> None:
        assert stack.datasets.delete("penguins", "first", ANN).complete

    between(monkeypatch, Gather, "dataset", delete)
    with pytest.raises(BusyError, match="was deleted meanwhile"):
        stack.launch.upload(*events[0])
    assert [stack.launch.upload(*event).answer for event in events] == ["waiting", "waiting"]
    stack.later(hours=2)
    stack.reconcile.all()
    assert stack.dataset_table.of_project("penguins") == ()
    assert (stack.notices(), stack.batch_jobs(), stack.query.runs(limit=10).runs) == ([], [], ())


def test_a_request_for_a_dataset_that_is_deleted_meanwhile_is_answered(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped(stack)
    between(monkeypatch, Gather, "dataset", lambda: stack.datasets.delete("penguins", "first", ANN))
    with pytest.raises(BusyError):
        stack.launch.request("penguins", "first", caller=ANN)
    with pytest.raises(NotFoundError, match="There is no dataset 'first'"):
        stack.launch.request("penguins", "first", caller=ANN)


def test_a_run_that_is_claimed_after_the_deletion_fails_with_a_clear_cause_and_the_next_drop_trains(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = dropped(stack)
    between(monkeypatch, Gather, "snapshot", lambda: stack.datasets.delete("penguins", "first", ANN))
    answers = [stack.launch.upload(*event).answer for event in events]
    assert answers == ["launched", "waiting"]
    (launched,) = stack.query.runs(limit=10).runs
    words = "projects/penguins/data/first/train.csv is gone in the version that this run pinned"
    cause = {"code": "input_changed", "message": words}
    account = {"schema": 1, "batch_job_id": launched.batch_job_id, "attempt": 1, "status": "failed",
               "exit_code": 66, "cause": cause}  # fmt: skip
    stack.put(f"runs/penguins/{launched.run_id}/outcome.json", json.dumps(account).encode())
    named = {"jobName": launched.run_id, "jobId": launched.batch_job_id}
    stack.track.event(job_detail("FAILED", attempts=1, container={"exitCode": 66}, **named))
    ended = stack.query.run(launched.run_id)
    assert (ended.status, ended.cause and ended.cause.code) == ("FAILED", "input_changed")
    assert len(stack.batch_jobs()) == 1
    stack.later(minutes=5)
    assert [stack.launch.upload(*event).answer for event in stack.drop()] == ["launched", "repeated"]
