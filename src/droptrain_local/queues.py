"""SQS queues to functions, as Lambda's event source mappings do it: batches, failures, redrive."""

from collections.abc import Iterator, Mapping
from typing import Any

from droptrain_local.clients import REGION
from droptrain_local.delivery import Delivery, Invoke, failed_items, logger, queue_url
from droptrain_local.functions import MAX_PROCESSES
from droptrain_local.lambda_runtime import FunctionError

_POLL_SECONDS = 20
_DEFAULT_BATCH_SIZE = 10


class QueueSource:
    """One event source mapping of a queue.

    `sqs` is a client of the function's role, as on AWS. A message that failed comes back after
    `retry_seconds`, not after the queue's visibility timeout: that one is minutes long on AWS, where nobody
    waits for it. Only the laptop's owner, whose client `owner_sqs` is, may do so.
    """

    def __init__(
        self,
        sqs: Any,
        owner_sqs: Any,
        mapping: Mapping[str, Any],
        arn: str,
        invoke: Invoke,
        retry_seconds: int,
    ) -> None:
        self._sqs = sqs
        self._owner_sqs = owner_sqs
        self._invoke = invoke
        self._function_arn = arn
        self._queue_arn: str = mapping["EventSourceArn"]
        self._batch_size = int(mapping.get("BatchSize", _DEFAULT_BATCH_SIZE))
        self._reports_items = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])
        self._retry_seconds = retry_seconds
        name = self._queue_arn.rpartition(":")[2]
        self._url = queue_url(sqs, self._queue_arn)
        limit = int(mapping.get("ScalingConfig", {}).get("MaximumConcurrency", MAX_PROCESSES))
        self._lanes = min(limit, MAX_PROCESSES)
        self._name = name

    def start(self) -> Iterator[Delivery]:
        """Start a thread for each call that may run at a time."""
        for lane in range(self._lanes):
            yield Delivery(f"{self._name}-{lane}", self._deliver)

    def stop(self) -> None:
        """Nothing to let go of: its receivers wait at the server."""

    def _deliver(self) -> None:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(self._batch_size, 10),
            WaitTimeSeconds=_POLL_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return
        failed = self._handle(messages)
        for message in messages:
            place = {"QueueUrl": self._url, "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in failed:
                self._owner_sqs.change_message_visibility(**place, VisibilityTimeout=self._retry_seconds)
            else:
                self._sqs.delete_message(**place)

    def _handle(self, messages: list[dict[str, Any]]) -> set[str]:
        known = [message["MessageId"] for message in messages]
        event = {"Records": [_record(message, self._queue_arn) for message in messages]}
        try:
            result = self._invoke(self._function_arn, event)
        except FunctionError as error:
            logger.warning("%s", error)
            return set(known)
        return failed_items(result, known) if self._reports_items else set()


def _record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in attributes.items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
