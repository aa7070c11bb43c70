"""What runs cost by the day of their launch (UTC) and by project."""

from collections.abc import Iterable

from droptrain_core.domain.frozen import frozen


@frozen
class RunCost:
    """A run's estimated cost so far, and while it is active the most that it can cost, else None; USD."""

    day: str
    project: str
    usd: float
    worst_usd: float | None


@frozen
class DayCost:
    """The runs of a project that were launched on a day: their number and cost.

    `active` of them haven't ended; these can cost `worst_usd` at most.
    """

    day: str
    project: str
    runs: int
    cost_usd: float
    active: int
    worst_usd: float


def by_day(costs: Iterable[RunCost]) -> tuple[DayCost, ...]:
    """The sums, newest day first and then by project."""
    grouped: dict[tuple[str, str], list[RunCost]] = {}
    for cost in costs:
        grouped.setdefault((cost.day, cost.project), []).append(cost)
    sums = [_sum(day, project, runs) for (day, project), runs in grouped.items()]
    return tuple(sorted(sorted(sums, key=lambda each: each.project), key=lambda each: each.day, reverse=True))


def _sum(day: str, project: str, runs: list[RunCost]) -> DayCost:
    worst = [run.worst_usd for run in runs if run.worst_usd is not None]
    return DayCost(day, project, len(runs), sum(run.usd for run in runs), len(worst), sum(worst))
