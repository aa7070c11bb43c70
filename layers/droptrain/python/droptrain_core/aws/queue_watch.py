"""The last start or end of a job in each queue, and the notices of stuck queues: items of the table."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.run_record import to_attributes
from droptrain_core.domain import times
from droptrain_core.domain.errors import BusyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# After this long, a function that was to publish a notice has died: another one may publish it.
CLAIM_IS_OLD = timedelta(minutes=5)


class QueueWatch:
    """The table's memory of the stack's job queues."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def note_move(self, queue: str, at: str) -> None:
        """Note that a job of the queue has started, or ended, at that time; an older time changes nothing."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"QUEUE#{queue}"}},
                UpdateExpression="SET moved_at = :at",
                ConditionExpression="attribute_not_exists(moved_at) OR moved_at < :at",
                ExpressionAttributeValues={":at": {"S": at}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def last_move(self, queue: str) -> str | None:
        """When a job of the queue started or ended last; None if none has been noted."""
        answer = self._client.get_item(
            TableName=self._table, Key={"pk": {"S": f"QUEUE#{queue}"}}, ConsistentRead=True
        )
        return answer["Item"]["moved_at"]["S"] if "Item" in answer else None

    def claim_notice(self, cause: str, moved_at: str, now: datetime) -> bool:
        """Whether the caller is to publish the stack's notice of that cause; False if the queue has not moved
        since it was published. BusyError while another function is about to publish it.
        """
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"STUCK#{cause}"}},
                UpdateExpression="SET claimed_at = :now",
                ConditionExpression="(attribute_not_exists(notified_at) OR notified_at < :moved) "
                "AND (attribute_not_exists(claimed_at) OR claimed_at < :old)",
                ExpressionAttributeValues=to_attributes({
                    ":now": times.to_text(now), ":moved": moved_at,
                    ":old": times.to_text(now - CLAIM_IS_OLD),
                }),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException as error:
            response: Any = error.response
            notified_at = response["Item"].get("notified_at", {}).get("S")
            if notified_at is None or notified_at < moved_at:
                raise BusyError(f"Another function publishes the notice of {cause}") from error
            return False
        return True

    def mark_notified(self, cause: str, at: str) -> None:
        """Note that the stack's notice of that cause was published."""
        self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": f"STUCK#{cause}"}},
            UpdateExpression="SET notified_at = :at",
            ExpressionAttributeValues={":at": {"S": at}},
        )
