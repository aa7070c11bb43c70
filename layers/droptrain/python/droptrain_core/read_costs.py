"""Read costs: what the runs of a month cost, by day and project, whether or not there is a cap."""

from collections.abc import Callable
from datetime import datetime

from droptrain_core import cursors
from droptrain_core.aws.run_costs import RunCosts
from droptrain_core.aws.run_record import KIND
from droptrain_core.domain.costs.budget import month_account
from droptrain_core.domain.costs.daily import DayCost, RunCost, by_day
from droptrain_core.domain.frozen import frozen

# A request for costs reads so many pages of at most 1 MB, which is about 1,500 runs.
_PAGES = 4


@frozen
class CostListing:
    """Costs of a month by day and project, and the cursor of the next part; None after the last one.

    A day can be in two parts; their sums add up.
    """

    month: str
    days: tuple[DayCost, ...]
    cursor: str | None


class ReadCosts:
    """Reads the costs of single runs for the API."""

    def __init__(self, costs: RunCosts, clock: Callable[[], datetime]) -> None:
        self._costs = costs
        self._clock = clock

    def by_day(self, month: str | None = None, cursor: str | None = None) -> CostListing:
        """Costs of the runs that were launched in a month such as 2026-11 (UTC), by default the current one.

        BadCursorError for a cursor that isn't from this month's list.
        """
        month = month or month_account(self._clock())
        position = cursors.position(cursor, "kind", KIND)
        if position and not position["created_order"]["S"].startswith(f"{month}-"):
            raise cursors.refused()
        found: list[RunCost] = []
        for _ in range(_PAGES):
            page = self._costs.page(month, position)
            found += page.costs
            position = page.position
            if position is None:
                break
        return CostListing(month, by_day(found), cursors.of_position(position))
