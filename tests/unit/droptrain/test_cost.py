"""What a run cost: attempt by attempt."""

import pytest
from droptrain.domain import cost as costs
from droptrain.domain.cost import Report
from droptrain.domain.pricing import PriceList
from droptrain.domain.run import Attempt, AttemptCost, Cost
from hypothesis import given
from hypothesis import strategies as st

SHIPPED = PriceList({"g4dn.xlarge": 0.6, "g5.xlarge": 1.2})
LIVE = PriceList(
    SHIPPED.on_demand,
    spot={"g4dn.xlarge": {"eu-west-1a": 0.2, "eu-west-1b": 0.3}},
    spot_priced_at="2026-11-23T06:00:00Z",
)
HALF_AN_HOUR = Attempt("2026-11-23T02:11:00Z", "2026-11-23T02:41:00Z", 0, None, "s")
RECLAIMED = Attempt(
    "2026-11-23T01:00:00Z", "2026-11-23T02:00:00Z", None, "Host EC2 (instance i-1) terminated.", None
)


def of(*attempts: Attempt, reports: tuple[Report, ...] = (), prices: PriceList = LIVE, **more) -> Cost | None:
    by_number = {report.attempt: report for report in reports}
    return costs.of_attempts(
        attempts, by_number, prices, **{"batch_job": 1, "instance_type": "g4dn.xlarge", **more}
    )


def test_each_attempt_costs_what_its_instance_costs_in_its_zone() -> None:
    first = Report("j", 1, instance_type="g4dn.xlarge", zone="eu-west-1b", lifecycle="spot")
    second = Report("j", 2, instance_type="g5.xlarge", zone="eu-west-1a", lifecycle="on-demand")
    assert of(RECLAIMED, HALF_AN_HOUR, reports=(first, second)) == Cost(
        estimate_usd=0.9,
        instance_type="g5.xlarge",
        usd_per_hour=1.2,
        seconds=5400,
        basis="Spot price of the zone, on-demand list price where that isn't known",
        priced_at="2026-11-23T06:00:00Z",
        reclaimed_usd=0.3,
        attempts=(
            AttemptCost(1, 1, "g4dn.xlarge", "eu-west-1b", "spot", 3600, 0.3, "spot", 0.3, reclaimed=True),
            AttemptCost(
                1, 2, "g5.xlarge", "eu-west-1a", "on-demand", 1800, 1.2, "on-demand", 0.6, reclaimed=False
            ),
        ),
    )


def test_an_attempt_that_did_not_live_to_tell_counts_by_batch_s_times_on_demand() -> None:
    cost = of(RECLAIMED)
    assert cost
    assert (cost.estimate_usd, cost.seconds, cost.reclaimed_usd) == (0.6, 3600, 0.6)
    assert cost.basis == "on-demand list price; Spot costs less"
    assert (cost.attempts[0].lifecycle, cost.attempts[0].priced_as) == (None, "on-demand")


def test_on_spot_in_a_zone_without_a_price_the_lowest_one_counts() -> None:
    cost = of(HALF_AN_HOUR, reports=(Report("j", 1, zone="eu-west-1c", lifecycle="spot"),))
    assert cost
    assert (cost.estimate_usd, cost.basis) == (0.1, "Spot price of the zone")


def test_on_spot_without_any_spot_price_the_on_demand_price_counts_and_says_so() -> None:
    report = Report("j", 1, zone="eu-west-1a", lifecycle="spot")
    cost = of(HALF_AN_HOUR, reports=(report,), prices=SHIPPED)
    assert cost
    assert (cost.usd_per_hour, cost.attempts[0].lifecycle, cost.attempts[0].priced_as) == (
        0.6, "spot", "on-demand",
    )  # fmt: skip
    assert cost.priced_at == "2025-11-30"


def test_where_batch_tells_no_times_the_container_s_count() -> None:
    untimed = Attempt("2026-11-23T02:11:00Z", None, None, None, None)
    report = Report("j", 1, "2026-11-23T02:11:10Z", "2026-11-23T02:11:40Z")
    cost = of(untimed, reports=(report,))
    assert cost
    assert cost.seconds == 30
    assert of(untimed) == of(Attempt(None, None, None, None, None))


def test_the_attempts_of_earlier_batch_jobs_stay_in_the_sum() -> None:
    first = of(RECLAIMED)
    assert first
    both = of(HALF_AN_HOUR, batch_job=2, earlier=first.attempts)
    assert both
    assert both.estimate_usd == pytest.approx(0.9)
    assert [each.batch_job for each in both.attempts] == [1, 2]
    assert of(RECLAIMED, earlier=first.attempts) == first


def test_a_type_without_a_price_has_no_cost() -> None:
    assert of(HALF_AN_HOUR, reports=(Report("j", 1, instance_type="p5.48xlarge"),)) is None
    assert of(instance_type="p5.48xlarge") is None


def test_a_run_that_never_got_an_instance_cost_nothing() -> None:
    cost = of()
    assert cost
    assert (cost.estimate_usd, cost.seconds, cost.attempts) == (0.0, 0, ())


@given(
    st.lists(st.sampled_from([HALF_AN_HOUR, RECLAIMED]), max_size=10),
    st.lists(st.sampled_from(["spot", "on-demand", None]), min_size=10, max_size=10),
)
def test_the_sum_is_of_its_parts_and_reclaimed_is_one_of_them(attempts, lifecycles) -> None:
    reports = tuple(Report("j", number, lifecycle=each) for number, each in enumerate(lifecycles, 1))
    cost = of(*attempts, reports=reports)
    assert cost
    assert cost.estimate_usd == pytest.approx(sum(each.usd for each in cost.attempts))
    assert 0 <= cost.reclaimed_usd <= cost.estimate_usd
    assert (cost.reclaimed_usd > 0) == (RECLAIMED in attempts)
