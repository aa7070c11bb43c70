"""DynamoDB's own rules for writes, which the adapters in memory apply to what the real adapters would write.

Sources: DynamoDB developer guide, "Quotas" (sizes, numbers), "Naming rules and data types" (UTF-8) and
"Item sizes and formats"; API reference, TransactWriteItems (100 actions, 4 MB, one action an item).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from chaos.model.rules import AcceptedError, refused, text_bytes
from support.template import properties

CODE = "ValidationException"
MAX_WRITES = 100
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
MAX_ITEM_BYTES = 400 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 38
SMALLEST, LARGEST = Decimal("1E-130"), Decimal("9.9999999999999999999999999999999999999E+125")
MAX_KEY_BYTES = {"HASH": 2048, "RANGE": 1024}
_ASSIGNMENT = re.compile(r"(#?\w+)\s*=\s*(?:if_not_exists\([^,]*,\s*)?(:\w+)")


def _key_types() -> dict[str, str]:
    """Each attribute that is a key of the template's table or of an index of it: HASH or RANGE."""
    table = properties("RunsTable")
    schemas = [table["KeySchema"], *(index["KeySchema"] for index in table["GlobalSecondaryIndexes"])]
    return {key["AttributeName"]: key["KeyType"] for schema in schemas for key in schema}


KEY_TYPES = _key_types()


def check_item(item: Mapping[str, Any]) -> int:
    """The item's size in bytes; ClientError if DynamoDB would refuse the item."""
    for name in KEY_TYPES.keys() & item.keys():
        _check_key(name, item[name])
    size = sum(text_bytes(name, CODE) + _value_bytes(value, 1) for name, value in item.items())
    if size > MAX_ITEM_BYTES:
        raise refused(CODE, "Item size has exceeded the maximum allowed size")
    return size


def check_update(request: Mapping[str, Any]) -> int:
    """The size in bytes of what an update writes; ClientError if DynamoDB would refuse the update."""
    names = request.get("ExpressionAttributeNames", {})
    values = request.get("ExpressionAttributeValues", {})
    for name, value in _ASSIGNMENT.findall(request.get("UpdateExpression", "")):
        attribute = names.get(name, name)
        if attribute in KEY_TYPES and value in values:
            _check_key(attribute, values[value])
    return check_item(request["Key"]) + check_item(values)


def check_transaction(writes: Iterable[Mapping[str, Any]]) -> None:
    """ClientError if DynamoDB would refuse the transaction as a whole."""
    writes = list(writes)
    if len(writes) > MAX_WRITES:
        raise refused(CODE, f"Member must have length less than or equal to {MAX_WRITES}")
    size, seen = 0, set()
    for write in writes:
        ((action, request),) = write.items()
        key = {"pk": request["Item"]["pk"]} if action == "Put" else request["Key"]
        if repr(key) in seen:
            raise refused(CODE, "Transaction request cannot include multiple operations on one item")
        seen.add(repr(key))
        size += check_item(request["Item"]) if action == "Put" else check_update(request)
    if size > MAX_TRANSACTION_BYTES:
        raise refused(CODE, "Transaction request has exceeded the maximum allowed size")


class _Exceptions:
    ConditionalCheckFailedException = AcceptedError
    TransactionCanceledException = AcceptedError

    class TransactionConflictException(Exception):
        """Never raised: no transaction is under way."""


class DynamodbRules:
    """A client of an empty table, which applies the rules to writes and makes none."""

    exceptions = _Exceptions

    def put_item(self, **request: Any) -> None:
        check_item(request["Item"])
        raise AcceptedError

    def update_item(self, **request: Any) -> None:
        check_update(request)
        raise AcceptedError

    def delete_item(self, **request: Any) -> None:
        check_item(request["Key"])
        raise AcceptedError

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        check_transaction(request["TransactItems"])
        return {}

    def get_item(self, **request: Any) -> dict[str, Any]:
        check_item(request["Key"])
        return {}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        for table in request["RequestItems"].values():
            for key in table["Keys"]:
                check_item(key)
        return {"Responses": {table: [] for table in request["RequestItems"]}}

    def query(self, **request: Any) -> dict[str, Any]:
        check_item(request["ExpressionAttributeValues"])
        return {"Items": []}

    def get_paginator(self, operation: str) -> "_OnePage":
        return _OnePage(getattr(self, operation))


class _OnePage:
    """A paginator whose only page is the operation's answer."""

    def __init__(self, operation: Callable[..., dict[str, Any]]) -> None:
        self._operation = operation

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        return [self._operation(**request)]


def _check_key(name: str, value: Mapping[str, Any]) -> None:
    if "N" in value:
        return
    text = value.get("S")
    if not text:
        raise refused(
            CODE, f"The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
        )
    if text_bytes(text, CODE) > MAX_KEY_BYTES[KEY_TYPES[name]]:
        raise refused(CODE, f"Size of {name} has exceeded the maximum size limit")


def _value_bytes(value: Mapping[str, Any], depth: int) -> int:
    ((kind, plain),) = value.items()
    if depth > MAX_DEPTH:
        raise refused(CODE, "Nesting Levels have exceeded supported limits")
    match kind:
        case "S":
            return text_bytes(plain, CODE)
        case "N":
            return _number_bytes(plain)
        case "M":
            return 3 + sum(
                1 + text_bytes(name, CODE) + _value_bytes(each, depth + 1) for name, each in plain.items()
            )
        case "L":
            return 3 + sum(1 + _value_bytes(each, depth + 1) for each in plain)
    return 1


def _number_bytes(text: str) -> int:
    number = Decimal(text)
    if not number.is_finite():
        raise refused(CODE, "The parameter cannot be converted to a numeric value")
    digits = len("".join(map(str, number.as_tuple().digits)).strip("0"))
    if digits > MAX_DIGITS:
        raise refused(CODE, "Attempting to store more than 38 significant digits in a Number")
    if number and not SMALLEST <= abs(number) <= LARGEST:
        raise refused(CODE, "Attempting to store a number with magnitude outside the supported range")
    return 1 + (digits + 1) // 2
