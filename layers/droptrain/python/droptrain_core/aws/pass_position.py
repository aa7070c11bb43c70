"""Where the reconciler's pass stands: one item of the table."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = {"pk": {"S": "RECONCILER"}}


class PassPosition:
    """The place of the item that a pass handles, written before it does: a pass that hangs writes nothing."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def read(self) -> str:
        """The place at which the last pass ended before its time; empty if it reached the end of its list."""
        answer = self._client.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True)
        return answer["Item"]["place"]["S"] if "Item" in answer else ""

    def write(self, place: str) -> None:
        """Note the item that is handled next."""
        self._client.update_item(
            TableName=self._table,
            Key=_KEY,
            UpdateExpression="SET place = :place",
            ExpressionAttributeValues={":place": {"S": place}},
        )

    def clear(self) -> None:
        """Note that the pass has reached the end of its list."""
        self._client.delete_item(TableName=self._table, Key=_KEY)
