"""What a run cost: attempt by attempt, by AWS Batch's times and the stack's instance types."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from droptrain_core.domain.costs import cost as costs
from droptrain_core.domain.costs.cost import Eligible
from droptrain_core.domain.costs.estimate import Estimate, Offer
from droptrain_core.domain.costs.pricing import PRICES_AS_OF, PriceList, Size
from droptrain_core.domain.runs.batch_job import NEVER_JOINED, JobState
from droptrain_core.domain.runs.compute import Compute, StackCompute
from droptrain_core.domain.runs.run import Attempt, AttemptCost, Cost, EarlierJob, NextJob, Run
from hypothesis import given
from hypothesis import strategies as st
from support.records import JOB, JOB_ID, RUN_ID, run

SIZES = {name: Size(1, 4, 16) for name in ("g4dn.xlarge", "g5.xlarge")} | {"g4dn.tiny": Size(1, 2, 8)}
SHIPPED = PriceList({"g4dn.tiny": 0.1, "g4dn.xlarge": 0.6, "g5.xlarge": 1.2}, SIZES)
LIVE = replace(
    SHIPPED,
    spot={
        "g4dn.xlarge": {"eu-west-1a": 0.2, "eu-west-1b": 0.3},
        "g5.xlarge": {"eu-west-1a": 0.4, "eu-west-1b": 0.5},
    },
    spot_priced_at="2026-11-23T06:00:00Z",
)
TYPES = ("g4dn.tiny", "g4dn.xlarge", "g5.xlarge")
HALF_AN_HOUR = Attempt("2026-11-23T02:11:00Z", "2026-11-23T02:41:00Z", 0, None, "s")
RECLAIMED = Attempt(
    "2026-11-23T01:00:00Z", "2026-11-23T02:00:00Z", None, "Host EC2 (instance i-1) terminated.", None
)
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ON_SPOT, ON_DEMAND = run(), run(job=replace(JOB, spot="never"))
SECOND = "the-second-job"


def account(attempt: int, name: str, zone: str = "eu-west-1a", job_id: str = JOB_ID) -> dict[str, Any]:
    return {"batch_job_id": job_id, "attempt": attempt, "instance": {"type": name, "zone": zone}}


def report(*accounts: dict[str, Any]) -> dict[str, Any]:
    """outcome.json: the last attempt's account, with those before it."""
    *earlier, last = accounts
    return {**last, "attempts": earlier}


def of(
    *attempts: Attempt,
    of_run: Run = ON_SPOT,
    document: object = None,
    prices: PriceList = LIVE,
    earlier: tuple[Attempt, ...] | None = None,
    types: tuple[str, ...] = TYPES,
    **state: Any,
) -> Cost | None:
    job = JobState(
        RUN_ID, **{"job_id": JOB_ID, "job_number": 1, "state": "SUCCEEDED", "attempts": attempts} | state
    )
    stack = Compute(types, "spot", "on-demand", "definition")
    eligible = Eligible.of(of_run, prices, StackCompute(stack, stack))
    return costs.of_run(of_run, job, document, eligible, NOW, earlier)


def test_each_attempt_costs_what_its_instance_costs_in_its_zone() -> None:
    document = report(account(1, "g4dn.xlarge", "eu-west-1b"), account(2, "g5.xlarge"))
    assert of(RECLAIMED, HALF_AN_HOUR, document=document) == Cost(
        estimate_usd=0.5,
        instance_type="g5.xlarge",
        usd_per_hour=0.4,
        seconds=5400,
        basis="Spot price of the zone",
        priced_at="2026-11-23T06:00:00Z",
        reclaimed_usd=0.3,
        attempts=(
            AttemptCost(1, 1, "g4dn.xlarge", "eu-west-1b", "spot", 3600, 0.3, "spot", 0.3, reclaimed=True),
            AttemptCost(1, 2, "g5.xlarge", "eu-west-1a", "spot", 1800, 0.4, "spot", 0.2, reclaimed=False),
        ),
    )


def test_an_attempt_without_a_report_counts_as_the_dearest_that_could_serve_the_run() -> None:
    cost = of(RECLAIMED)
    assert cost
    assert (cost.estimate_usd, cost.instance_type, cost.reclaimed_usd) == (0.5, "g5.xlarge", 0.5)
    on_demand = of(RECLAIMED, of_run=ON_DEMAND)
    assert on_demand
    assert (on_demand.estimate_usd, on_demand.basis) == (1.2, "on-demand list price")


@pytest.mark.parametrize("name", ["t3.nano", "p5.48xlarge", "g4dn.tiny", ""])
def test_so_does_one_whose_report_names_a_type_that_could_not_serve_it(name: str) -> None:
    assert of(HALF_AN_HOUR, document=account(1, name)) == of(HALF_AN_HOUR)


@pytest.mark.parametrize("lifecycle", ["spot", "on-demand", "free"])
def test_the_queue_decides_between_spot_and_on_demand(lifecycle: str) -> None:
    document = account(1, "g4dn.xlarge")
    document["instance"]["lifecycle"] = lifecycle
    spot, on_demand = (of(HALF_AN_HOUR, of_run=each, document=document) for each in (ON_SPOT, ON_DEMAND))
    assert spot
    assert on_demand
    assert (spot.estimate_usd, spot.attempts[0].lifecycle) == (0.1, "spot")
    assert (on_demand.estimate_usd, on_demand.attempts[0].lifecycle) == (0.3, "on-demand")


def test_on_spot_in_a_zone_without_a_price_the_dearest_one_counts() -> None:
    cost = of(HALF_AN_HOUR, document=account(1, "g4dn.xlarge", "moon-1a"))
    assert cost
    assert (cost.estimate_usd, cost.attempts[0].zone) == (0.15, None)


def test_on_spot_without_any_spot_price_the_on_demand_price_counts_and_says_so() -> None:
    cost = of(HALF_AN_HOUR, document=account(1, "g4dn.xlarge"), prices=SHIPPED)
    assert cost
    assert (cost.usd_per_hour, cost.attempts[0].lifecycle, cost.attempts[0].priced_as) == (
        0.6, "spot", "on-demand",
    )  # fmt: skip
    assert (cost.basis, cost.priced_at) == ("on-demand list price; Spot costs less", PRICES_AS_OF)


def test_times_are_those_of_aws_batch_alone() -> None:
    lie = {"started_at": "2026-11-23T02:11:00Z", "ended_at": "2026-11-23T02:11:01Z"}
    cost = of(HALF_AN_HOUR, document={**account(1, "g4dn.xlarge"), **lie})
    assert cost
    assert cost.seconds == 1800
    never_started = of(Attempt(None, "2026-11-23T02:41:00Z", 1, None, None), document=lie)
    assert never_started
    assert never_started.seconds == 0


def test_an_attempt_without_an_end_counts_until_the_next_one_or_the_end_of_the_job() -> None:
    open_end = replace(HALF_AN_HOUR, stopped_at=None)
    for cost in (
        of(replace(RECLAIMED, stopped_at=None), HALF_AN_HOUR),
        of(RECLAIMED, open_end, stopped_at="2026-11-23T02:52:00Z"),
        of(RECLAIMED, state="RUNNING", started_at="2026-11-23T02:19:00Z"),
    ):
        assert cost
        assert cost.seconds == 6060


def test_an_attempt_that_runs_counts_until_now() -> None:
    cost = of(RECLAIMED, state="RUNNING", started_at="2026-11-23T02:30:00Z")
    assert cost
    assert [each.seconds for each in cost.attempts] == [3600, 1800]
    waits = of(RECLAIMED, state="RUNNABLE", started_at=RECLAIMED.started_at)
    assert waits
    assert waits.seconds == 3600


FIRST = EarlierJob(JOB_ID, on_spot=True, has_ended=True, attempts=(RECLAIMED,))


def on_second(**changes: Any) -> Run:
    return run(next_job=NextJob(60, "", on_spot=False, is_retry=False, earlier=(FIRST,)), **changes)


def test_the_attempts_of_earlier_batch_jobs_stay_in_the_sum_at_their_price() -> None:
    first = of(RECLAIMED, document=account(1, "g4dn.xlarge"))
    assert first
    lie = report(account(1, "g5.xlarge"), account(1, "g4dn.xlarge", job_id=SECOND))
    second = {"job_id": SECOND, "job_number": 2, "document": lie}
    both = of(HALF_AN_HOUR, of_run=on_second(cost=first), **second)
    assert both
    assert [(each.batch_job, each.usd, each.lifecycle) for each in both.attempts] == [
        (1, 0.2, "spot"), (2, 0.3, "on-demand"),
    ]  # fmt: skip
    assert both.basis == "Spot price of the zone and on-demand list price"


def test_an_earlier_attempt_that_nobody_has_priced_is_priced_now() -> None:
    second = {"of_run": on_second(), "job_id": SECOND, "job_number": 2}
    both = of(HALF_AN_HOUR, **second)
    assert both
    assert [each.batch_job for each in both.attempts] == [1, 2]
    longer = of(HALF_AN_HOUR, earlier=(replace(FIRST, attempts=(RECLAIMED, HALF_AN_HOUR)),), **second)
    assert longer
    assert [(each.batch_job, each.attempt) for each in longer.attempts] == [(1, 1), (1, 2), (2, 1)]


def test_the_estimate_s_types_count_where_the_stack_has_others_by_now() -> None:
    estimate = Estimate((Offer("g4dn.xlarge", 0.6, None, None),), None, None, 1.8, 0.6, "", "2025-11-30")
    document = account(1, "g4dn.xlarge")
    cost = of(HALF_AN_HOUR, of_run=run(estimate=estimate), document=document, types=("g5.xlarge",))
    assert cost
    assert cost.instance_type == "g4dn.xlarge"


def test_without_a_price_there_is_no_cost() -> None:
    assert of(HALF_AN_HOUR, types=("p5.48xlarge",)) is None


def test_a_run_that_never_got_an_instance_cost_nothing() -> None:
    cost = of()
    assert cost
    assert (cost.estimate_usd, cost.seconds, cost.attempts) == (0.0, 0, ())


def test_an_instance_that_never_joined_costs_the_time_until_its_run_was_ended() -> None:
    cost = of(RECLAIMED, state="FAILED", status_reason=f"{NEVER_JOINED}.", stopped_at="2026-11-23T02:50:00Z")
    assert cost
    assert [each.seconds for each in cost.attempts] == [3600, 1800]
    assert cost.attempts[1].usd == 0.25, "at the highest price of an eligible type"


@given(
    st.lists(st.sampled_from([HALF_AN_HOUR, RECLAIMED]), max_size=10),
    st.lists(st.sampled_from([*TYPES, "t3.nano", ""]), min_size=10, max_size=10),
    st.booleans(),
)
def test_the_sum_is_of_its_parts_and_reclaimed_is_one_of_them(attempts, names, on_spot) -> None:
    document = report(*(account(number, name) for number, name in enumerate(names, 1)))
    cost = of(*attempts, document=document, of_run=ON_SPOT if on_spot else ON_DEMAND)
    assert cost
    assert cost.estimate_usd == pytest.approx(sum(each.usd for each in cost.attempts))
    assert 0 <= cost.reclaimed_usd <= cost.estimate_usd
    assert (cost.reclaimed_usd > 0) == (on_spot and RECLAIMED in attempts)
