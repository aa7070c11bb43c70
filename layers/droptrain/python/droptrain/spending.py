"""Spending: what the month has cost so far, for who asks, and for who has to be told."""

from collections.abc import Callable
from datetime import datetime

from droptrain.aws.accounts import Accounts
from droptrain.domain.budget import (
    RUNNING,
    Budget,
    Capped,
    Month,
    levels_reached,
    month_account,
    project_account,
    to_micro,
)
from droptrain.tell import Tell


class Spending:
    """Reads the accounts of the caps."""

    def __init__(self, accounts: Accounts, budget: Budget, clock: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._budget = budget
        self._clock = clock

    def this_month(self) -> Month:
        """The caps of the month that it is in UTC."""
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


class TellSpending:
    """Publishes, each once a month, which part of the stack's budget is spent."""

    def __init__(self, spending: Spending, accounts: Accounts, tell: Tell) -> None:
        self._spending = spending
        self._accounts = accounts
        self._tell = tell

    def look(self) -> tuple[int, ...]:
        """The levels, in percent, that people are told of now; only the highest gets a notice."""
        month = self._spending.this_month()
        levels = levels_reached(month.stack)
        if levels:
            from droptrain.domain import notice

            self._tell.everybody(notice.of_budget(month, max(levels)))
            self._accounts.mark_told(month.month, levels)
        return levels
