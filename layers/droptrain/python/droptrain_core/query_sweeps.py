"""Query sweeps: read one with its trials, or pages of them."""

from dataclasses import asdict, replace

from droptrain_core import cursors
from droptrain_core.aws.run_pages import Position
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.aws.sweep_writes import KIND, list_of
from droptrain_core.domain.answer_size import Room
from droptrain_core.domain.errors import NotFoundError
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
        page = self._sweeps.page(
            project=project, limit=limit, position=_position(cursor, project) if cursor else None
        )
        return SweepListing(page.sweeps, _cursor(page.position))

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
        sweep = self._sweeps.get(sweep_id)
        if sweep is None:
            raise NotFoundError(f"There is no sweep {sweep_id!r}")
        return sweep


def _cursor(position: Position | None) -> str | None:
    if position is None:
        return None
    return cursors.encode({name: value for name, typed in position.items() for value in typed.values()})


def _position(cursor: str, project: str | None) -> Position:
    owner, owned = ("project", list_of(project)) if project else ("kind", KIND)
    values = cursors.decode(cursor)
    if not isinstance(values, dict) or set(values) != {"pk", "created_order", owner}:
        raise cursors.refused()
    if values[owner] != owned or not all(isinstance(value, str) and value for value in values.values()):
        raise cursors.refused()
    return {name: {"S": value} for name, value in values.items()}
