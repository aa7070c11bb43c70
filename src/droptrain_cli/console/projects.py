"""Projects as the page needs them: what a recipe expects, and a new one from the scaffold."""

import secrets
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import code_prefix, recipe_key

from droptrain.project_folder import check_project_name
from droptrain.published import NotPublishedError, find, published_recipe
from droptrain.stack import Stack
from droptrain_cli.console.answers import ProblemError
from droptrain_cli.init_project import make_folder
from droptrain_cli.push_project import publish_folder


def expected(stack: Stack, project: str) -> dict[str, Any]:
    """What a drop into the project has to hold, and a name for a new dataset; ProblemError 404, 422."""
    check_project_name(project)
    try:
        recipe = published_recipe(Bucket(stack.client("s3"), stack.bucket), project)
    except NotPublishedError as error:
        raise ProblemError(404, "not-found", error.message) from error
    return {
        "project": project,
        "inputs": dict(recipe.inputs),
        "trigger": recipe.trigger,
        "metric": asdict(recipe.metric) if recipe.metric else None,
        "dataset": f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(3)}",
    }


def make(stack: Stack, project: str) -> dict[str, Any]:
    """Publish the scaffold as a new project; ProblemError 409 if there is one of that name."""
    check_project_name(project)
    bucket = Bucket(stack.client("s3"), stack.bucket)
    if bucket.folder(code_prefix(project)) or find(bucket, recipe_key(project)):
        raise ProblemError(409, "exists", f"There is a project {project} already. Choose another name.")
    with tempfile.TemporaryDirectory(prefix="droptrain-") as folder:
        path = Path(folder, project)
        make_folder(project, path)
        publish_folder(stack, project, path)
    return {"project": project}
