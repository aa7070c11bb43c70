"""Calls of the table that several adapters make: consistent reads, and transactions that meet others."""

import random
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from droptrain_core.domain.errors import BusyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONTENDED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_READ_TOGETHER = 100  # BatchGetItem's limit
# How often a transaction that met another, or a read without an item, is tried; the longest pause in seconds.
_TRIES, _LONGEST_PAUSE = 7, 1.6


def read_item(client: "DynamoDBClient", table: str, pk: str) -> dict[str, Any] | None:
    """The item with this key, read consistently; None if there is none."""
    answer = client.get_item(TableName=table, Key={"pk": {"S": pk}}, ConsistentRead=True)
    return answer.get("Item")


def read_many(
    client: "DynamoDBClient", table: str, pks: Iterable[str], *, consistent: bool = False
) -> dict[str, Any]:
    """Those of the items that are there, by key.

    DynamoDB leaves some out under load, and above 16 MB (BatchGetItem): they are read again, after a pause.
    BusyError if it keeps reading none.
    """
    found: dict[str, Any] = {}
    keys: Any = [{"pk": {"S": pk}} for pk in pks]
    tries = 0
    while keys:
        asked: Any = {table: {"Keys": keys[:_READ_TOGETHER], "ConsistentRead": consistent}}
        answer = client.batch_get_item(RequestItems=asked)
        items = answer["Responses"].get(table, [])
        found |= {item["pk"]["S"]: item for item in items}
        unread: Any = answer.get("UnprocessedKeys", {})
        left = unread.get(table, {}).get("Keys", [])
        keys = [*left, *keys[_READ_TOGETHER:]]
        tries = tries + 1 if left and not items else 0
        if left and tries == _TRIES:
            raise BusyError(f"DynamoDB currently can't read {len(keys)} items of {table}")
        if left:
            _pause(tries)
    return found


def transact(client: "DynamoDBClient", writes: list[Any], what: str) -> int | None:
    """Write all or nothing; the number of the first write whose condition failed, None if all is written.

    Everybody writes the accounts of the caps, and DynamoDB cancels one of two transactions that meet at
    an item, which no retry mode of the SDK repeats. BusyError if they meet too often.
    """
    for tries in range(_TRIES):
        try:
            client.transact_write_items(TransactItems=writes)
        except client.exceptions.TransactionCanceledException as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in reasons:
                return reasons.index("ConditionalCheckFailed")
            if not CONTENDED & set(reasons):
                raise
            _pause(tries)
        else:
            return None
    raise BusyError(f"{what} is being written by another process")


def _pause(tries: int) -> None:
    """Wait before the next try, up to twice as long each time."""
    time.sleep(random.uniform(0, _LONGEST_PAUSE / 2 ** (_TRIES - tries)))  # noqa: S311
