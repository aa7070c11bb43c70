"""The adapters of a burst in memory: datasets that are all ready, and a job queue with a throttle."""

from collections.abc import Iterable, Mapping

from chaos.burst.virtual_time import VirtualTime
from chaos.model.memory import MemoryBucket, MemoryJobQueue
from chaos.model.world import outside
from droptrain_core.domain.datasets.dataset import ObjectVersion
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.run import Run

# SubmitJob's default throttle (AWS Batch service quotas); the bucket of tokens holds those of one second.
SUBMITS_PER_SECOND = 50


class ReadyDatasets(MemoryBucket):
    """A bucket in which every dataset is a pair of files, and every project has its script."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__(time)
        self.time = time

    @outside
    def folder(self, prefix: str, named: Iterable[str] = ()) -> tuple[ObjectVersion, ...]:
        names = ("test.csv", "train.csv") if "/data/" in prefix else ("run.sh",)
        return tuple(ObjectVersion(prefix + name, "v1", 10, "etag") for name in names)


class ThrottledJobQueue:
    """AWS Batch takes jobs while there are tokens.

    `submitted` has their names, `submitted_at` when each project submitted last, `throttles` the refusals.
    """

    definition = MemoryJobQueue.definition

    def __init__(self, world: VirtualTime) -> None:
        self.world = world
        self.submitted: list[str] = []
        self.submitted_at: dict[str, float] = {}
        self.throttles = 0
        self._job_ids: dict[str, str] = {}
        self._tokens = float(SUBMITS_PER_SECOND)
        self._filled_at = 0.0

    @outside
    def submit(self, run: Run, environment: Mapping[str, str]) -> str:
        self._take_token(run)
        self.submitted.append(run.run_id)
        self.submitted_at[run.project] = self.world.now
        return self._job_ids.setdefault(run.run_id, f"job-{len(self.submitted)}")

    @outside
    def find(self, run: Run) -> str | None:
        return self._job_ids.get(run.run_id)

    def _take_token(self, run: Run) -> None:
        earned = (self.world.now - self._filled_at) * SUBMITS_PER_SECOND
        self._tokens = min(self._tokens + earned, SUBMITS_PER_SECOND)
        self._filled_at = self.world.now
        if self._tokens < 1:
            self.throttles += 1
            raise BusyError(f"{run.run_id}: Too Many Requests")
        self._tokens -= 1
