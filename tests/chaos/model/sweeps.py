"""The adapter of sweeps in memory."""

from collections.abc import Iterator, Mapping
from typing import Any

from chaos.model.memory import DYNAMODB, MemoryTable
from chaos.model.rules import obeys
from chaos.model.world import Scheduler, outside
from droptrain_core.aws.sweep_table import ActiveSweep, SweepPage, SweepTable
from droptrain_core.aws.sweep_writes import to_item
from droptrain_core.domain.costs.budget import RUNNING, over, to_micro
from droptrain_core.domain.runs.claims import Claimed, DropClaim, RequestClaim
from droptrain_core.domain.runs.model_pointer import Held, Name
from droptrain_core.domain.runs.retraining import RetrainClaim
from droptrain_core.domain.sweeps import transitions
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.transitions import SweepTransition
from droptrain_core.domain.sweeps.trial import Trial, trials_of


@obeys(SweepTable(DYNAMODB, "runs"))
class MemorySweepTable:
    """Sweeps beside the runs of a table; their stream has ends and sweeps to look at."""

    def __init__(self, world: Scheduler, table: MemoryTable) -> None:
        self.world = world
        self.table = table

    @outside
    def create(
        self,
        sweep: Sweep,
        drop: DropClaim | None = None,
        request: RequestClaim | None = None,
        summary: str | None = None,
        retraining: RetrainClaim | None = None,
    ) -> Claimed:
        table = self.table
        if sweep.sweep_id in table.sweeps:
            return "sweep_taken"
        if drop and drop.drop_id in table.drops:
            return "drop_taken"
        if request and request.key in table.requests:
            return "request_taken"
        if over(sweep.reservations, table.accounts):
            return "no_room"
        if retraining and not table.take_times(retraining, sweep.first_run):
            return retraining.refusal
        for reservation in sweep.reservations:
            table.count(reservation, reservation.amount, 0)
        if drop:
            table.take_drop(drop, sweep.first_run)
        if request:
            table.requests[request.key] = (sweep.sweep_id, request.body_digest)
        table.summaries |= {sweep.sweep_id: summary} if summary else {}
        self._put(sweep)
        return "claimed"

    @outside
    def get(self, sweep_id: str) -> Sweep | None:
        return self.table.sweeps.get(sweep_id)

    @outside
    def trials(self, sweep: Sweep) -> tuple[Trial, ...]:
        runs = self.table.runs
        return trials_of(sweep, [runs[run_id] for run_id in sweep.run_ids if run_id in runs])

    @outside
    def write(self, transition: SweepTransition) -> Sweep | None:
        return self._write(transition)

    @outside
    def mark_notified(self, sweep: Sweep, at: str, models: Mapping[Name, Held] | None = None) -> None:
        if self._write(transitions.notified(sweep, at)) is None:
            return
        known = self.table.models.get(sweep.project, {})
        self.table.models[sweep.project] = {**known, **(models or {})}
        spent = to_micro(sweep.known_standing.charged_usd)
        for reservation in sweep.reservations:
            money = 0 if reservation.account == RUNNING else spent
            self.table.count(reservation, money - reservation.amount, money)

    @outside
    def page(self, *, project: str | None, limit: int, position: Any) -> SweepPage:
        found = sorted(self.table.sweeps.values(), key=lambda sweep: sweep.created_order, reverse=True)
        chosen = [sweep for sweep in found if project in (None, sweep.project)]
        return SweepPage(tuple(chosen[:limit]), None)

    def active(self, after: str, until: str) -> Iterator[ActiveSweep]:
        yield from self._active(after, until)

    @outside
    def _active(self, after: str, until: str) -> list[ActiveSweep]:
        return [
            ActiveSweep(sweep.sweep_id, sweep.status, sweep.updated_at, sweep.created_order)
            for sweep in self.table.sweeps.values()
            if not sweep.notified_at and after < sweep.created_order <= until
        ]

    def _write(self, transition: SweepTransition) -> Sweep | None:
        now = self.table.sweeps.get(transition.sweep_id)
        if now is None or not transition.holds(now):
            return None
        return self._put(transition.applied_to(now))

    def _put(self, sweep: Sweep) -> Sweep:
        before = self.table.sweeps.get(sweep.sweep_id)
        self.table.sweeps[sweep.sweep_id] = sweep
        if sweep.woken_at or (sweep.ended and not (before and before.ended)):
            self.table.stream.append(to_item(sweep))
        return sweep
