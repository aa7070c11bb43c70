"""Reserve: a run is launched only if its worst case fits below the stack's caps."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from droptrain_core.aws.accounts import Accounts
from droptrain_core.domain.costs import budget as budgets
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.run import Reservation, Run
from droptrain_core.domain.sweeps.refusal import refusal
from droptrain_core.domain.sweeps.sweep import Sweep


class Reserve:
    """Checks runs against the caps' accounts; the claim's transaction makes the result hold."""

    def __init__(self, accounts: Accounts, budget: Budget, clock: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._budget = budget
        self._clock = clock

    def caps(self, run: Run) -> Run:
        """The run with its reservations; REJECTED, with the numbers, if a cap has no room. That is noted."""
        judged, full = self._judge(run)
        if full:
            self._accounts.mark_refused(full.account)
        return judged

    def look(self, run: Run) -> Run:
        """The same for a launch that isn't made: nothing is noted."""
        return self._judge(run)[0]

    def sweep(self, sweep: Sweep, *, is_dry: bool = False) -> Sweep:
        """The sweep with its reservations; RejectedError, with the numbers, if a cap has no room.

        That is noted, unless `is_dry`. The trials spend these reservations and have none of their own.
        """
        now = self._clock()
        try:
            reservations = self._budget.reservations(sweep.project, sweep.limit_usd, now, sweep.parallel)
        except budgets.NoPriceError:
            raise RejectedError(budgets.no_price()) from None
        accounts = self._accounts.read(each.account for each in reservations) if reservations else {}
        full = budgets.over(reservations, accounts)
        if full is None:
            return replace(sweep, reservations=reservations)
        if not is_dry:
            self._accounts.mark_refused(full.account)
        raise RejectedError(refusal(sweep, full, accounts[full.account]))

    def _judge(self, run: Run) -> tuple[Run, Reservation | None]:
        """The run as it would be launched, and the cap without room for it."""
        if run.sweep:
            return run, None
        now = self._clock()
        try:
            reservations = self._budget.reservations(
                run.project, run.estimate.worst_usd if run.estimate else None, now
            )
        except budgets.NoPriceError:
            return runs.rejected(run, budgets.no_price()), None
        if not reservations:
            return run, None
        accounts = self._accounts.read(reservation.account for reservation in reservations)
        full = budgets.over(reservations, accounts)
        if full is None:
            return replace(run, reservations=reservations), None
        return runs.rejected(run, budgets.refusal(full, accounts[full.account], run, now)), full
