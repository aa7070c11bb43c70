"""What a run cost: each attempt by its instance type, zone, lifecycle and seconds. An estimate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from droptrain.domain import times
from droptrain.domain.batch_job import is_reclaimed
from droptrain.domain.pricing import PriceList
from droptrain.domain.run import Attempt, AttemptCost, Cost

SPOT, ON_DEMAND = "spot", "on-demand"
_BASES = {
    frozenset({SPOT}): "Spot price of the zone",
    frozenset({SPOT, ON_DEMAND}): "Spot price of the zone, on-demand list price where that isn't known",
    frozenset({ON_DEMAND}): "on-demand list price; Spot costs less",
}


@dataclass(frozen=True)
class Report:
    """What a container told of its own attempt; None for what it didn't live to tell."""

    job_id: str
    attempt: int
    started_at: str | None = None
    ended_at: str | None = None
    instance_type: str | None = None
    zone: str | None = None
    lifecycle: str | None = None


def of_attempts(
    attempts: Sequence[Attempt],
    reports: Mapping[int, Report],
    prices: PriceList,
    *,
    batch_job: int,
    instance_type: str,
    earlier: Iterable[AttemptCost] = (),
) -> Cost | None:
    """The cost of a run with these `attempts` of its Batch job number `batch_job`, and of those `earlier`.

    `reports` are by the attempt's number. An attempt without one counts as of `instance_type`, on demand:
    nobody can say that it was cheaper. None if an instance type has no price.
    """
    costs = [each for each in earlier if each.batch_job < batch_job]
    for number, attempt in enumerate(attempts, 1):
        report = reports.get(number) or Report("", number)
        name = report.instance_type or instance_type
        seconds = _seconds(attempt, report)
        price, priced_as = _price(prices, name, report)
        if price is None:
            return None
        costs.append(
            AttemptCost(
                batch_job=batch_job,
                attempt=number,
                instance_type=name,
                zone=report.zone,
                lifecycle=report.lifecycle,
                seconds=seconds,
                usd_per_hour=price,
                priced_as=priced_as,
                usd=round(seconds * price / 3600, 6),
                reclaimed=is_reclaimed(attempt),
            )
        )
    return _sum(costs, prices) if costs else _nothing(prices, instance_type)


def _sum(attempts: Sequence[AttemptCost], prices: PriceList) -> Cost:
    last, kinds = attempts[-1], frozenset(each.priced_as for each in attempts)
    return Cost(
        estimate_usd=round(sum(each.usd for each in attempts), 6),
        instance_type=last.instance_type,
        usd_per_hour=last.usd_per_hour,
        seconds=sum(each.seconds for each in attempts),
        basis=_BASES[kinds],
        priced_at=(prices.spot_priced_at if SPOT in kinds else None) or prices.priced_at,
        reclaimed_usd=round(sum(each.usd for each in attempts if each.reclaimed), 6),
        attempts=tuple(attempts),
    )


def _nothing(prices: PriceList, instance_type: str) -> Cost | None:
    """The cost of a run whose Batch job never got an instance."""
    price = prices.on_demand.get(instance_type)
    if price is None:
        return None
    return Cost(0.0, instance_type, price, 0, _BASES[frozenset({ON_DEMAND})], prices.priced_at)


def _price(prices: PriceList, instance_type: str, report: Report) -> tuple[float | None, str]:
    spot = prices.spot_price(instance_type, report.zone) if report.lifecycle == SPOT else None
    return (prices.on_demand.get(instance_type), ON_DEMAND) if spot is None else (spot, SPOT)


def _seconds(attempt: Attempt, report: Report) -> int:
    """By Batch's times, which the last checkpoint's upload is part of; by the container's where they lack."""
    seconds = _between(attempt.started_at, attempt.stopped_at)
    if seconds is None:
        seconds = _between(report.started_at, report.ended_at)
    return round(max(seconds or 0.0, 0.0))


def _between(start: str | None, end: str | None) -> float | None:
    return (times.from_text(end) - times.from_text(start)).total_seconds() if start and end else None
