"""A run's time limit: the recipe's `timeout`, or less if `max_cost_usd` doesn't pay for it."""

import math
from collections.abc import Sequence

from droptrain_core.domain.costs.estimate import OVERRUN_SECONDS, SHORTEST_SECONDS, EligibleInstances
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import Recipe, bad_recipe


def of_recipe(recipe: Recipe, eligible: EligibleInstances | None, instance_types: Sequence[str]) -> int:
    """The training time of a run in seconds; RejectedError if `max_cost_usd` can't be kept."""
    if recipe.max_cost_usd is None:
        return recipe.timeout_seconds
    if eligible is None:
        raise RejectedError(
            bad_recipe(
                "max_cost_usd can't be kept: none of the stack's instance types with a price has room for "
                f"the recipe's resources: {', '.join(instance_types)}"
            )
        )
    seconds = int(min(recipe.timeout_seconds, eligible.seconds_for(recipe.max_cost_usd)))
    if seconds < SHORTEST_SECONDS:
        least = math.ceil(eligible.dearest.usd(SHORTEST_SECONDS + OVERRUN_SECONDS) * 100) / 100
        raise RejectedError(
            bad_recipe(
                f"max_cost_usd: {recipe.max_cost_usd} doesn't pay for the shortest training of "
                f"{eligible.dearest.of_what}, which costs up to ${least:.2f}"
            )
        )
    return seconds
