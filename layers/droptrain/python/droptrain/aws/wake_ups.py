"""Wake-ups: delayed messages of the uploads queue, each for one dataset that rests."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DETAIL_TYPE = "Dataset Wake-Up"
LONGEST_DELAY = 900  # seconds, SQS's limit


class WakeUps:
    """Sends wake-ups; the client is made for the first one."""

    def __init__(self, make_client: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._make_client = make_client
        self._queue_url = queue_url

    def send(self, project: str, dataset: str, delay_seconds: int) -> str:
        """Send a wake-up that arrives after `delay_seconds` (0 to 900); returns its id."""
        wake_up = uuid4().hex
        event = {
            "source": "droptrain",
            "detail-type": DETAIL_TYPE,
            "detail": {"project": project, "dataset": dataset, "wake_up": wake_up},
        }
        _send(self._make_client(), self._queue_url, json.dumps(event), delay_seconds)
        return wake_up


def _send(sqs_client: "SQSClient", queue_url: str, body: str, delay_seconds: int) -> None:
    sqs_client.send_message(QueueUrl=queue_url, MessageBody=body, DelaySeconds=delay_seconds)


def is_wake_up(event: Mapping[str, Any]) -> bool:
    """Whether a message of the uploads queue is a wake-up, and not an event of S3."""
    return event.get("source") == "droptrain" and event.get("detail-type") == DETAIL_TYPE
