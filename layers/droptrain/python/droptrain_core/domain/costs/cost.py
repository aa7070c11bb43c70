"""A run's cost, an estimate: AWS Batch's seconds at the price of an eligible instance type.

Training code can write the container's report, so the report only selects one of these types and its zone.
Times and the queue come from AWS Batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from droptrain_core.domain import times
from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.batch_job import (
    NEVER_JOINED,
    NO_INSTANCE,
    JobState,
    attempts_until,
    lost_its_instance,
    trained_seconds,
)
from droptrain_core.domain.runs.outcome import Report, reports
from droptrain_core.domain.runs.run import Attempt, AttemptCost, Cost, EarlierJob, Run

SPOT, ON_DEMAND = "spot", "on-demand"
_BASES = {
    frozenset({SPOT}): "Spot price of the zone",
    frozenset({SPOT, ON_DEMAND}): "Spot price of the zone and on-demand list price",
    frozenset({ON_DEMAND}): "on-demand list price",
}


@frozen
class Eligible:
    """The instance types that have room for a run and a price."""

    prices: PriceList
    types: tuple[str, ...]

    @classmethod
    def of(cls, run: Run, prices: PriceList, instance_types: Iterable[str]) -> "Eligible":
        """Types of the stack and of the run's estimate, because the stack's may have changed since."""
        offered = (offer.instance_type for offer in run.estimate.offers) if run.estimate else ()
        names = dict.fromkeys((*prices.expand(instance_types), *offered))
        return cls(prices, tuple(name for name in names if _could_serve(prices, name, run)))

    def rate(self, report: Report | None, *, on_spot: bool) -> "Rate":
        """The price of an attempt: the reported type's if it is eligible, else the highest price."""
        rates = {name: self._rate(name, report, on_spot) for name in self.types}
        reported = rates.get(report.instance_type or "") if report else None
        return reported or max(rates.values(), key=lambda rate: rate.usd_per_hour)

    def _rate(self, name: str, report: Report | None, on_spot: bool) -> "Rate":
        zones = self.prices.spot.get(name, {})
        zone = report.zone if report and report.instance_type == name and report.zone in zones else None
        spot = self.prices.spot_price(name, zone) if zone else self.prices.dearest_spot_price(name)
        on_demand = self.prices.on_demand.get(name)
        if spot is not None and (on_spot or on_demand is None):
            return Rate(name, zone, spot, SPOT)
        assert on_demand is not None
        return Rate(name, zone, on_demand, ON_DEMAND)


@frozen
class Rate:
    """A price of an instance type, in USD an hour, and whether it is Spot or on-demand."""

    instance_type: str
    zone: str | None
    usd_per_hour: float
    priced_as: str


def of_run(
    run: Run,
    job: JobState,
    document: object,
    eligible: Eligible,
    now: datetime,
    earlier: Sequence[EarlierJob] | None = None,
) -> Cost | None:
    """The cost of `run`, whose Batch job is `job`, until `now`; None if no eligible type has a price.

    `document` is the parsed outcome.json. `earlier` are the run's Batch jobs before `job`, by
    default as in the record. Attempts with a price in the record keep it.
    """
    if not eligible.types:
        return None
    costs: list[AttemptCost] = []
    if earlier is None:
        earlier = run.next_job.earlier[: job.job_number - 1] if run.next_job else ()
    priced = {(each.batch_job, each.attempt): each for each in run.cost.attempts} if run.cost else {}
    for number, before in enumerate(earlier, 1):
        found = _of_job(run, number, before.attempts, reports(document, before.job_id), eligible)
        costs += [priced.get((each.batch_job, each.attempt), each) for each in found]
    tries = (*attempts_until(job, now), *_never_joined(job, now))
    costs += _of_job(run, job.job_number, tries, reports(document, job.job_id), eligible)
    return _sum(costs, eligible.prices) if costs else _nothing(run, job, eligible)


def _never_joined(job: JobState, now: datetime) -> tuple[Attempt, ...]:
    """The time of an instance that never joined the queue, as an attempt; it is billed like one."""
    if not job.status_reason.startswith(NEVER_JOINED):
        return ()
    ended_at = times.from_text(job.stopped_at) if job.stopped_at else now
    return (Attempt(times.to_text(ended_at - NO_INSTANCE), times.to_text(ended_at), None, None, None),)


def _of_job(
    run: Run, number: int, attempts: Sequence[Attempt], reports: Mapping[int, Report], eligible: Eligible
) -> list[AttemptCost]:
    on_spot = run.is_on_spot(number)
    costs = []
    for count, attempt in enumerate(attempts, 1):
        rate = eligible.rate(reports.get(count), on_spot=on_spot)
        seconds = trained_seconds(attempt)
        costs.append(
            AttemptCost(
                batch_job=number,
                attempt=count,
                instance_type=rate.instance_type,
                zone=rate.zone,
                lifecycle=SPOT if on_spot else ON_DEMAND,
                seconds=seconds,
                usd_per_hour=rate.usd_per_hour,
                priced_as=rate.priced_as,
                usd=round(seconds * rate.usd_per_hour / 3600, 6),
                reclaimed=on_spot and lost_its_instance(attempt),
            )
        )
    return costs


def _sum(attempts: Sequence[AttemptCost], prices: PriceList) -> Cost:
    last, kinds = attempts[-1], frozenset(each.priced_as for each in attempts)
    is_high = any((each.lifecycle, each.priced_as) == (SPOT, ON_DEMAND) for each in attempts)
    return Cost(
        estimate_usd=round(sum(each.usd for each in attempts), 6),
        instance_type=last.instance_type,
        usd_per_hour=last.usd_per_hour,
        seconds=sum(each.seconds for each in attempts),
        basis=_BASES[kinds] + ("; Spot costs less" if is_high else ""),
        priced_at=(prices.spot_priced_at if SPOT in kinds else None) or prices.priced_at,
        reclaimed_usd=round(sum(each.usd for each in attempts if each.reclaimed), 6),
        attempts=tuple(attempts),
    )


def _nothing(run: Run, job: JobState, eligible: Eligible) -> Cost:
    """The cost of a run whose Batch jobs never got an instance."""
    rate = eligible.rate(None, on_spot=run.is_on_spot(job.job_number))
    return Cost(
        0.0, rate.instance_type, rate.usd_per_hour, 0, _BASES[frozenset({rate.priced_as})],
        eligible.prices.priced_at,
    )  # fmt: skip


def _could_serve(prices: PriceList, name: str, run: Run) -> bool:
    if name not in prices.on_demand and not prices.spot.get(name):
        return False
    job = run.job
    return job is None or prices.could_serve(name, job.gpus, job.vcpus, job.memory_mib)
