"""When a run gets another Batch job: for its training, on demand instead of Spot, or another try.

A step falls back once and gets one other try after a failure. The container resumes from the newest
checkpoint. Each job gets the time that the earlier ones of its step left, so the run keeps its estimate.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from droptrain_core.domain import times
from droptrain_core.domain.costs.estimate import SHORTEST_SECONDS, Estimate
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.batch_job import JobState, trained_seconds
from droptrain_core.domain.runs.run import Attempt, EarlierJob, NextJob, Run

# How long a run waits for a Spot instance that AWS hasn't got. The queue itself gives up after a day.
PATIENCE = timedelta(minutes=15)
_BY_SPOT = {"reclaimed", "no_capacity"}
# Failures without an exit code that can pass by themselves. AWS Batch's rules for attempts can't tell a pull
# that broke off from one that is denied.
_CAN_PASS = {"image_unreachable", "image_not_pulled", "container_not_started", "container_lost"}


def after_end(run: Run, job: JobState, cause: Cause | None) -> NextJob | None:
    """The next job of a run whose Batch job ended with that cause; None if the run ends."""
    if cause is None:
        return _training(run, job) if run.step_of(job.job_number) == "prepare" else None
    if cause.code in _BY_SPOT:
        return _on_demand(run, job, cause.message)
    can_pass = cause.code in _CAN_PASS and cause.retry_helps is not False and job.exit_code is None
    if can_pass and not (run.next_job and run.next_job.is_retry):
        why = f"{cause.message} The run is tried once more."
        return _following(run, job, why, on_spot=run.is_on_spot(job.job_number), is_retry=True)
    return None


def is_too_long(cause: Cause, waited: timedelta) -> bool:
    """Whether a run has waited too long for a Spot instance, with that cause.

    AWS Batch names the lack of capacity, or says that it can't determine why the queue's next job waits. A
    job behind that one has no reason.
    """
    is_next = cause.code == "no_capacity" or (cause.code == "waits_long" and bool(cause.evidence))
    return is_next and waited >= PATIENCE


def while_waiting(run: Run, job: JobState, waited: timedelta) -> NextJob | None:
    """The fallback of a run that has waited too long for a Spot instance; None if it continues to wait."""
    minutes = int(waited.total_seconds()) // 60
    return _on_demand(run, job, f"AWS has had no Spot instance for it in {minutes} minutes.")


def after_reclaim(run: Run, job: JobState, saved_at: datetime | None) -> NextJob | None:
    """The fallback of a run whose last attempt was reclaimed; None if Spot is still cheaper, or unknown.

    `saved_at` is when its newest checkpoint was complete; later work has to be repeated. If a
    part of the time on Spot is lost, an hour of progress costs more than an hour of Spot. It costs as much as
    on-demand when that part equals the discount.
    """
    discount = _discount(run.estimate) if run.estimate else None
    lost = _lost(job.attempts[-1], saved_at)
    if discount is None or lost is None or lost <= discount:
        return None
    why = (
        f"A reclaim lost {lost:.0%} of the last attempt's work, and Spot saves {discount:.0%} of the price, "
        "so repeated work costs more than Spot saves."
    )
    return _on_demand(run, job, why)


def seconds_trained(run: Run, job_number: int, attempts: Sequence[Attempt]) -> int:
    """The time of the step whose Batch job has these attempts, with that of its jobs before."""
    step = run.step_of(job_number)
    earlier = [each for each in _before(run, job_number) if each.step == step]
    return sum(map(trained_seconds, (*(each for job in earlier for each in job.attempts), *attempts)))


def _training(run: Run, job: JobState) -> NextJob | None:
    """The first job of the training, after the data are prepared; None if the run was cancelled."""
    if run.job is None or run.cancelled_by:
        return None
    why = "The data are prepared. The run trains."
    on_spot = run.job.spot != "never"
    earlier = _with(run, job)
    return NextJob(run.job.timeout_seconds, why, on_spot, is_retry=False, earlier=earlier, step="train")


def _on_demand(run: Run, job: JobState, why: str) -> NextJob | None:
    if run.job is None or run.job.spot != "auto" or not run.is_on_spot(job.job_number):
        return None
    is_retry = run.next_job is not None and run.next_job.is_retry
    why = f"{why} The run continues on an on-demand instance."
    return _following(run, job, why, on_spot=False, is_retry=is_retry)


def _following(run: Run, job: JobState, why: str, *, on_spot: bool, is_retry: bool) -> NextJob | None:
    """The job after `job`; None if the run was cancelled or has too little time left."""
    step = run.step_of(job.job_number)
    request = run.request_of(step)
    if request is None or run.cancelled_by:
        return None
    left = request.timeout_seconds - seconds_trained(run, job.job_number, job.attempts)
    if left < SHORTEST_SECONDS:
        return None
    return NextJob(left, why, on_spot, is_retry, _with(run, job), step)


def _with(run: Run, job: JobState) -> tuple[EarlierJob, ...]:
    """The run's Batch jobs including `job`, as the earlier ones of the next."""
    number = job.job_number
    step, on_spot = run.step_of(number), run.is_on_spot(number)
    return (*_before(run, number), EarlierJob(job.job_id, on_spot, job.ended, job.attempts, step))


def _before(run: Run, job_number: int) -> tuple[EarlierJob, ...]:
    return run.next_job.earlier[: job_number - 1] if run.next_job else ()


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
