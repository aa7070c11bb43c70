"""A run's time limit, and the budget that runs with the defaults reserve."""

import csv
from pathlib import Path

import pytest
from droptrain_core.domain.costs.estimate import OVERRUN_SECONDS, eligible_instances
from droptrain_core.domain.costs.pricing import PriceList, Size, read_price_list
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import Recipe
from droptrain_core.domain.runs import time_limit
from support.template import template

ROOT = Path(__file__).parents[3]
SHIPPED = (ROOT / "layers/droptrain/python/droptrain_core/data/on_demand_prices.csv").read_text("utf-8")
REGIONS = sorted({row["region"] for row in csv.DictReader(SHIPPED.splitlines()) if row["region"]})
DEFAULTS = {name: each.get("Default") for name, each in template()["Parameters"].items()}
TYPES = DEFAULTS["InstanceTypes"].split(",")
ONE = PriceList({"g5.xlarge": 1.0}, {"g5.xlarge": Size(1, 4, 16)})


def eligible(prices: PriceList, recipe: Recipe, types: list[str]):
    resources = recipe.resources
    return eligible_instances(
        prices, types, gpus=resources.gpus, vcpus=resources.vcpus,
        memory_mib=resources.memory_gib * 1024, spot=recipe.spot,
    )  # fmt: skip


def limit(recipe: Recipe) -> int:
    return time_limit.of_recipe(recipe, eligible(ONE, recipe, ["g5.xlarge"]), ["g5.xlarge"])


@pytest.mark.parametrize("region", REGIONS)
def test_ten_runs_with_the_defaults_fit_the_default_cap_at_the_same_time(region: str) -> None:
    recipe = Recipe()
    found = eligible(read_price_list(SHIPPED, region), recipe, TYPES)
    if found:
        assert 10 * found.estimate(recipe.timeout_seconds).worst_usd <= float(DEFAULTS["MonthlyBudgetUsd"])


def test_most_regions_have_a_price_for_the_defaults() -> None:
    known = [region for region in REGIONS if eligible(read_price_list(SHIPPED, region), Recipe(), TYPES)]
    assert len(known) > len(REGIONS) / 2


def test_the_timeout_is_that_of_the_recipe() -> None:
    assert limit(Recipe()) == 4 * 3600


def test_a_limit_on_cost_shortens_the_timeout_of_the_whole_run_whatever_its_attempts() -> None:
    assert limit(Recipe(max_cost_usd=1.0)) == limit(Recipe(max_cost_usd=1.0, attempts=10))
    assert limit(Recipe(max_cost_usd=1.0)) == 3600 - OVERRUN_SECONDS
    assert limit(Recipe(max_cost_usd=100.0)) == 4 * 3600


def test_a_limit_that_pays_for_less_than_a_minute_is_rejected_with_the_least_sum() -> None:
    with pytest.raises(RejectedError) as rejected:
        limit(Recipe(max_cost_usd=0.05))
    assert "doesn't pay for the shortest training" in rejected.value.cause.message
    assert "0.32" in rejected.value.cause.message
    assert limit(Recipe(max_cost_usd=0.32)) >= 60
