"""Calls of the table that several adapters make: consistent reads, and transactions that meet others."""

import random
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.errors import BusyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONTENDED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
# How often a transaction that met another is tried, and the longest pause in between, in seconds.
_MEETINGS, _LONGEST_PAUSE = 7, 1.6


def read_item(client: "DynamoDBClient", table: str, pk: str) -> dict[str, Any] | None:
    """The item with this key, read consistently; None if there is none."""
    answer = client.get_item(TableName=table, Key={"pk": {"S": pk}}, ConsistentRead=True)
    return answer.get("Item")


def read_many(
    client: "DynamoDBClient", table: str, pks: Iterable[str], *, consistent: bool = False
) -> dict[str, Any]:
    """Those of at most 100 items that are there, by key."""
    found: dict[str, Any] = {}
    keys: Any = [{"pk": {"S": pk}} for pk in pks]
    while keys:
        answer = client.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": consistent}})
        found |= {item["pk"]["S"]: item for item in answer["Responses"].get(table, [])}
        left: Any = answer.get("UnprocessedKeys", {})
        keys = left.get(table, {}).get("Keys")
    return found


def transact(client: "DynamoDBClient", writes: list[Any], what: str) -> int | None:
    """Write all or nothing; the number of the first write whose condition failed, None if all is written.

    Everybody writes the accounts of the caps, and DynamoDB cancels one of two transactions that meet at
    an item, which no retry mode of the SDK repeats. BusyError if they meet too often.
    """
    for tries in range(_MEETINGS):
        try:
            client.transact_write_items(TransactItems=writes)
        except client.exceptions.TransactionCanceledException as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in reasons:
                return reasons.index("ConditionalCheckFailed")
            if not CONTENDED & set(reasons):
                raise
            time.sleep(random.uniform(0, _LONGEST_PAUSE / 2 ** (_MEETINGS - tries)))  # noqa: S311
        else:
            return None
    raise BusyError(f"{what} is being written by another process")
