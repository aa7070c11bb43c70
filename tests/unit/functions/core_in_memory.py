"""The functions' use cases over adapters in memory."""

from types import ModuleType
from typing import Any

from chaos.model.machine import Launching
from droptrain_core.domain.runs.batch_job import submitted
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
        self.report_stuck_queue = self.wiring.report_stuck_queue()

    def serve(self, app: ModuleType) -> None:
        """Let the API's function work on this core."""
        bucket: Any = self.bucket
        bucket.projects = lambda after, limit: (["penguins"], False)
        bucket.datasets = lambda project, after, limit: (["first"], False)
        bucket.has_project = lambda project: True
        bucket.first_files = lambda prefix, limit: ([], True)
        bucket.delete_folder = lambda prefix: iter((1,))
        bucket.timing = lambda project, run_id, step: None
        wiring = self.wiring
        made: dict[str, Any] = {
            "launch": self.launch.requests,
            "cancel": self.cancel,
            "describe": wiring.describe(),
            "query": wiring.query(),
            "results": wiring.results(),
            "promote": wiring.promote(),
            "read_models": wiring.read_models(),
            "read_timing": wiring.read_timing(),
            "read_retraining": wiring.read_retraining(),
            "read_sources": wiring.read_sources(),
            "datasets": wiring.datasets(),
            "spending": wiring.spending(),
            "costs": wiring.costs(),
            "sweeps": wiring.launch_sweeps(),
            "query_sweeps": wiring.query_sweeps(),
            "cancel_sweep": wiring.cancel_sweep(),
        }
        for name, use_case in made.items():
            setattr(app.run_routes.use_cases, name, lambda use_case=use_case: use_case)
