"""Delayed messages of the uploads queue: wake-ups of datasets that rest, and uploads that are postponed."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from droptrain_core.domain.datasets.wake_up import DETAIL_TYPE, SOURCE
from droptrain_core.domain.runs.retraining import cooldown_message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from droptrain_core.domain.datasets.dataset import Created

LONGEST_DELAY = 900  # seconds, SQS's limit


class WakeUps:
    """Sends delayed messages; the client is made for the first one."""

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
        self._send(event, delay_seconds)
        return wake_up

    def end_cooldown(self, project: str) -> None:
        """Send the message of a cooldown's end, which has been lost."""
        self._send(cooldown_message(project), 0)

    def postpone(self, upload: "Created", delay_seconds: int) -> None:
        """Send an upload again: after `delay_seconds` (0 to 900) it is read as the same object version."""
        event = {
            "source": SOURCE,
            "detail-type": "Upload Postponed",
            "time": upload.at.isoformat() if upload.at else None,
            "detail": {
                "object": {"key": upload.key, "version-id": upload.version_id},
                "reason": upload.operation,
            },
        }
        self._send(event, delay_seconds)

    def _send(self, event: Mapping[str, Any], delay_seconds: int) -> None:
        _send_message(self._make_client(), self._queue_url, json.dumps(event), delay_seconds)


def _send_message(sqs_client: "SQSClient", queue_url: str, body: str, delay_seconds: int) -> None:
    sqs_client.send_message(QueueUrl=queue_url, MessageBody=body, DelaySeconds=delay_seconds)
