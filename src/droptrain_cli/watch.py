"""Watch one run through ordinary AWS calls: its record, its log as it grows, its notice."""

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.runs.run import Run, Step

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sqs import SQSClient

LOG_GROUP = "/aws/batch/job"  # AWS Batch's own default


@dataclass(frozen=True)
class Glance:
    """What is new since the last look: the record as it is now, steps of its life, lines of its log."""

    run: Run | None
    steps: tuple[Step, ...]
    log_lines: tuple[str, ...]


@dataclass(frozen=True)
class ReceivedNotice:
    """A notice as a subscriber of the topic gets it."""

    subject: str
    text: str


class Watch:
    """Follows the newest run of one project."""

    def __init__(self, table: RunTable, log: "LogTail", project: str) -> None:
        self._table = table
        self._log = log
        self._project = project
        self._run_id: str | None = None
        self._steps_seen = 0

    def look(self) -> Glance:
        """Read the record and the log once."""
        run = self._read()
        if run is None:
            return Glance(None, (), ())
        seen = self._steps_seen
        self._steps_seen = len(run.history)
        before = (None, *run.history)
        steps = tuple(
            step
            for step, last in zip(run.history[seen:], before[seen:], strict=False)
            if _is_news(step, last)
        )
        return Glance(run, steps, self._log.read(run.log_stream) if run.log_stream else ())

    def _read(self) -> Run | None:
        if self._run_id:
            return self._table.get(self._run_id)
        page = self._table.page(project=self._project, where={}, limit=1, position=None)
        if not page.runs:
            return None
        self._run_id = page.runs[0].run_id
        return page.runs[0]


def _is_news(step: Step, last: Step | None) -> bool:
    """Whether a step says more than the one before: Batch repeats that a job is SUBMITTED."""
    return last is None or (step.status, step.note) != (last.status, last.note)


class LogTail:
    """New lines of a job's log; every attempt has a stream of its own."""

    def __init__(self, client: "CloudWatchLogsClient") -> None:
        self._client = client
        self._stream: str | None = None
        self._token: str | None = None

    def read(self, stream: str) -> tuple[str, ...]:
        """The lines since the last call; none while Batch has named the stream and not made it."""
        if stream != self._stream:
            self._stream, self._token = stream, None
        request: Any = {"logGroupName": LOG_GROUP, "logStreamName": stream, "startFromHead": True}
        if self._token:
            request["nextToken"] = self._token
        try:
            answer = self._client.get_log_events(**request)
        except self._client.exceptions.ResourceNotFoundException:
            return ()
        self._token = answer["nextForwardToken"]
        return tuple(event["message"] for event in answer["events"])


class NoticeQueue:
    """The queue that subscribes to the notices topic."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def wait(self, seconds: float) -> ReceivedNotice | None:
        """The next notice; None if none comes within `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self._client.receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=1, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
                envelope = json.loads(message["Body"])
                return ReceivedNotice(envelope.get("Subject", ""), envelope["Message"])
        return None
