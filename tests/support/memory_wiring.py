"""The functions' own wiring over adapters in memory."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from chaos.model.memory import (
    SPOT_QUEUE,
    MemoryAccounts,
    MemoryBucket,
    MemoryBus,
    MemoryDatasetTable,
    MemoryJobQueue,
    MemoryModelFiles,
    MemoryModelTable,
    MemoryPointers,
    MemoryPosition,
    MemoryPriceTable,
    MemoryQueueWatch,
    MemoryTable,
    MemoryTopic,
    MemoryWakeUps,
)
from chaos.model.retraining import MemoryRetrainTable, MemorySchedules
from chaos.model.sweeps import MemorySweepTable
from chaos.model.world import Scheduler
from droptrain_core.aws.run_costs import CostPage
from droptrain_core.aws.run_files import Artifact
from droptrain_core.aws.signed_requests import SignedMultipart, SignedRequest
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.notices.notice import Places
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.notifications import Notifications
from droptrain_core.settings import Settings
from droptrain_core.wiring import Wiring

SETTINGS = Settings(**dict.fromkeys(Settings.__dataclass_fields__, "") | {
    "bucket_name": "data", "spot_job_queue_arn": SPOT_QUEUE, "on_demand_job_queue_arn": "on-demand",
    "job_definition_arn": MemoryJobQueue.definition, "instance_types": "g4dn.xlarge",
    "cpu_spot_job_queue_arn": SPOT_QUEUE + "-cpu", "cpu_on_demand_job_queue_arn": "on-demand-cpu",
    "cpu_instance_types": "m6i.xlarge",
    "prepared_days": "30", "aws_region": "eu-west-1",
})  # fmt: skip


class MemoryWiring(Wiring):
    """Use cases over one world: it gives the time, and each call reaches it.

    An adapter that isn't given is made, empty.
    """

    _table: Any
    _datasets: Any

    def __init__(
        self,
        world: Scheduler,
        budget: Budget,
        *,
        bucket: MemoryBucket | None = None,
        jobs: Any = None,
        wake_ups: Any = None,
        policy: LaunchPolicy | None = None,
    ) -> None:
        super().__init__(SETTINGS, lambda *_: None, world.clock)
        self.bucket = bucket or MemoryBucket(world)
        self.dataset_table = MemoryDatasetTable(world)
        self.table = MemoryTable(world, self.dataset_table)
        self.jobs: Any = jobs or MemoryJobQueue(world)
        self.wake_ups: Any = wake_ups or MemoryWakeUps(world)
        self.retrainings, self.schedules = MemoryRetrainTable(world, self.table), MemorySchedules(world)
        self.topic, self.bus = MemoryTopic(world), MemoryBus(world)
        self.pointers, self.queues = MemoryPointers(world), MemoryQueueWatch(world)
        self.models, self.model_files = MemoryModelTable(world, self.table), MemoryModelFiles(world)
        self.accounts = MemoryAccounts(world, self.table)
        self.prices = MemoryPriceTable(world, self.table)
        self._table, self._datasets = self.table, self.dataset_table
        self.sweep_table = MemorySweepTable(world, self.table)
        self._world, self._owner = world, budget
        self.policy = policy or LaunchPolicy()

    @property
    def _jobs(self) -> Any:
        return self.jobs

    @property
    def _sweeps(self) -> Any:
        return self.sweep_table

    @property
    def _prices(self) -> Any:
        return self.prices

    def _bucket(self) -> Any:
        return self.bucket

    def _wake_ups(self) -> Any:
        return self.wake_ups

    def _retrainings(self) -> Any:
        return self.retrainings

    def _schedules(self) -> Any:
        return self.schedules

    def _notifications(self) -> Any:
        bus: Any = self.bus
        topic: Any = self.topic
        return Notifications(bus, topic)

    def _pointers(self) -> Any:
        return self.pointers

    @property
    def _models(self) -> Any:
        return self.models

    def _model_files(self) -> Any:
        return self.model_files

    def _queues(self) -> Any:
        return self.queues

    def _instances(self) -> Any:
        return SimpleNamespace(newest_launch=lambda _: self._world.clock() - timedelta(hours=1))

    def _accounts(self) -> Any:
        return self.accounts

    def _costs(self) -> Any:
        return SimpleNamespace(page=lambda month, position: CostPage((), None))

    def _position(self) -> Any:
        return MemoryPosition(self._world)

    def _budget(self) -> Budget:
        return self._owner

    def _policy(self) -> LaunchPolicy:
        return self.policy

    def _places(self) -> Places:
        return Places("data")

    def _logs(self) -> Any:
        return SimpleNamespace(page=lambda *_: None)

    def _run_files(self) -> Any:
        return Files()

    def _signed(self) -> Any:
        return Signed()


class Files:
    """What runs left, for the API: one file each, and no log."""

    def artifacts(self, project: str, run_id: str, after: str, limit: int) -> Any:
        return [Artifact("runs/p/r/export/a", "export/a", 1, datetime(2026, 11, 23, tzinfo=UTC))][
            :limit
        ], False

    def log_text(self, project: str, run_id: str, offset: int, size: int) -> bytes:
        return b"a line\n"[offset : offset + size]

    def metrics_lines(self, project: str, run_id: str) -> list[bytes]:
        return []

    def runs_named_like(self, project: str, dataset: str) -> list[str]:
        return []


class Signed:
    """Signs nothing."""

    def get(self, *_: Any) -> SignedRequest:
        return SignedRequest("GET", "https://a")

    def put(self, *_: Any) -> SignedRequest:
        return SignedRequest("PUT", "https://a")

    def multipart(self, *_: Any) -> SignedMultipart:
        return SignedMultipart(5, (), self.put(), self.put())
