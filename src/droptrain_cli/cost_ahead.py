"""What a run can cost at most, before it is launched."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.costs.estimate import OVERRUN_SECONDS, EligibleInstances, eligible_instances
from droptrain_core.domain.costs.pricing import PRICES_AS_OF
from droptrain_core.domain.recipes.recipe import Recipe, Resources
from droptrain_core.domain.runs import time_limit
from droptrain_core.shipped_prices import shipped_prices

from droptrain import formatting
from droptrain.api import Api
from droptrain.errors import ApiError, UnreachableError
from droptrain.stack import Stack

# Without a stack, the template's defaults and a region count.
DEFAULT_TYPES = ("g4dn.xlarge", "g4dn.2xlarge", "g5.xlarge", "g5.2xlarge")
DEFAULT_CPU_TYPES = (
    "m6i.xlarge", "m7i.xlarge", "c6i.2xlarge", "c7i.2xlarge", "m6i.2xlarge", "m7i.2xlarge", "m6i.4xlarge",
    "m7i.4xlarge",
)  # fmt: skip
REGION = "us-east-1"


def in_stack(stack: Stack, project: str, dataset: str | None = None) -> str:
    """What a run of the published project can cost in this stack now, or why it would be rejected."""
    body = {"project": project, "dry_run": True} | ({"dataset": dataset} if dataset else {})
    try:
        run = Api(stack).post("/runs", body).body  # not worth the wait of a repeat
    except (ApiError, UnreachableError) as error:
        return f"What a run can cost is unknown: {error}"
    return _words(run, is_laptop=stack.is_laptop)


def anywhere(recipe: Recipe) -> str | None:
    """What a run with the recipe can cost with the shipped prices; None if no default type fits it.

    RejectedError if its `max_cost_usd` doesn't pay for any training there.
    """
    training, prepare = _eligible(recipe.resources, recipe.spot), recipe.prepare
    step = _eligible(prepare.resources, recipe.spot) if prepare else None
    if training is None or (prepare and step is None):
        return None
    step_usd = step.worst_usd(prepare.timeout_seconds) if step and prepare else 0.0
    seconds = time_limit.of_recipe(recipe, training, _types(recipe.resources), step_usd)
    worst = formatting.dollars(training.worst_usd(seconds) + step_usd)
    time = f"{formatting.duration(seconds)} of training and {OVERRUN_SECONDS // 60} min until it is ended"
    more = f", and {formatting.dollars(step_usd)} for the preparation step" if step_usd else ""
    return (
        f"A run can cost at most {worst}: {time}, of {training.dearest.of_what} in {REGION}{more}, by prices "
        f"of {PRICES_AS_OF}. `droptrain push` shows your stack's figure."
    )


def _types(asked: Resources) -> tuple[str, ...]:
    return DEFAULT_TYPES if asked.gpus else DEFAULT_CPU_TYPES


def _eligible(asked: Resources, spot: str) -> EligibleInstances | None:
    return eligible_instances(
        shipped_prices(REGION), _types(asked), gpus=asked.gpus, vcpus=asked.vcpus,
        memory_mib=asked.memory_gib * 1024, spot=spot,
    )  # fmt: skip


def _words(run: Mapping[str, Any], *, is_laptop: bool) -> str:
    words = []
    if estimate := run["estimate"]:
        here = " on AWS, and nothing here" if is_laptop else ""
        words.append(f"A run can cost at most {formatting.dollars(estimate['worst_usd'])}{here}.")
    if run["status"] == "REJECTED":
        found = formatting.cause(run["cause"])
        words.append(f"It would be rejected now: {found.message.rstrip('.')}. {found.fix}")
    return " ".join(words) or "What a run can cost is unknown: its instance types have no price."
