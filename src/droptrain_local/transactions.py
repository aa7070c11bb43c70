"""moto's DynamoDB transactions, undone item by item where they are cancelled.

moto copies the whole table with its stream ahead of each item of a transaction, and never lets go of the
copies: after a hundred runs each launch takes seconds, and this process gigabytes.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from moto.backends import get_backend

from droptrain_local.clients import ACCOUNT, REGION


def write_in_place() -> None:
    """Let TransactWriteItems change its tables themselves, until moto's state is reset."""
    backend: Any = get_backend("dynamodb")[ACCOUNT][REGION]
    write_with_copies = backend.transact_write_items

    def write(items: Sequence[Mapping[str, Any]]) -> None:
        before = [_Before(backend, operation) for item in items for operation in item.values()]
        try:
            write_with_copies(items)
        except Exception:
            for state in before:
                state.restore()
            raise

    backend.transact_write_items = write


class _Before:
    """What an operation's item and its table's stream were before the transaction."""

    def __init__(self, backend: Any, operation: Mapping[str, Any]) -> None:
        self._table = backend.get_table(operation["TableName"])
        # What moto takes for a copy, and puts back, is the table itself.
        self._table.__deepcopy__ = lambda _memo, table=self._table: table
        self._hash, self._range = backend.get_keys_value(
            self._table, operation.get("Key") or operation["Item"]
        )
        self._item = copy.deepcopy(self._table.get_item(self._hash, self._range))
        stream = self._table.stream_shard
        self._records = len(stream.items) if stream else 0

    def restore(self) -> None:
        items, place = self._table.items, self._hash
        if self._range is not None:
            items, place = items[self._hash], self._range
        if self._item is None:
            items.pop(place, None)
        else:
            items[place] = self._item
        if self._table.stream_shard:
            del self._table.stream_shard.items[self._records :]
