"""The estimate of a run: what could serve it, what it may cost."""

import pytest
from droptrain_core.domain.costs import estimate as estimates
from droptrain_core.domain.costs.estimate import Estimate, Offer
from droptrain_core.domain.costs.pricing import PRICES_AS_OF, PriceList, Refreshed, Size, read_price_list
from droptrain_core.domain.datasets.finding import describe
from hypothesis import given
from hypothesis import strategies as st

SIZES = {
    "g4dn.xlarge": Size(1, 4, 16),
    "g5.xlarge": Size(1, 4, 16),
    "g5.2xlarge": Size(1, 8, 32),
    "g5.12xlarge": Size(4, 48, 192),
}
ON_DEMAND = {"g4dn.xlarge": 0.6, "g5.xlarge": 1.1, "g5.2xlarge": 1.3, "g5.12xlarge": 6.0}
SPOT = {"g4dn.xlarge": {"b": 0.25, "a": 0.3}, "g5.xlarge": {"a": 0.2, "b": 0.5}, "g5.2xlarge": {"c": 9.0}}
SHIPPED = PriceList(ON_DEMAND, SIZES)
LIVE = PriceList(ON_DEMAND, SIZES, SPOT, "2026-11-23T00:00:00Z", "2026-11-23T06:00:00Z")
ALL = ("g4dn.xlarge", "g5")


def issue(
    prices: PriceList, spot: str = "auto", *, types=ALL, gpus=1, timeout=3600, history=()
) -> Estimate | None:
    found = estimates.eligible_instances(
        prices, types, history, gpus=gpus, vcpus=4, memory_mib=14336, spot=spot
    )
    return found.estimate(timeout) if found else None


def test_a_estimate_names_every_type_that_could_serve_the_cheapest_first() -> None:
    estimate = issue(LIVE, types=("g4dn.xlarge", "g5.xlarge"), history=(1800,))
    assert estimate == Estimate(
        offers=(Offer("g5.xlarge", 1.1, 0.2, "a"), Offer("g4dn.xlarge", 0.6, 0.25, "b")),
        expected_seconds=1800,
        expected_usd=0.1,
        worst_usd=round(1.1 * 4680 / 3600, 6),
        worst_usd_per_hour=1.1,
        basis="as long as the project's last successful run, at the price of g5.xlarge on Spot in a; "
        "at worst 1 h 0 min in all attempts, and 18 min 0 s until the run is ended, at the price of "
        "g5.xlarge on demand",
        priced_at="2026-11-23T00:00:00Z",
        spot_priced_at="2026-11-23T06:00:00Z",
    )


def test_with_the_shipped_list_spot_is_unknown_and_the_worst_is_known_all_the_same() -> None:
    estimate = issue(SHIPPED, types=("g4dn.xlarge",), history=(1800, 600))
    assert estimate
    assert estimate.offers == (Offer("g4dn.xlarge", 0.6, None, None),)
    assert (estimate.expected_usd, estimate.worst_usd) == (0.2, 0.78)
    assert (estimate.priced_at, estimate.spot_priced_at) == (PRICES_AS_OF, None)


def test_a_project_s_first_run_has_no_expectation() -> None:
    estimate = issue(SHIPPED, timeout=60)
    assert estimate
    assert (estimate.expected_seconds, estimate.expected_usd) == (None, None)
    assert estimate.basis == (
        "the project has no successful run yet, so the duration is unknown; "
        "at worst 1 min 0 s in all attempts, and 18 min 0 s until the run is ended, at the price of "
        "g5.12xlarge on demand"
    )


@pytest.mark.parametrize(
    ("spot", "worst"),
    [
        ("auto", 1.1),  # may go on on demand
        ("never", 1.1),
        ("only", 0.5),  # the dearest zone
    ],
)
def test_the_worst_hour_is_of_what_the_recipe_allows(spot: str, worst: float) -> None:
    estimate = issue(LIVE, spot, types=("g4dn.xlarge", "g5.xlarge"))
    assert estimate
    assert estimate.worst_usd_per_hour == worst


def test_without_spot_the_cheapest_on_demand_type_is_expected() -> None:
    estimate = issue(LIVE, "never", history=(3600,))
    assert estimate
    assert estimate.expected_usd == 0.6


def warned(spot: str = "auto", *, seconds: int = 3600, left_checkpoint: bool | None = False) -> str:
    found = estimates.eligible_instances(
        LIVE, ("g4dn.xlarge",), (seconds,), gpus=1, vcpus=4, memory_mib=14336, spot=spot,
        left_checkpoint=left_checkpoint,
    )  # fmt: skip
    assert found
    return "; ".join(describe(each) for each in found.warnings(found.estimate(4 * 3600)))


def test_a_long_run_on_spot_that_will_leave_no_checkpoint_is_warned_before() -> None:
    assert warned() == (
        "train.yaml: the project's runs take about 60 min, and the last one left no checkpoint: after a "
        "Spot reclaim, a run starts from the beginning, and up to $0.25 of work is lost (an estimate)"
    )
    assert "about 3.0 h" in warned("only", seconds=10800)
    assert "about 15 min" in warned(seconds=estimates.LONG_SECONDS)


def test_no_other_run_is() -> None:
    assert warned("never") == warned(left_checkpoint=True) == warned(left_checkpoint=None) == ""
    assert warned(seconds=estimates.LONG_SECONDS - 1) == ""


def test_spot_costs_at_most_what_on_demand_costs() -> None:
    estimate = issue(LIVE, "only", types=("g5.2xlarge",))
    assert estimate
    assert estimate.offers == (Offer("g5.2xlarge", 1.3, 1.3, "c"),)
    assert estimate.worst_usd_per_hour == 1.3


def test_types_that_are_too_small_are_left_out() -> None:
    estimate = issue(SHIPPED, gpus=4)
    assert estimate
    assert [offer.instance_type for offer in estimate.offers] == ["g5.12xlarge"]
    assert issue(SHIPPED, gpus=8) is None


@pytest.mark.parametrize(
    ("memory_mib", "fits"),
    [
        (14 * 1024, True),
        (7985, True),
        (int(16 * 1024 * 0.97) - 32, True),
        (15 * 1024 + 600, False),  # the system and the ECS agent need some
        (16 * 1024, False),
    ],
)
def test_an_instance_keeps_some_memory_for_itself(memory_mib: int, fits: bool) -> None:
    assert Size(1, 4, 16).holds(1, 4, memory_mib) is fits


def test_a_family_stands_for_its_types() -> None:
    assert SHIPPED.expand(("g5", "g4dn.xlarge", "g5.xlarge", "optimal")) == (
        "g5.12xlarge", "g5.2xlarge", "g5.xlarge", "g4dn.xlarge",
    )  # fmt: skip


def test_a_type_that_no_list_knows_serves_if_it_has_a_price() -> None:
    prices = PriceList({"g9.xlarge": 2.0})
    assert issue(prices, types=("g9.xlarge", "g9.2xlarge"))


def test_what_was_refreshed_replaces_its_half_of_the_shipped_list() -> None:
    at = "2026-11-23T00:00:00Z"
    read = Refreshed({"g6.xlarge": 0.9}, at, sizes={"g6.xlarge": Size(1, 4, 16)}, sizes_at=at)
    prices = SHIPPED.refreshed(read)
    assert prices.on_demand == {"g6.xlarge": 0.9}
    assert (prices.sizes["g6.xlarge"], prices.sizes["g5.xlarge"]) == (Size(1, 4, 16), Size(1, 4, 16))
    assert (prices.priced_at, prices.spot_priced_at) == ("2026-11-23T00:00:00Z", None)


def test_where_nothing_was_read_the_shipped_half_stays() -> None:
    prices = SHIPPED.refreshed(Refreshed(spot=SPOT, spot_at="2026-11-23T06:00:00Z"))
    assert (prices.on_demand, prices.priced_at) == (ON_DEMAND, PRICES_AS_OF)
    assert (prices.spot, prices.spot_priced_at) == (SPOT, "2026-11-23T06:00:00Z")
    assert SHIPPED.refreshed(Refreshed(spot={}, spot_at="2026-11-23T06:00:00Z")).spot_priced_at is None


def test_the_shipped_list_is_of_the_region_and_knows_the_sizes_of_all() -> None:
    text = (
        "instance_type,gpus,gpu_fraction,gpu_memory_gib,vcpus,memory_gib,region,on_demand_usd_per_hour\n"
        "g5.xlarge,1,1,22.35,4,16,eu-west-1,1.1\ng5.xlarge,1,1,22.35,4,16,us-east-1,1.0\n"
        "g6.xlarge,1,1,22.35,4,16,us-east-1,0.8\ng6f.large,0,0.125,2.79,2,8,,\n"
    )
    prices = read_price_list(text, "eu-west-1")
    assert prices.on_demand == {"g5.xlarge": 1.1}
    assert prices.sizes == {
        "g5.xlarge": Size(1, 4, 16, 22.35),
        "g6.xlarge": Size(1, 4, 16, 22.35),
        "g6f.large": Size(0, 2, 8, 2.79, 0.125),
    }


def test_a_type_with_a_fraction_of_a_gpu_serves_no_run() -> None:
    prices = PriceList({"g6f.large": 0.2}, {"g6f.large": Size(0, 2, 8, 2.79, 0.125)})
    assert not prices.could_serve("g6f.large", 1, 1, 1024)
    assert not prices.could_serve("g6f.large", 0, 1, 1024)


def test_an_offer_has_the_memory_of_a_gpu() -> None:
    prices = PriceList({"g5.xlarge": 1.0}, {"g5.xlarge": Size(1, 4, 16, 22.35)})
    found = issue(prices, types=("g5.xlarge",))
    assert found
    assert [offer.gpu_memory_gib for offer in found.offers] == [22.35]


PRICES = st.floats(0.01, 100)
TYPES = sorted(SIZES)
LISTS = st.builds(
    PriceList,
    on_demand=st.dictionaries(st.sampled_from(TYPES), PRICES),
    sizes=st.just(SIZES),
    spot=st.dictionaries(
        st.sampled_from(TYPES), st.dictionaries(st.sampled_from("abc"), PRICES, min_size=1, max_size=3)
    ),
)
MODES = st.sampled_from(["auto", "only", "never"])
HISTORIES = st.lists(st.integers(0, 10**6), max_size=estimates.HISTORY_KEPT)


@given(LISTS, MODES, st.integers(60, 10**6), HISTORIES)
def test_the_worst_is_never_below_what_is_expected(prices, mode, timeout, history) -> None:
    estimate = issue(prices, mode, types=TYPES, timeout=timeout, history=history)
    if estimate:
        assert estimate.worst_usd >= (estimate.expected_usd or 0) >= 0
        assert (estimate.expected_usd is None) == (not history)


@given(LISTS, MODES, st.integers(60, 10**6), st.integers(0, 1000))
def test_more_time_never_costs_less_at_worst(prices, mode, timeout, longer) -> None:
    estimate = issue(prices, mode, types=TYPES, timeout=timeout)
    larger = issue(prices, mode, types=TYPES, timeout=timeout + longer)
    if estimate and larger:
        assert larger.worst_usd >= estimate.worst_usd


@given(LISTS, MODES, st.lists(st.sampled_from(TYPES), min_size=1), st.sampled_from(TYPES))
def test_another_type_never_makes_the_worst_cheaper_or_the_expected_dearer(
    prices, mode, types, another
) -> None:
    estimate = issue(prices, mode, types=types, history=(600,))
    more = issue(prices, mode, types=[*types, another], history=(600,))
    if estimate:
        assert more
        assert more.worst_usd >= estimate.worst_usd
        assert (more.expected_usd or 0) <= (estimate.expected_usd or 0)


@given(LISTS, MODES, st.floats(0.01, 1000))
def test_what_a_limit_buys_costs_no_more_than_the_limit(prices, mode, usd) -> None:
    found = estimates.eligible_instances(prices, TYPES, gpus=1, vcpus=4, memory_mib=14336, spot=mode)
    if found:
        timeout = int(found.seconds_for(usd))
        assert timeout < 0 or found.estimate(timeout).worst_usd <= usd + 1e-6
