from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from droptrain_core.domain.costs.estimate import Estimate, Offer
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs import fallback
from droptrain_core.domain.runs.run import Attempt, Cost, Fallback, Run
from support.records import JOB, JOB_ID, run

RECLAIMED = Cause("reclaimed", "Spot reclaimed the instance on each of 3 attempts.", "")
NO_CAPACITY = Cause("no_capacity", "AWS has no instance free.", "")
# 3 attempts of an hour at $1.
OFFERED = Estimate((Offer("g5.xlarge", 1.0, 0.4, "a"),), None, None, 3.0, 1.0, "", "2025-11-30", "2026-11-23")
COST = Cost(1.2, "g5.xlarge", 0.4, 10800, "Spot", "2025-11-30")
ATTEMPT = Attempt("2026-11-23T02:00:00Z", "2026-11-23T03:00:00Z", 75, "Host EC2 terminated", "log")


def on_spot(**changes: object) -> Run:
    return run(**({"batch_job_id": JOB_ID, "estimate": OFFERED} | changes))


def after_end(found: Run, cause: Cause | None = RECLAIMED, cost: Cost | None = COST) -> Fallback | None:
    return fallback.after_end(found, cause, cost, JOB_ID, [ATTEMPT])


def test_a_run_that_spot_took_each_time_goes_on_on_demand() -> None:
    step = after_end(on_spot())
    assert step == Fallback(
        2,
        3600,
        "Spot reclaimed the instance on each of 3 attempts. The run continues on an on-demand instance.",
        JOB_ID,
        True,
        (ATTEMPT,),
    )


def test_so_does_one_that_never_got_a_spot_instance() -> None:
    assert after_end(on_spot(), NO_CAPACITY, None)


@pytest.mark.parametrize(
    "found",
    [
        on_spot(job=replace(JOB, spot="only")),
        on_spot(job=replace(JOB, spot="never")),
        on_spot(fallback=Fallback(2, 60, "", JOB_ID, True)),
        on_spot(cancelled_by="ann"),
    ],
)
def test_no_other_run_does(found: Run) -> None:
    assert after_end(found) is None


@pytest.mark.parametrize("cause", [None, Cause("script_failed", "", ""), Cause("timeout", "", "")])
def test_no_other_end_is_mended_by_it(cause: Cause | None) -> None:
    assert after_end(on_spot(), cause) is None


def test_the_run_keeps_its_worst_case() -> None:
    step = after_end(on_spot(), cost=replace(COST, estimate_usd=2.5))
    assert step and step.timeout_seconds == 1800
    assert after_end(on_spot(), cost=replace(COST, estimate_usd=2.999)) is None


def test_waiting_for_spot_has_an_end() -> None:
    assert not fallback.is_too_long(NO_CAPACITY, timedelta(minutes=14))
    assert fallback.is_too_long(NO_CAPACITY, timedelta(minutes=16))
    assert not fallback.is_too_long(Cause("does_not_fit", "", ""), timedelta(hours=1))


def test_a_run_that_waited_too_long_keeps_its_attempts_and_its_worst_case() -> None:
    step = fallback.while_waiting(on_spot(), COST, JOB_ID, [ATTEMPT], timedelta(minutes=16))
    assert step and step.why.startswith("AWS has had no Spot instance for it in 16 minutes.")
    assert (step.earlier_attempts, step.timeout_seconds) == ((ATTEMPT,), 3600)
    spent = replace(COST, estimate_usd=2.5)
    shorter = fallback.while_waiting(on_spot(), spent, JOB_ID, [ATTEMPT], timedelta(minutes=16))
    assert shorter and shorter.timeout_seconds == 1800


@pytest.mark.parametrize(
    ("minutes_saved", "goes_on"),
    [
        (59, False),
        (25, False),  # 58 % lost, 60 % saved
        (23, True),
        (None, True),  # no checkpoint at all: everything is lost
    ],
)
def test_spot_is_left_when_the_work_it_takes_costs_more_than_it_saves(
    minutes_saved: int | None, goes_on: bool
) -> None:
    start = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    saved_at = start + timedelta(minutes=minutes_saved) if minutes_saved else None
    step = fallback.after_reclaim(on_spot(), COST, JOB_ID, [ATTEMPT], saved_at)
    assert bool(step) is goes_on


def test_nobody_judges_without_prices_or_times() -> None:
    unknown = replace(OFFERED, offers=(Offer("g5.xlarge", 1.0, None, None),))
    assert fallback.after_reclaim(on_spot(estimate=unknown), COST, JOB_ID, [ATTEMPT], None) is None
    timeless = replace(ATTEMPT, started_at=None)
    assert fallback.after_reclaim(on_spot(), COST, JOB_ID, [timeless], None) is None
