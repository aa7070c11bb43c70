"""What makes moto slow, and needn't.

- A transaction copies its whole table with the stream once an item; a listing of versions copies every object
  of the bucket with its content; its lists of instances keep both for ever. After a hundred runs a launch
  takes seconds and this process gigabytes.
- For each value of a DynamoDB item it looks for all ten types under five names each: reading a run takes
  8 ms, and 2 ms if it looks only for the type that is there.
- It makes an RSA key for each subscription of SNS, for signatures that nothing here checks: 50 ms of CPU.
"""

import copy
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.backends import get_backend
from moto.core.serialize import BaseJSONSerializer
from moto.s3.models import FakeKey
from moto.sns.models import Subscription

from droptrain_local.clients import ACCOUNT, REGION


def speed_up() -> None:
    """Speed moto up until its state is reset. Requests come one at a time, so no copy is missing."""
    serializer: Any = BaseJSONSerializer
    serializer._serialize_type_structure = _serialize_structure
    subscription: Any = Subscription
    subscription.private_key = lambda _: _private_key()
    s3_object: Any = FakeKey
    s3_object.__deepcopy__ = _itself
    backend: Any = get_backend("dynamodb")[ACCOUNT][REGION]
    write = backend.transact_write_items

    def write_in_place(items: Sequence[Mapping[str, Any]]) -> None:
        before = [_Before(backend, operation) for item in items for operation in item.values()]
        try:
            write(items)
        except Exception:
            for state in before:
                state.restore()
            raise

    backend.transact_write_items = write_in_place


_serialize_any_structure: Any = BaseJSONSerializer._serialize_type_structure


def _serialize_structure(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        _serialize_any_structure(serializer, serialized, value, shape, key)
        return
    found: dict[str, Any] = {}
    serialized[serializer.get_serialized_name(shape, key)] = found
    for name, content in value.items():
        serializer._serialize(found, content, shape.members[name], name)


@cache
def _private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _itself(original: Any, _memo: Any) -> Any:
    return original


class _Before:
    """What an operation's item and its table's stream were before the transaction."""

    def __init__(self, backend: Any, operation: Mapping[str, Any]) -> None:
        self._table = backend.get_table(operation["TableName"])
        # What moto takes for a copy, and puts back, is the table itself.
        self._table.__deepcopy__ = partial(_itself, self._table)
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
