"""Errors as problem documents (RFC 9457): one table from an error's name to its status."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from droptrain.domain.errors import (
    AlreadyFinishedError,
    BadCursorError,
    BusyError,
    DeniedError,
    KeyReusedError,
    NotFoundError,
    NotReadyError,
    RejectedError,
)

STATUSES: Mapping[type[Exception], tuple[int, str]] = {
    BadCursorError: (400, "bad-cursor"),
    NotFoundError: (404, "not-found"),
    AlreadyFinishedError: (409, "already-finished"),
    NotReadyError: (409, "not-ready"),
    KeyReusedError: (422, "idempotency-key-reused"),
    RejectedError: (422, "bad-overrides"),
    DeniedError: (500, "refused-by-aws"),
    BusyError: (503, "busy"),
}


def of_error(error: Exception) -> Response[str]:
    """The problem document of an error in STATUSES."""
    status, name = STATUSES[type(error)]
    headers = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return _document(status, name, str(error), headers=headers)


def of_validation(error: RequestValidationError) -> Response[str]:
    """400 if the body isn't JSON at all, else 422 naming every field that is wrong."""
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        said = found[0].get("ctx", {}).get("error", "it can't be parsed")
        return _document(400, "malformed-json", f"The body isn't JSON: {said}")
    errors = [{"field": ".".join(map(str, each["loc"])), "problem": each["msg"]} for each in found]
    detail = "; ".join(f"{each['field']}: {each['problem']}" for each in errors)
    return _document(422, "invalid-request", detail, errors=errors)


def of_unknown_route(error: Exception) -> Response[str]:
    """404 for a path that this API doesn't have."""
    return _document(404, "no-such-route", "This API has no such path; docs/api.md lists what it has")


def _document(
    status: int, name: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response[str]:
    body = {
        "type": f"urn:droptrain:problem:{name}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(status, "application/problem+json", json.dumps(body), dict(headers or {}))
