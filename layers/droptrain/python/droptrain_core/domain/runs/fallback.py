"""When a run with `spot: auto` falls back from Spot to an on-demand Batch job.

A run falls back once, and the container resumes from the newest checkpoint. The on-demand job's timeout is
short enough that the whole run keeps the worst case of its estimate, which the budget reserves.
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
    """The fallback of a run whose Spot job ended with that cause; None if it doesn't fall back."""
    if cause is None or cause.code not in _BY_SPOT:
        return None
    return _step(run, cost, job_id, attempts, cause.message, has_ended=True)


def is_too_long(cause: Cause, waited: timedelta) -> bool:
    """Whether a run has waited too long for a Spot instance, with that cause."""
    return cause.code == "no_capacity" and waited >= PATIENCE


def while_waiting(
    run: Run, cost: Cost | None, job_id: str, attempts: Sequence[Attempt], waited: timedelta
) -> Fallback | None:
    """The fallback of a run that has waited too long for a Spot instance; None if it continues to wait."""
    minutes = int(waited.total_seconds()) // 60
    why = f"AWS has had no Spot instance for it in {minutes} minutes."
    return _step(run, cost, job_id, attempts, why)


def after_reclaim(
    run: Run, cost: Cost | None, job_id: str, attempts: Sequence[Attempt], saved_at: datetime | None
) -> Fallback | None:
    """The fallback of a run whose last attempt was reclaimed; None if Spot is still cheaper, or unknown.

    `saved_at` is when its newest checkpoint was complete; later work has to be repeated. If a
    part of the time on Spot is lost, an hour of progress costs more than an hour of Spot. It costs as much as
    on-demand when that part equals the discount.
    """
    discount = _discount(run.estimate) if run.estimate else None
    lost = _lost(attempts[-1], saved_at)
    if discount is None or lost is None or lost <= discount:
        return None
    why = (
        f"A reclaim lost {lost:.0%} of the last attempt's work, and Spot saves {discount:.0%} of the price, "
        "so repeated work costs more than Spot saves."
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
    why = f"{why} The run continues on an on-demand instance."
    return Fallback(2, seconds, why, job_id, has_ended, tuple(attempts))


def _affordable(job: JobRequest, estimate: Estimate | None, cost: Cost | None) -> int:
    """The on-demand job's timeout, in seconds; without a price there is no limit to keep."""
    if estimate is None or not estimate.worst_usd_per_hour:
        return job.timeout_seconds
    left = estimate.worst_usd - (cost.estimate_usd if cost else 0.0)
    return int(min(job.timeout_seconds, left / estimate.worst_usd_per_hour * 3600))


def _lost(attempt: Attempt, saved_at: datetime | None) -> float | None:
    """The part of an attempt's work that no checkpoint has saved; None if its times aren't known."""
    if not attempt.started_at or not attempt.stopped_at:
        return None
    started, stopped = times.from_text(attempt.started_at), times.from_text(attempt.stopped_at)
    if stopped <= started:
        return None
    kept = max(saved_at, started) if saved_at else started
    return max((stopped - kept) / (stopped - started), 0.0)


def _discount(estimate: Estimate) -> float | None:
    """The part of the on-demand price that the cheapest offer saves on Spot; None if a price is unknown."""
    for offer in estimate.offers:
        if offer.on_demand_usd_per_hour and offer.spot_usd_per_hour is not None:
            return 1 - offer.spot_usd_per_hour / offer.on_demand_usd_per_hour
    return None
