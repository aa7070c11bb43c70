"""Read the timing of a run: which part it is in, and how long each part took and usually takes."""

from collections.abc import Sequence

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.errors import existing
from droptrain_core.domain.runs import container_times, timing
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.runs.timing import Timing

# So many of the newest successful runs say how long a part usually takes.
_COMPARED = 20


class ReadTiming:
    """Reads the record and the container's report of one run, and the newest runs beside it."""

    def __init__(self, table: RunTable, bucket: Bucket) -> None:
        self._table = table
        self._bucket = bucket

    def of(self, run_id: str) -> Timing:
        """The run's timing; NotFoundError."""
        run = existing(self._table.get(run_id), "run", run_id)
        reported = run.timing
        if reported is None and run.batch_job_id:
            # It hasn't ended yet, or its container was killed.
            reported = container_times.read(self._bucket.timing(run.project, run_id, run.step))
        project = self._newest(run.project)
        stack = self._newest(None) if timing.lacks_runs(run, project) else ()
        return timing.of_run(run, reported, project, stack)

    def _newest(self, project: str | None) -> Sequence[Run]:
        where = {"status": "SUCCEEDED"}
        return self._table.page(project=project, where=where, limit=_COMPARED, position=None).runs
