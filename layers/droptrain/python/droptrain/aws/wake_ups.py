"""Wake-ups: delayed messages of the uploads queue, each for one dataset that rests."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from droptrain.domain.wake_up import DETAIL_TYPE, SOURCE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

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
            "source": SOURCE,
            "detail-type": DETAIL_TYPE,
            "detail": {"project": project, "dataset": dataset, "wake_up": wake_up},
        }
        _send(self._make_client(), self._queue_url, json.dumps(event), delay_seconds)
        return wake_up


def _send(sqs_client: "SQSClient", queue_url: str, body: str, delay_seconds: int) -> None:
    sqs_client.send_message(QueueUrl=queue_url, MessageBody=body, DelaySeconds=delay_seconds)
