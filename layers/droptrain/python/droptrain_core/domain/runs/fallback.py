"""When a run that `spot: auto` began on Spot goes on with a Batch job on demand.

It takes that step once, and the container resumes from the newest checkpoint. The on-demand job's timeout is
so short that the run as a whole keeps the worst case of its estimate, which its budget reserves.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from droptrain_core.domain import times
from droptrain_core.domain.costs.estimate import Estimate
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.run import Attempt, Cost, Fallback, JobRequest, Run

# How long a run waits for a Spot instance that AWS hasn't got. The queue itself gives up after a day.
PATIENCE = timedelta(minutes=15)
_BY_SPOT = {"reclaimed", "no_capacity"}
_SHORTEST_TIMEOUT = 60  # seconds, AWS Batch's least


def after_end(
    run: Run, cause: Cause | None, cost: Cost | None, job_id: str, attempts: Sequence[Attempt]
) -> Fallback | None:
    """How a run goes on whose Spot job ended for that cause; None if it doesn't."""
    if cause is None or cause.code not in _BY_SPOT:
        return None
    return _step(run, cost, job_id, attempts, cause.message, has_ended=True)


def is_too_long(cause: Cause, waited: timedelta) -> bool:
    """Whether a run that has waited so long for a Spot instance, for that cause, should not wait on."""
    return cause.code == "no_capacity" and waited >= PATIENCE


def while_waiting(
    run: Run, cost: Cost | None, job_id: str, attempts: Sequence[Attempt], waited: timedelta
) -> Fallback | None:
    """How a run continues that has waited too long for a Spot instance; None if it waits on."""
    minutes = int(waited.total_seconds()) // 60
    why = f"AWS has had no Spot instance for it in {minutes} minutes."
    return _step(run, cost, job_id, attempts, why)


def after_reclaim(
    run: Run, cost: Cost | None, job_id: str, attempts: Sequence[Attempt], saved_at: datetime | None
) -> Fallback | None:
    """How a run goes on whose last attempt was reclaimed; None if Spot is still cheaper, or nobody can say.

    `saved_at` is when its newest checkpoint was complete; what came after that has to be done again. If a
    part of the time on Spot is lost, an hour of progress costs more than an hour of Spot: as much as on
    demand, when that part is the discount.
    """
    discount = _discount(run.estimate) if run.estimate else None
    lost = _lost(attempts[-1], saved_at)
    if discount is None or lost is None or lost <= discount:
        return None
    why = (
        f"Spot took {lost:.0%} of the last attempt's work, and saves {discount:.0%} of the price: what has "
        "to be done again costs more than that."
    )
    return _step(run, cost, job_id, attempts, why)


def _step(
    run: Run,
    cost: Cost | None,
    job_id: str,
    attempts: Sequence[Attempt],
    why: str,
    *,
    has_ended: bool = False,
) -> Fallback | None:
    job = run.job
    if job is None or job.spot != "auto" or run.fallback or run.cancelled_by:
        return None
    seconds = _affordable(job, run.estimate, cost)
    if seconds < _SHORTEST_TIMEOUT:
        return None
    return Fallback(2, seconds, f"{why} The run goes on on demand.", job_id, has_ended, tuple(attempts))


def _affordable(job: JobRequest, estimate: Estimate | None, cost: Cost | None) -> int:
    """The on-demand job's timeout, in seconds; without a price nothing was promised."""
    if estimate is None or not estimate.worst_usd_per_hour:
        return job.timeout_seconds
    left = estimate.worst_usd - (cost.estimate_usd if cost else 0.0)
    return int(min(job.timeout_seconds, left / estimate.worst_usd_per_hour * 3600))


def _lost(attempt: Attempt, saved_at: datetime | None) -> float | None:
    """What part of an attempt's work no checkpoint has kept; None if its times aren't known."""
    if not attempt.started_at or not attempt.stopped_at:
        return None
    started, stopped = times.from_text(attempt.started_at), times.from_text(attempt.stopped_at)
    if stopped <= started:
        return None
    kept = max(saved_at, started) if saved_at else started
    return max((stopped - kept) / (stopped - started), 0.0)


def _discount(estimate: Estimate) -> float | None:
    """What part of the on-demand price the cheapest offer saves on Spot; None if a price is unknown."""
    for offer in estimate.offers:
        if offer.on_demand_usd_per_hour and offer.spot_usd_per_hour is not None:
            return 1 - offer.spot_usd_per_hour / offer.on_demand_usd_per_hour
    return None
