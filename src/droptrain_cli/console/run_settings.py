"""What a run was trained with, beside what its recipe said and what the project's recipe says now."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import ObjectVersion
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.push import Published
from droptrain_core.domain.recipes.recipe import Recipe

from droptrain.api import Api
from droptrain.errors import DroptrainError
from droptrain.published import published_recipe
from droptrain.stack import Stack
from droptrain_cli.compare_runs import plan_of


def settings_of(stack: Stack, run_id: str) -> dict[str, Any]:
    """The hyperparameters of a run, its overrides, and those of its recipe, then and now.

    `recipe` and `published` are null where that recipe is gone or can't be read.
    """
    api = Api(stack)
    try:
        plan = plan_of(stack, api, run_id)
    finally:
        api.close()
    bucket = Bucket(stack.client("s3"), stack.bucket)
    return {
        "hyperparameters": plan.get("hyperparameters", {}),
        "overrides": plan.get("overrides", {}),
        "recipe": _hyperparameters(_recipe_of(bucket, plan)) if plan else None,
        "published": _hyperparameters(_published(bucket, plan["project"])) if plan else None,
    }


def _hyperparameters(recipe: Recipe | None) -> Mapping[str, Any] | None:
    return None if recipe is None else dict(recipe.hyperparameters)


def _recipe_of(bucket: Bucket, plan: Mapping[str, Any]) -> Recipe | None:
    """The version of the recipe that the run pinned."""
    found = plan["recipe"]
    if found is None:
        return Recipe()
    version = ObjectVersion(found["key"], found["version_id"], found["size"], found["etag"])
    file = bucket.recipe(plan["project"], Published(version, ()))
    try:
        return None if file.problem else recipes.parse(file.document)
    except RejectedError:  # a later release takes other recipes
        return None


def _published(bucket: Bucket, project: str) -> Recipe | None:
    try:
        return published_recipe(bucket, project)
    except DroptrainError:  # the project's page says why
        return None
