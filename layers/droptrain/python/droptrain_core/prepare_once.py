"""Prepare once: runs that need the same data share one preparation; those that wait for it go on after it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.costs import budget as budgets
from droptrain_core.domain.errors import BusyError, DeniedError, UnsureError
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs import turn as turns
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.runs.turn import Turn
from droptrain_core.submit import Submit, cancelled
from droptrain_core.telemetry import logger

# An invocation wakes so many runs; the reconciler wakes the others.
_AT_ONCE = 10


class PrepareOnce:
    """Gives each claim with a preparation step its turn, and wakes those that wait."""

    def __init__(
        self, table: RunTable, submit: Submit, kept: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._table = table
        self._submit = submit
        self._kept = kept
        self._clock = clock

    def find_holder(self, run: Run) -> str | None:
        """The run that holds the digest of this one's data, if any."""
        return self._table.find_holder(run.project, run.preparation.digest) if run.preparation else None

    def turn_of(self, run: Run, holder_id: str | None) -> tuple[Turn, Run | None]:
        """What the claim does, and the record of the run that holds its digest, if that is still there."""
        holder = self._table.get(holder_id) if holder_id else None
        return turns.turn_of(run, holder, self._clock(), self._kept), holder

    def wake(self, holder: Run) -> None:
        """Wake the claims that wait for this run's data, after its step has ended."""
        for run_id in holder.awaited_by[:_AT_ONCE]:
            try:
                if run := self._table.get(run_id):
                    self.settle(run)
            except (BusyError, DeniedError, UnsureError) as error:
                logger.info("The reconciler wakes the run: %s", error, run_id=run_id)

    def settle(self, run: Run) -> bool:
        """Let a claim that waits go on if it can, or end it if it was cancelled; False if it waits on.

        BusyError, UnsureError and DeniedError leave the rest to the reconciler.
        """
        if run.waits_for is None or not run.is_claim:
            return False
        at = times.to_text(self._clock())
        if run.cancelled_by:
            self._table.write(transitions.ended(run, "CANCELLED", cancelled(run.cancelled_by), at))
            return True
        holder_id = self.find_holder(run)
        turn, holder = self.turn_of(run, holder_id)
        if turn == "waits":
            assert holder is not None
            if holder.run_id != run.waits_for:
                self._follow(run, holder)
            return False
        if turn == "uses":
            assert holder is not None
            assert holder.prepared is not None
            using = budgets.lowered(turns.using(run, holder.prepared))
            woken = transitions.woken(run, turns.reused(holder.prepared), at, using)
        else:
            why = f"{run.waits_for} has not prepared the data. This run prepares them itself."
            woken = transitions.woken(run, why, at)
        is_written = self._table.change_turn(woken, run, holder_id)
        if is_written:
            self._submit.or_leave(woken.applied_to(run))
        return is_written

    def _follow(self, run: Run, holder: Run) -> None:
        """Wait for the run that prepares the data by now."""
        follows = transitions.waits(run, holder.run_id)
        self._table.change_turn(follows, run, holder.run_id)
