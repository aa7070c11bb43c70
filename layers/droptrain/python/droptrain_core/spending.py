"""Spending: how much of the caps the month has used so far, on request and in notices."""

from collections.abc import Callable
from datetime import datetime

from droptrain_core.aws.accounts import Accounts
from droptrain_core.domain.costs.budget import (
    RUNNING,
    Budget,
    Capped,
    Month,
    levels_reached,
    month_account,
    previous_month_account,
    project_account,
    to_micro,
)
from droptrain_core.notifications import Notifications


class Spending:
    """Reads the accounts of the caps."""

    def __init__(self, accounts: Accounts, budget: Budget, clock: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._budget = budget
        self._clock = clock

    def this_month(self) -> Month:
        """The caps of the current month in UTC."""
        now, budget = self._clock(), self._budget
        month, projects = month_account(now), budget.project_usd
        found = self._accounts.read([month, RUNNING, *(project_account(now, name) for name in projects)])
        cap = None if budget.month_usd is None else to_micro(budget.month_usd)
        return Month(
            month,
            Capped(cap, found[month]),
            {
                name: Capped(to_micro(usd), found[project_account(now, name)])
                for name, usd in projects.items()
            },
            Capped(budget.runs_at_once, found[RUNNING]),
        )


class NotifySpending:
    """Publishes which part of the stack's budget is spent, each level once a month."""

    def __init__(
        self, accounts: Accounts, budget: Budget, notifications: Notifications, clock: Callable[[], datetime]
    ) -> None:
        self._accounts = accounts
        self._budget = budget
        self._notifications = notifications
        self._clock = clock

    def look(self) -> int:
        """Publish the highest level that each of the last two months has reached; the number of notices.

        A run of the previous month can end in this one, and the last minutes of a month can refuse a launch.
        """
        if self._budget.month_usd is None:
            return 0
        now, cap, published = self._clock(), to_micro(self._budget.month_usd), 0
        months = (previous_month_account(now), month_account(now))
        for month, account in self._accounts.read(months).items():
            if levels := levels_reached(Capped(cap, account)):
                from droptrain_core.domain.notices import notice

                is_over = month != months[-1]
                self._notifications.publish(
                    notice.of_budget(month, Capped(cap, account), max(levels), is_over=is_over)
                )
                self._accounts.mark_notified(month, levels)
                published += 1
        return published
