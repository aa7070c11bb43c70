"""The rules refuse what DynamoDB refuses: compared with moto where moto knows the rule."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from chaos.model.dynamodb_rules import check_item, check_transaction, check_update
from chaos.model.memory import MemoryDatasetTable, MemoryTable
from chaos.model.world import World
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.runs.claims import DropClaim
from droptrain_core.domain.runs.run import Reservation
from moto import mock_aws
from support.records import run
from support.template import table_definition

TABLE = "runs"


def item(**values: Any) -> dict[str, Any]:
    return {"pk": {"S": "RUN#a"}, **values}


def put(pk: str, **values: Any) -> dict[str, Any]:
    return {"Put": {"TableName": TABLE, "Item": {"pk": {"S": pk}, **values}}}


def update(expression: str, **values: Any) -> dict[str, Any]:
    return {
        "TableName": TABLE,
        "Key": {"pk": {"S": "RUN#a"}},
        "UpdateExpression": expression,
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }


def nested(depth: int) -> dict[str, Any]:
    return {"L": [nested(depth - 1)]} if depth else {"S": "x"}


GOOD_ITEMS = {
    "every type": item(
        s={"S": "größe 😀"}, n={"N": "-1.5"}, b={"BOOL": True}, none={"NULL": True}, m={"M": {"a": {"L": []}}}
    ),
    "an empty text that is no key": item(s={"S": ""}),
    "nearly 400 KB": item(s={"S": "x" * 400_000}),
    "38 digits": item(n={"N": "1" * 38}),
    "the largest number": item(n={"N": "9.9E+125"}),
    "a long partition key": {"pk": {"S": "x" * 2048}},
    "31 levels": item(s=nested(30)),
}
BAD_ITEMS = {
    "an empty key": {"pk": {"S": ""}},
    "an empty key of an index": item(kind={"S": ""}, created_order={"S": "x"}),
    "a partition key that is too long": {"pk": {"S": "x" * 2049}},
    "over 400 KB": item(s={"S": "x" * 410_000}),
    "over 400 KB in characters of two bytes": item(s={"S": "é" * 205_000}),
    "a number that is too large": item(n={"N": "1E+127"}),
    "a number that is too small": item(n={"N": "1E-131"}),
}
# DynamoDB refuses these (developer guide, "Quotas" and "Naming rules and data types"); moto takes them.
BAD_ITEMS_BEYOND_MOTO = {
    "a lone surrogate": item(s={"S": "gr\udcf6\udcdfe"}),
    "a lone surrogate deep inside": item(m={"M": {"a": {"L": [{"S": "\udcf6"}]}}}),
    "a lone surrogate in a name": item(m={"M": {"\udcf6": {"S": "a"}}}),
    "39 digits": item(n={"N": "1" * 39}),
    "an infinite number": item(n={"N": "inf"}),
    "34 levels": item(s=nested(33)),
    "a sort key of an index that is too long": item(kind={"S": "run"}, created_order={"S": "x" * 1025}),
}
TRANSACTIONS = {
    "two items": ([put("a"), put("b")], True),
    "100 writes": ([put(f"{number}") for number in range(100)], True),
    "101 writes": ([put(f"{number}") for number in range(101)], False),
    "one item twice": ([put("a"), put("b"), put("a")], False),
    "one item twice, by different actions": (
        [put("RUN#a"), {"Delete": {"TableName": TABLE, "Key": {"pk": {"S": "RUN#a"}}}}],
        False,
    ),
    "an item that is too large": ([put("a"), put("b", s={"S": "x" * 410_000})], False),
    "an empty key": ([put("a"), put("")], False),
}
UPDATES = {
    "a text": (update("SET note = :note", note={"S": "é"}), True),
    "an empty text": (update("SET note = :note", note={"S": ""}), True),
    "an empty key of an index": (update("SET kind = :kind", kind={"S": ""}), False),
}


@pytest.fixture
def table() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(**table_definition(TABLE))
        yield client


def takes(call: Any, *args: Any, **kwargs: Any) -> bool:
    try:
        call(*args, **kwargs)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"
        return False
    return True


@pytest.mark.parametrize("name", [*GOOD_ITEMS, *BAD_ITEMS])
def test_items_are_refused_as_moto_refuses_them(table: Any, name: str) -> None:
    wanted = {**GOOD_ITEMS, **BAD_ITEMS}[name]
    assert takes(check_item, wanted) == (name in GOOD_ITEMS)
    assert takes(table.put_item, TableName=TABLE, Item=wanted) == (name in GOOD_ITEMS)


@pytest.mark.parametrize("name", BAD_ITEMS_BEYOND_MOTO)
def test_items_are_refused_that_moto_takes(name: str) -> None:
    assert not takes(check_item, BAD_ITEMS_BEYOND_MOTO[name])


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_transactions_are_refused_as_moto_refuses_them(table: Any, name: str) -> None:
    writes, accepted = TRANSACTIONS[name]
    assert takes(check_transaction, writes) == accepted
    assert takes(table.transact_write_items, TransactItems=writes) == accepted


def test_a_transaction_has_at_most_4_mb() -> None:
    writes = [put(f"{number}", s={"S": "x" * 390_000}) for number in range(11)]
    assert takes(check_transaction, writes[:10])
    assert not takes(check_transaction, writes)


@pytest.mark.parametrize("name", UPDATES)
def test_updates_are_refused_as_moto_refuses_them(table: Any, name: str) -> None:
    request, accepted = UPDATES[name]
    assert takes(check_update, request) == accepted
    assert takes(table.update_item, **request) == accepted


def test_the_table_in_memory_refuses_what_the_real_one_would_write() -> None:
    world = World()
    datasets = MemoryDatasetTable(world)
    memory = MemoryTable(world, datasets)
    record = DatasetRecord(project="penguins", dataset="first")
    twice = (Reservation("2026-11", 1, 10), Reservation("2026-11", 1, 10))
    assert not takes(memory.claim, run(reservations=twice))
    assert memory.runs == {}
    assert datasets.records == {}
    assert takes(memory.claim, run(reservations=twice[:1]), DropClaim("d1", "2026-11-23T02:10:00Z"))
    # Halves of surrogate pairs are replaced before they are written.
    assert takes(datasets.wait, record, ("gr\udcf6\udcdfe",), (), world.now)
