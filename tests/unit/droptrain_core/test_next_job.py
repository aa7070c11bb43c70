"""When a run gets another Batch job, and how long that job may train."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from droptrain_core.domain.costs.estimate import Estimate, Offer
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs import next_job
from droptrain_core.domain.runs.batch_job import JobState, count_reclaimed
from droptrain_core.domain.runs.run import Attempt, EarlierJob, NextJob, Run
from support.records import JOB, JOB_ID, RUN_ID, run

RECLAIMED = Cause("reclaimed", "Spot reclaimed the instance on each of 3 attempts.", "")
NO_CAPACITY = Cause("no_capacity", "AWS has no instance free.", "")
BROKE_OFF = Cause("image_unreachable", "The registry can't be reached from the instance.", "")
OFFERED = Estimate((Offer("g5.xlarge", 1.0, 0.4, "a"),), None, None, 1.2, 1.0, "", "2025-11-30", "2026-11-23")
ATTEMPT = Attempt("2026-11-23T02:00:00Z", "2026-11-23T02:40:00Z", 75, "Host EC2 terminated", "log")
ON_SPOT = EarlierJob(JOB_ID, on_spot=True, has_ended=True, attempts=(ATTEMPT,))
ON_DEMAND = NextJob(1200, "", on_spot=False, is_retry=False, earlier=(ON_SPOT,))
AGAIN = NextJob(1200, "", on_spot=True, is_retry=True, earlier=(ON_SPOT,))


def a_run(**changes: object) -> Run:
    return run(**({"batch_job_id": JOB_ID, "estimate": OFFERED} | changes))


def a_job(
    *attempts: Attempt, number: int = 1, state: str = "FAILED", exit_code: int | None = None
) -> JobState:
    return JobState(RUN_ID, JOB_ID, number, state, attempts, exit_code=exit_code)


def after_end(found: Run, cause: Cause | None = RECLAIMED, job: JobState | None = None) -> NextJob | None:
    return next_job.after_end(found, job or a_job(ATTEMPT, number=found.job_number), cause)


def test_a_run_that_spot_reclaimed_each_time_continues_on_demand_with_the_time_that_is_left() -> None:
    why = "Spot reclaimed the instance on each of 3 attempts. The run continues on an on-demand instance."
    assert after_end(a_run()) == NextJob(1200, why, on_spot=False, is_retry=False, earlier=(ON_SPOT,))


def test_a_run_that_never_got_a_spot_instance_continues_on_demand_with_all_of_its_time() -> None:
    following = after_end(a_run(), NO_CAPACITY, a_job())
    assert following and following.timeout_seconds == 3600


@pytest.mark.parametrize(
    "found",
    [
        a_run(job=replace(JOB, spot="only")),
        a_run(job=replace(JOB, spot="never")),
        a_run(next_job=ON_DEMAND),
        a_run(cancelled_by="ann"),
    ],
)
def test_no_other_run_falls_back(found: Run) -> None:
    assert after_end(found) is None


@pytest.mark.parametrize("code", ["script_failed", "timeout", "image_missing", "image_denied", "no_quota"])
def test_a_failure_that_stays_ends_the_run(code: str) -> None:
    assert after_end(a_run(), Cause(code, "", "")) is None
    assert after_end(a_run(), None) is None


@pytest.mark.parametrize("code", ["image_unreachable", "image_not_pulled", "container_not_started"])
def test_a_failure_that_can_pass_gets_one_more_try_in_the_same_queue(code: str) -> None:
    cause = Cause(code, "It broke off.", "")
    following = after_end(a_run(), cause, a_job())
    previous = EarlierJob(JOB_ID, on_spot=True, has_ended=True)
    why = "It broke off. The run is tried once more."
    assert following == NextJob(3600, why, on_spot=True, is_retry=True, earlier=(previous,))
    assert after_end(a_run(next_job=following), cause, a_job(number=2)) is None


def test_an_on_demand_run_is_tried_once_more_on_demand() -> None:
    following = after_end(a_run(job=replace(JOB, spot="never")), BROKE_OFF, a_job())
    assert following and not following.on_spot


def test_a_container_that_ended_with_an_exit_code_is_not_tried_again() -> None:
    assert after_end(a_run(), BROKE_OFF, a_job(exit_code=1)) is None


def test_a_cancelled_run_is_not_tried_again() -> None:
    assert after_end(a_run(cancelled_by="ann"), BROKE_OFF, a_job()) is None


def test_a_run_that_was_tried_again_can_still_fall_back_and_the_other_way_round() -> None:
    third = after_end(a_run(next_job=AGAIN), NO_CAPACITY, a_job(number=2))
    assert third and (third.number, third.on_spot, third.is_retry) == (3, False, True)
    assert third.timeout_seconds == 1200
    third = after_end(a_run(next_job=ON_DEMAND), BROKE_OFF, a_job(number=2))
    assert third and (third.number, third.on_spot, third.is_retry) == (3, False, True)
    assert after_end(a_run(next_job=third), BROKE_OFF, a_job(number=3)) is None


def test_the_time_of_all_jobs_counts() -> None:
    ten = Attempt("2026-11-23T03:00:00Z", "2026-11-23T03:10:00Z", 75, "Host EC2 terminated", "log")
    third = after_end(a_run(next_job=AGAIN), RECLAIMED, a_job(ten, number=2))
    assert third and third.timeout_seconds == 600
    assert next_job.seconds_trained(a_run(next_job=third), 3, [ten]) == 3600


def test_no_job_begins_for_less_than_a_minute() -> None:
    def left(seconds: int) -> NextJob | None:
        return after_end(a_run(job=replace(JOB, timeout_seconds=2400 + seconds)))

    assert left(60)
    assert left(59) is None


def test_a_job_that_is_given_up_leaves_the_run_with_the_job_before() -> None:
    third = after_end(a_run(next_job=AGAIN), NO_CAPACITY, a_job(number=2))
    assert third and third.before() == AGAIN
    assert AGAIN.before() is None


def test_only_attempts_on_spot_count_as_reclaimed() -> None:
    assert count_reclaimed(a_run(attempts=(ATTEMPT, ATTEMPT))) == 2
    assert count_reclaimed(a_run(attempts=(ATTEMPT, ATTEMPT), next_job=ON_DEMAND)) == 1
    assert count_reclaimed(a_run(attempts=(ATTEMPT,), job=replace(JOB, spot="never"))) == 0


def test_waiting_for_spot_has_an_end() -> None:
    assert not next_job.is_too_long(NO_CAPACITY, timedelta(minutes=14))
    assert next_job.is_too_long(NO_CAPACITY, timedelta(minutes=16))
    assert not next_job.is_too_long(Cause("does_not_fit", "", ""), timedelta(hours=1))
    assert not next_job.is_too_long(Cause("waits_long", "", ""), timedelta(hours=1))
    assert next_job.is_too_long(Cause("waits_long", "", "", ("UNDETERMINED",)), timedelta(minutes=16))


def test_a_run_that_waited_too_long_keeps_its_attempts_and_its_time() -> None:
    waits = a_job(ATTEMPT, state="RUNNABLE")
    following = next_job.while_waiting(a_run(), waits, timedelta(minutes=16))
    assert following and following.why.startswith("AWS has had no Spot instance for it in 16 minutes.")
    assert (following.earlier_attempts, following.timeout_seconds) == ((ATTEMPT,), 1200)
    assert not following.previous.has_ended


@pytest.mark.parametrize(
    ("minutes_saved", "leaves"),
    [
        (39, False),
        (17, False),  # 58 % lost, 60 % saved
        (15, True),
        (None, True),  # no checkpoint at all: everything is lost
    ],
)
def test_a_run_leaves_spot_when_repeated_work_costs_more_than_spot_saves(
    minutes_saved: int | None, leaves: bool
) -> None:
    start = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    saved_at = start + timedelta(minutes=minutes_saved) if minutes_saved else None
    waits = a_job(ATTEMPT, state="RUNNABLE")
    assert bool(next_job.after_reclaim(a_run(), waits, saved_at)) is leaves


def test_without_prices_or_times_a_run_stays_on_spot() -> None:
    unknown = replace(OFFERED, offers=(Offer("g5.xlarge", 1.0, None, None),))
    assert next_job.after_reclaim(a_run(estimate=unknown), a_job(ATTEMPT), None) is None
    timeless = replace(ATTEMPT, started_at=None)
    assert next_job.after_reclaim(a_run(), a_job(timeless), None) is None
