"""Settle sweeps: finish what lost events left undone of the active ones."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from droptrain_core.aws.sweep_table import ActiveSweep, SweepTable
from droptrain_core.domain import times
from droptrain_core.domain.sweeps import transitions
from droptrain_core.settle_runs import QUIET, Work

if TYPE_CHECKING:
    from droptrain_core.advance_sweep import AdvanceSweep
    from droptrain_core.notify_sweep import NotifySweep


class SettleSweeps:
    """Goes through the active sweeps."""

    def __init__(
        self,
        sweeps: SweepTable,
        advance: "Callable[[], AdvanceSweep]",
        notify: "Callable[[], NotifySweep]",
        clock: Callable[[], datetime],
    ) -> None:
        self._sweeps = sweeps
        self._advance = advance
        self._notify = notify
        self._clock = clock

    def items(self, after: str, until: str) -> Iterator[tuple[str, Work]]:
        """(place, action) of the sweeps between two places that have been quiet."""
        for sweep in self._sweeps.active(after, until):
            if self._clock() - times.from_text(sweep.updated_at) >= QUIET:
                settle = self._settle if sweep.status == "RUNNING" else self._notify_of_end
                yield sweep.created_order, partial(settle, sweep)

    def _settle(self, sweep: ActiveSweep) -> Iterator[str]:
        """Advance the sweep; parameters are drawn by the function that its record's event calls."""
        advanced = self._advance().sweep(sweep.sweep_id)
        if advanced == "needs_search":
            self._sweeps.write(transitions.woken(sweep.sweep_id, times.to_text(self._clock())))
            yield "woken"
        elif advanced == "ended":
            yield "finished"

    def _notify_of_end(self, sweep: ActiveSweep) -> Iterator[str]:
        if self._notify().ended(sweep.sweep_id) == "published":
            yield "notified"
