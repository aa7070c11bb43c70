"""The HTTP API: launch, list, read and cancel runs."""

import os
import time
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain.aws.run_table import Request
from droptrain.domain.dataset import digest
from droptrain.domain.run import Run, Status
from droptrain.settings import Settings
from droptrain.telemetry import logger, metrics
from droptrain.wiring import Wiring
from models import LaunchRequest, ProjectList, ProjectName, ProjectView, RunList, RunView
from problems import STATUSES, of_error, of_unknown_route, of_validation

KEY_LIVES_SECONDS = 24 * 3600

settings = Settings.from_environment(os.environ)
wiring = Wiring(settings)
launch, query, cancel = wiring.launch(), wiring.query(), wiring.cancel()
app = APIGatewayHttpResolver(enable_validation=True)
app.exception_handler(list(STATUSES))(of_error)
app.exception_handler(RequestValidationError)(of_validation)
app.not_found(of_unknown_route)

RunId = Annotated[str, Path(max_length=100)]
IdempotencyKey = Annotated[str | None, Header(alias="idempotency-key", min_length=1, max_length=255)]


@app.post("/runs")
def launch_run(body: LaunchRequest, idempotency_key: IdempotencyKey = None) -> Response[RunView]:
    """Launch a run, or find the one that these inputs, recipe, code and overrides already have.

    With `from_run`, train the very same bytes as that run did.
    """
    caller = _caller()
    overrides = body.overrides.model_dump(exclude_defaults=True)
    request = None
    if idempotency_key:
        expires_at = int(time.time()) + KEY_LIVES_SECONDS
        request = Request(digest(caller, idempotency_key), digest(body.model_dump_json()), expires_at)
    if body.from_run:
        run, new = launch.repeat(body.from_run, caller=caller, request=request)
    else:
        assert body.project and body.dataset
        run, new = launch.request(
            body.project, body.dataset, caller=caller, rerun=body.rerun, overrides=overrides, request=request
        )
    if new:
        metrics.add_metric("RunsRejected" if run.status == "REJECTED" else "RunsLaunched", "Count", 1)
    return _answer(202 if new else 200, run)


@app.get("/runs")
def list_runs(
    project: Annotated[ProjectName | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> RunList:
    """Runs, newest first."""
    listing = query.runs(project=project, status=status, limit=limit, cursor=cursor)
    views = [RunView.of(run, settings.bucket_name) for run in listing.runs]
    return RunList(runs=views, cursor=listing.cursor)


@app.get("/runs/<run_id>")
def read_run(run_id: RunId) -> Response[RunView]:
    """One run."""
    return _answer(200, query.run(run_id))


@app.post("/runs/<run_id>/cancel")
def cancel_run(run_id: RunId) -> Response[RunView]:
    """End a run in whatever state it is."""
    return _answer(202, cancel.run(run_id, _caller()))


@app.get("/projects")
def list_projects(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> ProjectList:
    """Projects by name, each with its newest run and the datasets that lack files."""
    listing = query.projects(limit=limit, cursor=cursor)
    views = [ProjectView.of(project, settings.bucket_name) for project in listing.projects]
    return ProjectList(projects=views, cursor=listing.cursor)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One HTTP request."""
    # Every body is JSON, whatever a client such as `curl -d` calls it: then a wrong one is told as such.
    event["headers"]["content-type"] = "application/json"
    return app.resolve(event, context)


def _answer(status: int, run: Run) -> Response[RunView]:
    logger.append_keys(run_id=run.run_id)
    logger.info("Answered %s %s with %s", app.current_event.http_method, app.current_event.path, status)
    return Response(status, "application/json", RunView.of(run, settings.bucket_name))


def _caller() -> str:
    arn: str = app.current_event.request_context.authorizer.iam.user_arn
    return arn
