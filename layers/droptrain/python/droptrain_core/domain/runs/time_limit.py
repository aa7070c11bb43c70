"""A run's time limit: the recipe's `timeout`, or less if `max_cost_usd` doesn't pay for it."""

import math
from collections.abc import Sequence

from droptrain_core.domain.costs.estimate import SHORTEST_SECONDS, EligibleInstances
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes.recipe import Recipe, bad_recipe


def of_recipe(
    recipe: Recipe,
    eligible: EligibleInstances | None,
    instance_types: Sequence[str],
    prepare_worst_usd: float = 0.0,
) -> int:
    """The training time of a run in seconds; RejectedError if `max_cost_usd` can't be kept.

    Its preparation step can cost up to `prepare_worst_usd`.
    """
    if recipe.max_cost_usd is None:
        return recipe.timeout_seconds
    if eligible is None:
        raise RejectedError(
            bad_recipe(
                "max_cost_usd can't be kept: none of the stack's instance types with a price has room for "
                f"the recipe's resources: {', '.join(instance_types)}"
            )
        )
    usd = recipe.max_cost_usd - prepare_worst_usd
    seconds = int(min(recipe.timeout_seconds, eligible.seconds_for(usd)))
    if seconds < SHORTEST_SECONDS:
        least = math.ceil((eligible.worst_usd(SHORTEST_SECONDS) + prepare_worst_usd) * 100) / 100
        step = "the preparation step and " if prepare_worst_usd else ""
        raise RejectedError(
            bad_recipe(
                f"max_cost_usd: {recipe.max_cost_usd} doesn't pay for {step}the shortest training of "
                f"{eligible.dearest.of_what}, which costs up to ${least:.2f}"
            )
        )
    return seconds
