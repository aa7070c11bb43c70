"""Runs a drop in virtual time: queue, function, reconciler, AWS Batch and notices over adapters in memory."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any

from chaos.burst.uploads_queue import QueueSettings, settings_of_template
from chaos.burst.virtual_time import CALL_SECONDS, START, VirtualTime
from chaos.drops.bucket import DropBucket
from chaos.drops.drop import Drop, Put
from chaos.model.memory import Job, MemoryJobQueue, WakeUp
from chaos.model.world import outside
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.errors import BusyError, UnsureError
from droptrain_core.domain.runs.run import Run
from greenlet import getcurrent
from support.memory_wiring import MemoryWiring

PASS_SECONDS = 300
# After the last event: the longest quiet_for, an hour until the notice, and an hour until the next look.
TAIL_SECONDS = 3600 + 2 * 3700 + 4 * PASS_SECONDS
NEXT_STATES = {"SUBMITTED": ("RUNNING", 90), "RUNNING": ("SUCCEEDED", 300)}
STAMPS = {"startedAt": 1795399800000, "stoppedAt": 1795399860000}

template_settings = cache(settings_of_template)


class CountedTime(VirtualTime):
    """Virtual time that counts the calls of each lane's present event."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[Any, Counter[str]] = defaultdict(Counter)

    def reach(self, side: str, call: str) -> None:
        """A lane's call stands before its effect, or after it; calls of the test itself take no time."""
        if getcurrent().parent is not None:
            self._calls[getcurrent()][call] += side == "before"
            super().reach(side, call)

    def calls_of(self, work: Callable[[], Any]) -> tuple[Any, Counter[str]]:
        """What the work answers, and the calls that it made."""
        lane = getcurrent()
        self._calls[lane] = Counter()
        return work(), self._calls.pop(lane)


class DropJobQueue(MemoryJobQueue):
    """AWS Batch, which takes no job before `opens_at`."""

    def __init__(self, time: VirtualTime, opens_at: float) -> None:
        super().__init__(time)
        self._time = time
        self._opens_at = opens_at

    @outside
    def _throttle(self) -> None:
        if self._time.now < self._opens_at:
            raise BusyError("Too Many Requests")

    def submit(self, run: Run, environment: Any) -> str:
        self._throttle()
        return super().submit(run, environment)


class Feed(list[Any]):
    """A list whose items are delivered as they are appended."""

    def __init__(self, deliver: Callable[[Any], None]) -> None:
        super().__init__()
        self._deliver = deliver

    def append(self, item: Any) -> None:
        super().append(item)
        self._deliver(item)


@dataclass
class Message:
    """A message of the uploads queue, and how often it was received."""

    name: str
    work: Callable[[], Any]
    receives: int = 0


@dataclass(frozen=True)
class Handled:
    """One delivery of a message: when it was handled, what it led to, and the calls that it made."""

    name: str
    at: float
    answer: str
    calls: Counter[str]


class Cloud:
    """The stack as a drop meets it."""

    def __init__(self, drop: Drop) -> None:
        self.drop = drop
        self.queue: QueueSettings = template_settings()
        self.time = CountedTime()
        self.ends_at = drop.last_at + TAIL_SECONDS + self.queue.max_receives * self.queue.visibility_seconds
        self.handled: list[Handled] = []
        self.passes: list[Counter[str]] = []
        self.dead_letters: list[str] = []
        self._pending: list[Message] = []
        self._busy = 0
        self._make_core()

    def run(self) -> None:
        """Let everything happen until nothing can happen any more."""
        for put in self.drop.puts:
            self.time.start(max(put.at, 0), partial(self._upload, put))
        self.time.start(PASS_SECONDS, self._reconcile)
        self.time.run()

    def _make_core(self) -> None:
        time = self.time
        self.bucket = DropBucket(time)
        self.jobs = DropJobQueue(time, self.drop.throttled_seconds)
        wiring = MemoryWiring(time, Budget(month_usd=1e9), bucket=self.bucket, jobs=self.jobs)
        self.table, self.datasets, self.topic = wiring.table, wiring.dataset_table, wiring.topic
        self.table.stream = Feed(self._notify)
        self.jobs.events = Feed(self._track)
        wiring.wake_ups.messages = Feed(self._wake)
        wiring.wake_ups.postponed = Feed(self._upload_again)
        self.launch, self.track, self.notify = wiring.launch_uploads(), wiring.track(), wiring.notify()
        self.reconcile = wiring.reconcile()

    def _upload(self, put: Put) -> None:
        if put.content is None:
            self.bucket.remove(put.key, self.time.now)
            return
        version = self.bucket.upload(put.key, put.content, self.time.now)
        s3_time = START + timedelta(seconds=math.floor(self.time.now + self.drop.s3_clock))
        created = Created(version.key, version.version_id, s3_time)
        for moment in put.arrivals:
            work = partial(self.launch.upload, created)
            self._send(Message(put.key, work), moment + self.queue.delay_seconds)

    def _upload_again(self, upload: Created) -> None:
        """Deliver a postponed upload in the next minute."""
        work = partial(self.launch.upload, upload)
        self._send(Message(upload.key, work), self.time.now + 60)

    def _wake(self, wake_up: WakeUp) -> None:
        work = partial(self.launch.wake, wake_up.project, wake_up.dataset, wake_up.wake_up)
        visible_at = (wake_up.arrives_at - START).total_seconds()
        for number in range(self.drop.deliveries):
            name = f"{wake_up.project}/{wake_up.dataset} {wake_up.wake_up}"
            self._send(Message(name, work), visible_at + number)

    def _send(self, message: Message, visible_at: float) -> None:
        self.time.start(max(visible_at, self.time.now), partial(self._arrive, message))

    def _arrive(self, message: Message) -> None:
        self._pending.append(message)
        if self._busy < self.drop.lanes:
            self._busy += 1
            while self._pending:
                batch = self._pending[: self.queue.batch_size]
                del self._pending[: self.queue.batch_size]
                self._handle(batch)
            self._busy -= 1

    def _handle(self, batch: list[Message]) -> None:
        started = self.time.now
        for message in batch:
            message.receives += 1
            try:
                answer, calls = self.time.calls_of(message.work)
            except (BusyError, UnsureError):
                self._retry(message)
            except Exception as error:
                raise AssertionError(f"the event of {message.name!r} would become a dead letter") from error
            else:
                self.handled.append(Handled(message.name, self.time.now, answer.answer, calls))
        took = self.time.now - started
        assert took < self.queue.function_seconds, f"a batch takes {took:.0f} s"

    def _retry(self, message: Message) -> None:
        if message.receives == self.queue.max_receives:
            self.dead_letters.append(message.name)
        else:
            self._send(message, self.time.now + self.queue.visibility_seconds)

    def _reconcile(self) -> None:
        while self.time.now < self.ends_at:
            done, calls = self.time.calls_of(self.reconcile.all)
            assert not done["failed"], "a pass of the reconciler failed"
            self.passes.append(calls)
            self.time.wait(PASS_SECONDS)

    def _notify(self, image: dict[str, Any]) -> None:
        run_id, project = image["run_id"]["S"], image["project"]["S"]
        for number in range(self.drop.deliveries):
            work = partial(self.notify.ended, run_id, project)
            self.time.start(self.time.now + 1 + 20 * number, work)

    def _track(self, detail: dict[str, Any]) -> None:
        self.time.start(self.time.now + CALL_SECONDS, partial(self.track.event, detail))
        if detail["status"] in NEXT_STATES:
            status, seconds = NEXT_STATES[detail["status"]]
            self.time.start(self.time.now + seconds, partial(self._move, detail["jobId"], status))

    def _move(self, job_id: str, status: str) -> None:
        job: Job = self.jobs.jobs[job_id]
        if status == "RUNNING":
            self.jobs.move(job, status)
        else:
            self.jobs.move(job, status, attempts=[{**STAMPS, "container": {}}], **STAMPS)
