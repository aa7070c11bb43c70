"""The HTTP API: launch, list, read and cancel runs, fetch what they left, drop and delete datasets."""

import base64
import re
from typing import Any

import dataset_routes
import description
import result_routes
import run_routes
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain.telemetry import logger, metrics
from problems import STATUSES, of_error, of_unknown_route, of_unreadable, of_validation

# Python reads whole numbers of up to 4300 digits (sys.set_int_max_str_digits); no field takes such texts.
_ENDLESS_NUMBER = re.compile(r"[0-9]{4301}")

app = APIGatewayHttpResolver(enable_validation=True)
ROUTES = (run_routes, result_routes, dataset_routes, description)
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
        answer = app.resolve(_with_json(event), context)
    except (OverflowError, RecursionError, UnicodeDecodeError) as error:
        problem = of_unreadable(error)
        answer = {"statusCode": problem.status_code, "headers": problem.headers, "body": problem.body}
    logger.info("Answered %s %s with %s", event["requestContext"]["http"]["method"], event["rawPath"],
                answer["statusCode"])  # fmt: skip
    return answer


def _with_json(event: dict[str, Any]) -> dict[str, Any]:
    """The event with a JSON text as its body; UnicodeDecodeError if it is none, OverflowError for a number
    that Python doesn't read.

    Every body is JSON, whatever a client such as `curl -d` calls it: then a wrong one is told as such. What
    isn't called a text, API Gateway hands over in base64.
    """
    if event.get("isBase64Encoded"):
        event |= {"body": base64.b64decode(event["body"]).decode(), "isBase64Encoded": False}
    if _ENDLESS_NUMBER.search(event.get("body") or ""):
        raise OverflowError
    event["headers"]["content-type"] = "application/json"
    return event
