"""The functions' use cases over adapters in memory."""

from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

from chaos.model.machine import BUDGET, Launching
from droptrain_core.aws.run_files import Artifact
from droptrain_core.aws.signed_requests import SignedMultipart, SignedRequest
from droptrain_core.datasets import Datasets
from droptrain_core.domain.runs.batch_job import queue_name, submitted
from droptrain_core.query import Query
from droptrain_core.report_stuck_queue import ReportStuckQueue
from droptrain_core.results import Results
from droptrain_core.spending import Spending
from support.golden import golden
from support.records import run

ANOTHER = "whales-first-0123456789ab"


class Core(Launching):
    """The use cases over adapters in memory; one run of each of two projects is with Batch."""

    def __init__(self) -> None:
        super().__init__()
        job_id = golden("batch/running")["detail"]["jobId"]
        trains = run(status="SUBMITTED", batch_job_id=job_id, progress=submitted(1))
        ended = run(run_id=ANOTHER, project="whales", status="SUCCEEDED", batch_job_id="w")
        self.before = {each.run_id: each for each in (trains, ended)}
        self.table.runs.update(self.before)
        for name in ("code/run.sh", "data/first/train.csv", "data/first/test.csv"):
            self.bucket.put(f"projects/penguins/{name}")
        kinds: Any = {queue_name(golden("batch/running")["detail"]["jobQueue"]): "Spot"}
        self.report_stuck_queue = ReportStuckQueue(
            self.table, self.queues, self.notifications, kinds, self.world.clock
        )  # type: ignore[arg-type]

    def serve(self, app: ModuleType) -> None:
        """Let the API's function work on this core."""
        self.bucket.projects = lambda after, limit: (["penguins"], False)  # type: ignore[attr-defined]
        self.bucket.delete_folder = lambda prefix: iter((1,))  # type: ignore[attr-defined]
        logs: Any = SimpleNamespace(page=lambda *_: None)
        table, datasets, bucket, clock = self.table, self.datasets, self.bucket, self.world.clock
        files, signed = Files(), Signed()
        made: dict[str, Any] = {
            "launch": self.launch.requests,
            "cancel": self.cancel,
            "query": Query(table, datasets, bucket),  # type: ignore[arg-type]
            "results": Results(table, logs, files, signed, clock),  # type: ignore[arg-type]
            "datasets": Datasets(table, datasets, bucket, files, signed, self.cancel, clock),  # type: ignore[arg-type]
            "spending": Spending(self.accounts, BUDGET, clock),  # type: ignore[arg-type]
        }
        for name, use_case in made.items():
            setattr(app.run_routes.use_cases, name, lambda use_case=use_case: use_case)


class Files:
    """What runs left, for the API: one file each, and no log."""

    def artifacts(self, project: str, run_id: str, after: str, limit: int) -> Any:
        return [Artifact("export/a", 1, datetime(2026, 11, 23, tzinfo=UTC))][:limit], False

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
