"""A job's output to CloudWatch Logs: lines of many streams, sent in batches by time."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# Limits of PutLogEvents: a batch's events and bytes, and what each event counts beyond its text.
_BATCH_EVENTS = 10_000
_BATCH_BYTES = 1_048_576
_EVENT_OVERHEAD_BYTES = 26
MAX_LINE_BYTES = 262_144 - _EVENT_OVERHEAD_BYTES
# Lines held before a writer has to wait: a job that floods its log waits for CloudWatch, memory doesn't fill.
_MAX_WAITING = 50_000
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogLine:
    """A line of output and when it came, in epoch milliseconds."""

    at: int
    text: str


class LogSink(Protocol):
    """Where jobs' output goes."""

    def write(self, group: str, stream: str, line: LogLine) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class CloudWatchLogs:
    """Sends lines to CloudWatch Logs every `interval` seconds while there are some; `flush` sends at once."""

    def __init__(self, client: "CloudWatchLogsClient", interval: float = 0.5) -> None:
        self._client = client
        self._interval = interval
        self._waiting: dict[tuple[str, str], list[LogLine]] = {}
        self._count = 0
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._known: set[tuple[str, str]] = set()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batch-logs", daemon=True)
        self._thread.start()

    def write(self, group: str, stream: str, line: LogLine) -> None:
        """Take a line; empty ones are left out, as PutLogEvents refuses them."""
        if not line.text:
            return
        with self._changed:
            self._changed.wait_for(lambda: self._count < _MAX_WAITING or self._closing.is_set())
            self._waiting.setdefault((group, stream), []).append(line)
            self._count += 1
            self._changed.notify_all()

    def flush(self) -> None:
        """Send all that was written before this call."""
        with self._sending:
            with self._changed:
                waiting, self._waiting, self._count = self._waiting, {}, 0
                self._changed.notify_all()
            for (group, stream), lines in waiting.items():
                self._send(group, stream, lines)

    def close(self) -> None:
        """Send the rest and stop."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._count or self._closing.is_set())
            if self._closing.wait(self._interval):
                return
            self.flush()

    def _send(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        try:
            self._create(group, stream)
            for batch in batches(lines):
                events = [{"timestamp": line.at, "message": line.text} for line in batch]
                self._client.put_log_events(
                    logGroupName=group,
                    logStreamName=stream,
                    logEvents=events,  # type: ignore[arg-type]
                )
        except (BotoCoreError, ClientError) as error:
            _logger.warning("%d lines of %s didn't reach CloudWatch Logs: %s", len(lines), stream, error)

    def _create(self, group: str, stream: str) -> None:
        if (group, stream) in self._known:
            return
        for create in (
            lambda: self._client.create_log_group(logGroupName=group),
            lambda: self._client.create_log_stream(logGroupName=group, logStreamName=stream),
        ):
            try:
                create()
            except self._client.exceptions.ResourceAlreadyExistsException:
                continue
        self._known.add((group, stream))


def batches(lines: Sequence[LogLine]) -> list[list[LogLine]]:
    """Cut lines into batches that PutLogEvents takes."""
    cut: list[list[LogLine]] = []
    room = 0
    for line in lines:
        size = len(line.text.encode()) + _EVENT_OVERHEAD_BYTES
        if not cut or size > room or len(cut[-1]) == _BATCH_EVENTS:
            cut.append([])
            room = _BATCH_BYTES
        cut[-1].append(line)
        room -= size
    return cut
