"""A page costs the same whether the table has a hundred runs or a hundred thousand."""

import copy
from typing import Any

import pytest
from droptrain_core import cursors
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from support.records import RUN_ID, run

MANY, FEW, LIMIT = 10_000, 100, 20


def multiply(stack, runs: int) -> None:
    """Put so many runs of two projects into moto's table; by calls that would take a minute and a half."""
    stack.table.claim(run())
    items: dict[DynamoType, Any] = dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].tables["runs"].items
    first = items.pop(DynamoType({"S": f"RUN#{RUN_ID}"}))
    for number in range(runs):
        run_id = f"p-{number:012x}"
        changes = {
            "pk": f"RUN#{run_id}", "run_id": run_id, "created_order": f"2026-{number:09}",
            "project": f"project-{number % 2}",
        }  # fmt: skip
        item = copy.copy(first)
        item.attrs = {**first.attrs, **{name: DynamoType({"S": text}) for name, text in changes.items()}}
        item.hash_key = item.attrs["pk"]
        items[item.hash_key] = item


@pytest.fixture
def reads(stack) -> list[int]:
    """The items that each call of DynamoDB has read."""
    found: list[int] = []

    def note(parsed: dict[str, Any], **_: Any) -> None:
        found.append(parsed.get("ScannedCount", 1))

    stack.dynamodb.meta.events.register("after-call.dynamodb", note)
    return found


def cost(stack, reads: list[int], *, project: str | None = None, cursor: str | None = None) -> list[int]:
    """What a page reads, call by call."""
    reads.clear()
    listing = stack.query.runs(project=project, limit=LIMIT, cursor=cursor)
    assert len(listing.runs) == LIMIT
    return list(reads)


@pytest.mark.parametrize("runs", [FEW, MANY])
def test_a_page_is_one_call_that_reads_what_it_shows(stack, reads, runs) -> None:
    multiply(stack, runs)
    middle = f"{runs // 2:09}"
    deep = cursors.encode({"pk": f"RUN#p-{runs // 2:012x}", "created_order": f"2026-{middle}", "kind": "run"})
    assert cost(stack, reads) == [LIMIT]
    assert cost(stack, reads, project="project-1") == [LIMIT]
    assert cost(stack, reads, cursor=deep) == [LIMIT]
    reads.clear()
    assert stack.query.run("p-000000000007").project == "project-1"
    assert reads == [1]
