"""A DynamoDB stream to a function: filters, partial failures, bounded retries, a place for what failed."""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.events.models import EventPattern

from droptrain_local.delivery import Delivery, Invoke, failed_items, logger, queue_url
from droptrain_local.lambda_runtime import FunctionError

Record = dict[str, Any]
_WAIT_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 5.0
_DEFAULT_BATCH_SIZE = 100


class StreamSource:
    """One event source mapping of a table's stream, read in order from its beginning.

    `streams` and `sqs` are clients of the function's role, as on AWS. `wait_for_write(seen, timeout)` tells
    when there may be something new. Times in seconds.
    """

    def __init__(
        self,
        streams: Any,
        sqs: Any,
        mapping: Mapping[str, Any],
        arn: str,
        invoke: Invoke,
        wait_for_write: Callable[[int, float], int],
        first_pause: float = 0.2,
    ) -> None:
        self._streams = streams
        self._sqs = sqs
        self._invoke = invoke
        self._function_arn = arn
        self._wait_for_write = wait_for_write
        self._first_pause = first_pause
        self._stream_arn: str = mapping["EventSourceArn"]
        self._batch_size = int(mapping.get("BatchSize", _DEFAULT_BATCH_SIZE))
        self._max_retries = int(mapping["MaximumRetryAttempts"])
        self._bisects = bool(mapping.get("BisectBatchOnFunctionError"))
        self._reports_items = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])
        self._destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        filters = mapping.get("FilterCriteria", {}).get("Filters", [])
        self._patterns: list[Any] = [EventPattern.load(item["Pattern"]) for item in filters]
        described = streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"]
        self._shard_id = described["Shards"][0]["ShardId"]
        self._last_number: str | None = None
        self._seen = 0
        self._closing = threading.Event()

    def start(self) -> Iterator[Delivery]:
        """Start the thread that reads the stream."""
        yield Delivery(f"stream of {self._stream_arn.split('/')[1]}", self._deliver)

    def stop(self) -> None:
        """End the pause between two tries, and try no more."""
        self._closing.set()

    def _deliver(self) -> None:
        newest = self._wait_for_write(self._seen, _WAIT_SECONDS)
        if newest == self._seen:
            return
        records = self._read()
        if not records:  # only now: one answer holds a thousand records at most
            self._seen = newest
        wanted = [record for record in records if self._matches(record)]
        for start in range(0, len(wanted), self._batch_size):
            self._deliver_batch(wanted[start : start + self._batch_size], 0)

    def _read(self) -> list[Record]:
        """What came since the last call. With a new iterator each time, as an iterator expires."""
        where = {"ShardIteratorType": "TRIM_HORIZON"}
        if self._last_number:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._last_number}
        iterator = self._streams.get_shard_iterator(
            StreamArn=self._stream_arn, ShardId=self._shard_id, **where
        )["ShardIterator"]
        records = self._streams.get_records(ShardIterator=iterator)["Records"]
        if records:
            self._last_number = records[-1]["dynamodb"]["SequenceNumber"]
        return [as_event(record, self._stream_arn) for record in records]

    def _matches(self, record: Record) -> bool:
        return not self._patterns or any(pattern.matches_event(record) for pattern in self._patterns)

    def _deliver_batch(self, records: list[Record], tries: int) -> None:
        """Hand a batch over; what failed of it again, in halves if so set, until it is given up."""
        while records and not self._closing.is_set():
            reached = self._handle(records)
            if reached == len(records):
                return
            # A checkpoint: what lies before the first failure was handled.
            tries = tries + 1 if reached == 0 else 1
            records = records[reached:]
            if tries > self._max_retries:
                self._give_up(records, tries)
                return
            self._closing.wait(min(self._first_pause * 2 ** (tries - 1), _LONGEST_PAUSE_SECONDS))
            if self._bisects and len(records) > 1:
                middle = len(records) // 2
                self._deliver_batch(records[:middle], tries)
                records = records[middle:]

    def _handle(self, records: list[Record]) -> int:
        """How many records, from the first on, were handled."""
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        try:
            result = self._invoke(self._function_arn, {"Records": records})
        except FunctionError as error:
            logger.warning("%s", error)
            return 0
        failed = failed_items(result, numbers) if self._reports_items else set()
        return next((place for place, number in enumerate(numbers) if number in failed), len(records))

    def _give_up(self, records: list[Record], tries: int) -> None:
        logger.error("%s failed %d times with %d records: given up", self._function_arn, tries, len(records))
        if self._destination is None:
            return
        url = queue_url(self._sqs, self._destination)
        self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(self._failure(records, tries)))

    def _failure(self, records: list[Record], tries: int) -> dict[str, Any]:
        """What Lambda sends of a batch that it gives up: where it lies in the stream, not the records.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        """
        images = [record["dynamodb"] for record in records]
        arrivals = [
            _time(datetime.fromtimestamp(image["ApproximateCreationDateTime"], UTC)) for image in images
        ]
        return {
            "version": "1.0",
            "timestamp": _time(datetime.now(UTC)),
            "requestContext": {
                "requestId": str(uuid4()),
                "functionArn": self._function_arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": tries,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "DDBStreamBatchInfo": {
                "shardId": self._shard_id,
                "startSequenceNumber": images[0]["SequenceNumber"],
                "endSequenceNumber": images[-1]["SequenceNumber"],
                "approximateArrivalOfFirstRecord": arrivals[0],
                "approximateArrivalOfLastRecord": arrivals[-1],
                "batchSize": len(records),
                "streamArn": self._stream_arn,
            },
        }


def as_event(record: Mapping[str, Any], stream_arn: str) -> Record:
    """A record of GetRecords as Lambda hands it to a function: times as epoch seconds, binary as base64."""
    event: Record = _plain({**record, "eventSourceARN": stream_arn})
    return event


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    return value


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
