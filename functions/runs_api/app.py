"""The HTTP API: launch, list, read and cancel runs, fetch what they left, drop and delete datasets."""

from typing import Any

import dataset_routes
import description
import http_request
import promotion_routes
import result_routes
import run_routes
import sweep_routes
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.domain.errors import UnreadableError
from droptrain_core.telemetry import logger, metrics
from problems import STATUSES, of_error, of_unknown_route, of_unreadable, of_validation

app = APIGatewayHttpResolver(enable_validation=True)
ROUTES = (run_routes, sweep_routes, result_routes, promotion_routes, dataset_routes, description)
for routes in ROUTES:
    app.include_router(routes.router)
app.exception_handler(list(STATUSES))(of_error)
app.exception_handler(RequestValidationError)(of_validation)


@app.not_found
def answer_unknown_route(error: Exception) -> Any:
    """404 or 405 for what this API doesn't have."""
    del error
    event = app.current_event
    return of_unknown_route(event.http_method, event.path, description.methods_of(event.path))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One HTTP request."""
    try:
        request = http_request.read(event)
    except UnreadableError as error:
        metrics.add_metric("RecordsUnreadable", "Count", 1)
        logger.exception("The request isn't as API Gateway documents it")
        return _as_answer(of_error(error))
    except (ValueError, RecursionError) as error:
        return _as_answer(of_unreadable(error))
    try:
        answer = app.resolve(request, context)
    except RecursionError as error:
        answer = _as_answer(of_unreadable(error))
    logger.info("Answered %s %s with %s", request["requestContext"]["http"]["method"], request["rawPath"],
                answer["statusCode"])  # fmt: skip
    return answer


def _as_answer(problem: Response[str]) -> dict[str, Any]:
    return {"statusCode": problem.status_code, "headers": problem.headers, "body": problem.body}
