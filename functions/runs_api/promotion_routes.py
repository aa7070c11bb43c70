"""A project's models: read them, promote one, go back to the one before."""

from typing import Any

import use_cases
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from dataset_routes import Project
from droptrain_core.domain.runs.promotion import CurrentModel
from problems import documented
from promotion_models import CurrentModelView, ProjectModels, RollbackRequest
from run_routes import Cursor, Limit, RunId, caller

router = APIGatewayHttpRouter()


@router.get(
    "/projects/<project>/models",
    responses=documented({200: (ProjectModels, "The models")}, "bad-cursor", "not-found", "invalid-request"),
)
def read_models(project: Project, limit: Limit = 20, cursor: Cursor = None) -> ProjectModels:
    """Read which runs made a project's current, latest and best model, and every model that was promoted."""
    models = use_cases.read_models().of_project(project, limit=limit, cursor=cursor)
    return ProjectModels.of(models, use_cases.settings.bucket_name)


@router.post(
    "/runs/<run_id>/promote",
    responses=documented(
        {202: (CurrentModelView, "The current model")},
        "not-found", "no-model", "model-changed", "invalid-request", "busy",
    ),
)  # fmt: skip
def promote_run(run_id: RunId) -> Response[CurrentModelView]:
    """Make a run's model its project's current one, whatever the recipe's gate says.

    Of two requests at once one wins; the other one is answered 409 and says which model is current. A copy of
    the model's files follows within seconds, or longer for a large one: then `is_published` is true.
    """
    return _answer(use_cases.promote().by_request(run_id, caller(router.current_event)))


@router.post(
    "/projects/<project>/rollback",
    responses=documented(
        {202: (CurrentModelView, "The current model")},
        "malformed-json", "not-found", "no-model", "no-earlier-model", "model-changed", "invalid-request",
        "busy",
    ),
)  # fmt: skip
def roll_back(project: Project, body: RollbackRequest) -> Response[CurrentModelView]:
    """Make the previous model the current one again; each further call goes back one more."""
    who = caller(router.current_event)
    return _answer(use_cases.promote().rollback(project, who, leaving=body.run_id))


def _answer(model: CurrentModel) -> Response[Any]:
    view = CurrentModelView.of_model(model, use_cases.settings.bucket_name)
    return Response(202, "application/json", view)
