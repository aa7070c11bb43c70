"""A burst of uploads against AWS Batch's throttle, in virtual time.

The handler and its use case are the real ones, each lane with a process of its own as on Lambda; the adapters
are in memory, and the queue has the settings of the template.
"""

import importlib.util
import json
import os
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from chaos.burst.memory import SUBMITS_PER_SECOND, ReadyDatasets, ThrottledJobQueue
from chaos.burst.uploads_queue import Message, QueueSettings, UploadsQueue
from chaos.burst.virtual_time import CALL_SECONDS, VirtualTime
from chaos.model.memory import MemoryAccounts, MemoryDatasetTable, MemoryPriceTable, MemoryTable
from droptrain.domain.budget import Budget
from droptrain.domain.owner import Owner
from droptrain.launch import LaunchUploads
from droptrain.reserve import Reserve
from droptrain.settings import Settings
from droptrain.submit import Submit
from golden import golden
from launching import launching
from template import ROOT

from droptrain_local.delivery import failed_items

APP = ROOT / "functions" / "dataset_uploaded" / "app.py"
UPLOAD = golden("s3/put_object")
ENVIRONMENT = {name.upper(): f"a-{name}" for name in Settings.__dataclass_fields__}
CONTEXT = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
    aws_request_id="r-1",
)
# Lambda handles five batches at once, then up to 300 more each minute (Lambda guide, SQS scaling behavior).
FIRST_LANES = 5
SECONDS_PER_LANE = 60 / 300


@dataclass(frozen=True)
class Drained:
    """What became of a burst; `seconds` are from the end of the settle time to the empty queue."""

    lanes: int
    events: int
    seconds: float
    throttles: int
    most_receives: int
    dead_letters: int
    submitted: tuple[str, ...]

    @property
    def lost(self) -> int:
        """How many datasets got no Batch job."""
        return self.events - len(set(self.submitted))


def limit_seconds(events: int) -> float:
    """The time that the throttle allows for so many jobs."""
    return events / SUBMITS_PER_SECOND


def drain(events: int, settings: QueueSettings) -> Drained:
    """Drop as many datasets at once, and handle their last files' events until none is left."""
    burst = _Burst(events, settings)
    with patch.dict(os.environ, ENVIRONMENT), redirect_stdout(StringIO()):
        burst.run()
    queue, jobs = burst.queue, burst.jobs
    return Drained(
        lanes=settings.lanes,
        events=events,
        seconds=queue.changed_at - settings.delay_seconds,
        throttles=jobs.throttles,
        most_receives=queue.most_receives,
        dead_letters=len(queue.dead_letters),
        submitted=tuple(jobs.submitted),
    )


class _Burst:
    def __init__(self, events: int, settings: QueueSettings) -> None:
        self.settings = settings
        self.time = VirtualTime()
        self.queue = UploadsQueue(settings, (_upload(number) for number in range(events)))
        self.jobs = ThrottledJobQueue(self.time)
        self._datasets = MemoryDatasetTable(self.time)
        self._table = MemoryTable(self.time, self._datasets)
        self._bucket = ReadyDatasets(self.time)

    def run(self) -> None:
        for number in range(self.settings.lanes):
            late = max(0, number + 1 - FIRST_LANES) * SECONDS_PER_LANE
            self.time.start(self.settings.delay_seconds + late, self._lane)
        self.time.run()

    def launch_uploads(self) -> LaunchUploads:
        """The use case, in the place of the one that Wiring makes."""
        accounts = MemoryAccounts(self.time, self._table)  # type: ignore[arg-type]
        clock = self.time.clock
        return launching(
            bucket=self._bucket, table=self._table, datasets=self._datasets, wake_ups=None,
            submit=Submit(self._table, self.jobs, "data", Owner(), clock),  # type: ignore[arg-type]
            reserve=Reserve(accounts, Budget(month_usd=1e9), clock),  # type: ignore[arg-type]
            prices=MemoryPriceTable(self.time, self._table), clock=clock, definition=self.jobs.definition,
        ).uploads  # fmt: skip

    def _lane(self) -> None:
        app = self._load()
        while self.queue.messages:
            self.time.wait(CALL_SECONDS)
            batch = self.queue.receive(self.time.now)
            if batch:
                self._handle(app, batch)
            elif self.queue.messages:
                self.time.wait_until(self.queue.next_visible_at())

    def _handle(self, app: ModuleType, batch: list[Message]) -> None:
        started = self.time.now
        records = [{"messageId": it.message_id, "body": it.body, "eventSource": "aws:sqs"} for it in batch]
        answer = app.handler({"Records": records}, CONTEXT)
        assert self.time.now - started < self.settings.function_seconds, "Lambda would have ended the batch"
        known = [it.message_id for it in batch]
        failed = failed_items(answer, known) if self.settings.reports_items else set()
        self.time.wait(CALL_SECONDS)
        for message in batch:
            if message.message_id not in failed:
                self.queue.delete(message, self.time.now)

    def _load(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("dataset_uploaded_app", APP)
        assert spec and spec.loader
        app = importlib.util.module_from_spec(spec)
        with patch("droptrain.wiring.Wiring", lambda settings: self):
            spec.loader.exec_module(app)
        return app


def _upload(number: int) -> str:
    detail: dict[str, Any] = UPLOAD["detail"]
    uploaded = {**detail["object"], "key": f"projects/burst/data/set-{number}/test.csv", "version-id": "v1"}
    return json.dumps({**UPLOAD, "detail": {**detail, "object": uploaded}})
