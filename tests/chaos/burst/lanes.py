"""The lanes of the uploads queue in virtual time: the real handler and use case over adapters in memory.

Each lane has a process of its own, as on Lambda, and the queue has the settings of the template.
"""

import importlib.util
import json
import os
from contextlib import redirect_stdout
from datetime import timedelta
from io import StringIO
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from chaos.burst.memory import ReadyDatasets, ThrottledJobQueue
from chaos.burst.uploads_queue import Message, QueueSettings, UploadsQueue
from chaos.burst.virtual_time import CALL_SECONDS, VirtualTime
from droptrain_core.aws.wake_ups import LONGEST_DELAY, WakeUps
from droptrain_core.domain import times
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.launch.cooldowns import EndCooldowns
from droptrain_core.launch.schedules import LaunchSchedules
from droptrain_core.launch.uploads import LaunchUploads
from droptrain_core.settings import Settings
from support.golden import golden
from support.memory_wiring import MemoryWiring
from support.template import ROOT

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


class Lanes:
    """What was dropped, handled until no message is left."""

    def __init__(self, settings: QueueSettings, time: VirtualTime, bucket: ReadyDatasets) -> None:
        self.settings = settings
        self.time = time
        self.queue = UploadsQueue(settings)
        self.jobs = ThrottledJobQueue(time)
        sqs: Any = SimpleNamespace(send_message=self._send)
        self._wiring = MemoryWiring(
            time, Budget(month_usd=1e9), bucket=bucket, jobs=self.jobs,
            wake_ups=WakeUps(lambda: sqs, "uploads"),
            policy=LaunchPolicy(upload_concurrency=settings.lanes),
        )  # fmt: skip
        self.table = self._wiring.table

    def drop(self, project: str, dataset: str, at: float = 0.0) -> None:
        """Complete a dataset: S3 reports its last file at that moment."""
        detail: dict[str, Any] = UPLOAD["detail"]
        key = f"projects/{project}/data/{dataset}/test.csv"
        uploaded = {**detail["object"], "key": key, "version-id": "v1"}
        when = times.to_text(self.time.clock() + timedelta(seconds=at))
        event = {**UPLOAD, "time": when, "detail": {**detail, "object": uploaded}}
        self.queue.send(json.dumps(event), at + self.settings.delay_seconds)

    def run(self) -> None:
        """Handle all messages."""
        with patch.dict(os.environ, ENVIRONMENT), redirect_stdout(StringIO()):
            for number in range(self.settings.lanes):
                late = max(0, number + 1 - FIRST_LANES) * SECONDS_PER_LANE
                self.time.start(self.settings.delay_seconds + late, self._lane)
            self.time.run()

    def launch_uploads(self) -> LaunchUploads:
        """The use case, in the place of the one that Wiring makes."""
        return self._wiring.launch_uploads()

    def launch_schedules(self) -> LaunchSchedules:
        """The use case, in the place of the one that Wiring makes."""
        return self._wiring.launch_schedules()

    def end_cooldowns(self) -> EndCooldowns:
        """The use case, in the place of the one that Wiring makes."""
        return self._wiring.end_cooldowns()

    def _send(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:
        assert QueueUrl == "uploads"
        assert 0 <= DelaySeconds <= LONGEST_DELAY
        self.time.wait(CALL_SECONDS)
        self.queue.send(MessageBody, self.time.now + DelaySeconds)

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
        records = [{"messageId": str(it.number), "body": it.body, "eventSource": "aws:sqs"} for it in batch]
        answer = app.handler({"Records": records}, CONTEXT)
        assert self.time.now - started < self.settings.function_seconds, "Lambda would have ended the batch"
        known = [str(it.number) for it in batch]
        failed = failed_items(answer, known) if self.settings.reports_items else set()
        self.time.wait(CALL_SECONDS)
        for message in batch:
            if str(message.number) not in failed:
                self.queue.delete(message, self.time.now)

    def _load(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("dataset_uploaded_app", APP)
        assert spec and spec.loader
        app = importlib.util.module_from_spec(spec)
        with patch("droptrain_core.wiring.Wiring", lambda settings: self):
            spec.loader.exec_module(app)
        return app
