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
from droptrain_core.domain.runs.compute import StackCompute
from droptrain_core.domain.runs.outcome import Report, reports
from droptrain_core.domain.runs.preparation import JobRequest, JobStep
from droptrain_core.domain.runs.run import Attempt, AttemptCost, Cost, EarlierJob, Run

SPOT, ON_DEMAND = "spot", "on-demand"
_BASES = {
    frozenset({SPOT}): "Spot price of the zone",
    frozenset({SPOT, ON_DEMAND}): "Spot price of the zone and on-demand list price",
    frozenset({ON_DEMAND}): "on-demand list price",
}


@frozen
class Eligible:
    """The instance types that have room for a run and a price, by the step of the run."""

    prices: PriceList
    types: Mapping[JobStep, tuple[str, ...]]

    @classmethod
    def of(cls, run: Run, prices: PriceList, compute: StackCompute) -> "Eligible":
        """Types of the stack and of the run's estimate, because the stack's may have changed since."""
        steps: tuple[JobStep, ...] = ("prepare", "train") if run.preparation else ("train",)
        offers = run.estimate.offers if run.estimate else ()
        offered: Mapping[JobStep, list[str]] = {"train": [offer.instance_type for offer in offers]}
        names = {step: (*compute.of_step(run, step).instance_types, *offered.get(step, ())) for step in steps}
        return cls(prices, {step: _types(prices, run, step, names[step]) for step in steps})

    @property
    def have_prices(self) -> bool:
        """Whether each step has such a type."""
        return all(self.types.values())

    def rate(self, report: Report | None, step: JobStep, *, on_spot: bool) -> "Rate":
        """The price of an attempt: the reported type's if it is eligible, else the highest price."""
        rates = {name: self._rate(name, report, on_spot) for name in self.types[step]}
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

    `document` is the parsed outcome.json. `earlier` are the run's Batch jobs before `job`, by default as in
    the record. Attempts with a price in the record keep it.
    """
    if not eligible.have_prices:
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
    on_spot, step = run.is_on_spot(number), run.step_of(number)
    costs = []
    for count, attempt in enumerate(attempts, 1):
        rate = eligible.rate(reports.get(count), step, on_spot=on_spot)
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
                step=step,
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
    number = job.job_number
    rate = eligible.rate(None, run.step_of(number), on_spot=run.is_on_spot(number))
    return Cost(
        0.0, rate.instance_type, rate.usd_per_hour, 0, _BASES[frozenset({rate.priced_as})],
        eligible.prices.priced_at,
    )  # fmt: skip


def seconds_of(cost: Cost, step: JobStep) -> int:
    """How long the attempts of a step took together."""
    return sum(each.seconds for each in cost.attempts if each.step == step)


def _types(prices: PriceList, run: Run, step: JobStep, names: Iterable[str]) -> tuple[str, ...]:
    found = dict.fromkeys(prices.expand(names))
    return tuple(name for name in found if _could_serve(prices, name, run.request_of(step)))


def _could_serve(prices: PriceList, name: str, job: JobRequest | None) -> bool:
    if name not in prices.on_demand and not prices.spot.get(name):
        return False
    return job is None or prices.could_serve(name, job.gpus, job.vcpus, job.memory_mib)
