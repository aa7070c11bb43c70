"""What DynamoDB leaves out of an answer under load (BatchGetItem, UnprocessedKeys) is asked for again."""

from typing import Any

import pytest
from droptrain_core.aws import table_calls
from droptrain_core.domain.costs.budget import Account
from droptrain_core.domain.errors import BusyError
from support.core_stack import Stack
from support.records import run


@pytest.fixture
def requests(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What BatchGetItem was asked for; each answer has the first key alone and leaves out the others."""
    made: list[dict[str, Any]] = []
    whole = stack.dynamodb.batch_get_item

    def batch_get_item(**request: Any) -> dict[str, Any]:
        ((table, asked),) = request["RequestItems"].items()
        made.append(asked)
        first, *left = asked["Keys"]
        answer = whole(RequestItems={table: {**asked, "Keys": [first]}})
        return answer | {"UnprocessedKeys": {table: {**asked, "Keys": left}} if left else {}}

    monkeypatch.setattr(stack.dynamodb, "batch_get_item", batch_get_item)
    return made


def test_accounts_that_dynamodb_left_out_are_read_by_the_next_call(
    stack: Stack, requests: list[dict[str, Any]]
) -> None:
    names = ("2026-11", "2026-11#penguins", "lanes")
    for name in names[:2]:
        stack.accounts.mark_refused(name)
    assert stack.accounts.read(names) == {
        names[0]: Account(refused=True), names[1]: Account(refused=True), names[2]: Account(),
    }  # fmt: skip
    assert [len(each["Keys"]) for each in requests] == [3, 2, 1]
    assert all(each["ConsistentRead"] for each in requests)


def test_runs_that_dynamodb_left_out_are_read_by_the_next_call(
    stack: Stack, requests: list[dict[str, Any]]
) -> None:
    run_ids = [f"penguins-first-{number:012x}" for number in range(9)]
    for run_id in run_ids:
        stack.table.claim(run(run_id=run_id))
    assert {each.run_id for each in stack.table.get_many(run_ids)} == {*run_ids}
    assert [len(each["Keys"]) for each in requests] == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_a_launch_reads_what_dynamodb_left_out_by_the_next_call(
    stack: Stack, requests: list[dict[str, Any]]
) -> None:
    stack.publish_project()
    upload, _ = stack.drop()
    assert stack.launch.upload(*upload).answer == "launched"
    [launched] = stack.query.runs(limit=10).runs
    stack.dataset_table.add_load("penguins", 30, stack.now)
    requests.clear()
    record, load = stack.dataset_table.read_with_load("penguins", "first", stack.now)
    assert (record.run_id, load) == (launched.run_id, pytest.approx(30, abs=1))
    assert stack.prices.read("penguins", launched.run_id).run == launched
    assert stack.dataset_table.accepted("penguins", ["no", "first", "other"]) == {"first"}
    assert [len(each["Keys"]) for each in requests] == [5, 4, 3, 2, 1, 4, 3, 2, 1, 3, 2, 1]
    assert all(each["ConsistentRead"] for each in requests)


def test_a_table_that_reads_nothing_is_asked_at_growing_intervals_and_then_later(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(table_calls.random, "uniform", lambda _, longest: longest)
    monkeypatch.setattr(table_calls.time, "sleep", pauses.append)
    monkeypatch.setattr(
        stack.dynamodb,
        "batch_get_item",
        lambda **request: {"Responses": {}, "UnprocessedKeys": request["RequestItems"]},
    )
    with pytest.raises(BusyError, match="can't read 1 items"):
        stack.table.get_many(["penguins-first-000000000001"])
    assert pauses == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8]


def test_more_accounts_than_dynamodb_reads_at_once_are_all_read(stack: Stack) -> None:
    names = [f"2026-11#p{number}" for number in range(120)]
    stack.accounts.mark_refused(names[-1])
    found = stack.accounts.read(names)
    assert list(found) == names
    assert found[names[-1]].refused
