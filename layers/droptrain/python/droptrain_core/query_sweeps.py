"""Query sweeps: read one with its trials, or pages of them."""

from dataclasses import asdict, replace

from droptrain_core import cursors
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.aws.sweep_writes import index_of
from droptrain_core.domain.answer_size import Room
from droptrain_core.domain.errors import existing
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.sweep import Standing, Sweep
from droptrain_core.domain.sweeps.trial import Trial, standing_of


@frozen
class SweepDetails:
    """A sweep, what its trials have reached, and the trials."""

    sweep: Sweep
    standing: Standing
    trials: tuple[Trial, ...]


@frozen
class SweepListing:
    """Sweeps, newest first, and the cursor of the next page; None after the last one."""

    sweeps: tuple[Sweep, ...]
    cursor: str | None


class QuerySweeps:
    """Reads sweeps for the API."""

    def __init__(self, sweeps: SweepTable, table: RunTable) -> None:
        self._sweeps = sweeps
        self._table = table

    def sweep(self, sweep_id: str) -> SweepDetails:
        """The sweep with its trials as they are now; NotFoundError."""
        sweep = self._get(sweep_id)
        trials = self._sweeps.trials(sweep)
        importance = sweep.standing.importance if sweep.standing else {}
        return SweepDetails(sweep, replace(standing_of(sweep, trials), importance=importance), trials)

    def sweeps(self, *, project: str | None, limit: int, cursor: str | None = None) -> SweepListing:
        """At most `limit` sweeps, newest first; BadCursorError for a cursor that isn't from this list."""
        _, owner, owned = index_of(project)
        position = cursors.position(cursor, owner, owned)
        page = self._sweeps.page(project=project, limit=limit, position=position)
        return SweepListing(page.sweeps, cursors.of_position(page.position))

    def runs(
        self, sweep_id: str, *, limit: int, cursor: str | None = None
    ) -> tuple[tuple[Run, ...], str | None]:
        """At most `limit` runs of the sweep's trials, the last trial first, and the cursor of the next page.

        NotFoundError, BadCursorError.
        """
        sweep = self._get(sweep_id)
        last = sweep.recorded
        if cursor:
            before = cursors.decode(cursor)
            if not isinstance(before, int) or not 1 < before <= last + 1:
                raise cursors.refused()
            last = before - 1
        wanted = range(last, max(last - limit, 0), -1)
        runs = self._table.get_many(sweep.run_id(number) for number in wanted)
        room = Room()
        found: list[Run] = []
        for run in sorted(runs, key=lambda run: run.trial or 0, reverse=True):
            if not room.takes(asdict(run)):
                return tuple(found), cursors.encode(found[-1].trial)
            found.append(run)
        more = wanted and wanted[-1] > 1
        return tuple(found), cursors.encode(wanted[-1]) if more else None

    def _get(self, sweep_id: str) -> Sweep:
        return existing(self._sweeps.get(sweep_id), "sweep", sweep_id)
