"""Errors as problem documents (RFC 9457): one table from an error's name to its status."""

import json
import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from droptrain_core.domain.errors import (
    AlreadyFinishedError,
    BadCursorError,
    BusyError,
    ChangedPlanError,
    CrowdedError,
    DeniedError,
    InUseError,
    KeyReusedError,
    ModelChangedError,
    NewerRecordError,
    NoEarlierModelError,
    NoModelError,
    NotFoundError,
    NotReadyError,
    PausedError,
    RejectedError,
    SweepRefusedError,
    UnreadableError,
)
from pydantic import BaseModel

STATUSES: Mapping[type[Exception], tuple[int, str]] = {
    BadCursorError: (400, "bad-cursor"),
    UnreadableError: (400, "unreadable-request"),
    NotFoundError: (404, "not-found"),
    AlreadyFinishedError: (409, "already-finished"),
    NotReadyError: (409, "not-ready"),
    CrowdedError: (409, "not-ready"),
    ChangedPlanError: (409, "changed-plan"),
    InUseError: (409, "in-use"),
    NoModelError: (409, "no-model"),
    NoEarlierModelError: (409, "no-earlier-model"),
    ModelChangedError: (409, "model-changed"),
    KeyReusedError: (422, "idempotency-key-reused"),
    RejectedError: (422, "bad-overrides"),
    SweepRefusedError: (422, "sweep-refused"),
    DeniedError: (500, "refused-by-aws"),
    NewerRecordError: (500, "newer-record"),
    PausedError: (503, "paused"),
    BusyError: (503, "busy"),
}
_MOST_ERRORS = 20
_MOST_CHARACTERS = 500
_OTHER_STATUSES = {"malformed-json": 400, "invalid-request": 422}


class WrongField(BaseModel):
    """A field of a request, and what is wrong with it."""

    field: str
    problem: str


class Problem(BaseModel):
    """What went wrong (RFC 9457); `type` is stable, `detail` is for people, `errors` names wrong fields."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] | None = None


def documented(answers: Mapping[int, tuple[type[BaseModel], str]], *problems: str) -> dict[int, Any]:
    """What a route answers, in Powertools' words: models with what they stand for, and problems by name."""
    found: dict[int, Any] = {
        status: {"description": what, "content": {"application/json": {"model": model}}}
        for status, (model, what) in answers.items()
    }
    statuses = {name: status for status, name in STATUSES.values()} | _OTHER_STATUSES
    for name in problems:
        known = found.setdefault(
            statuses[name],
            {"description": "", "content": {"application/problem+json": {"model": Problem}}},
        )
        known["description"] = ", ".join(filter(None, [known["description"], name]))
    return found


def of_error(error: Exception) -> Response[str]:
    """The problem document of an error in STATUSES."""
    status, name = STATUSES[type(error)]
    headers = {"Retry-After": "1"} if name == "busy" else {}
    return _document(status, name, str(error), headers=headers)


def of_validation(error: RequestValidationError) -> Response[str]:
    """400 if the body isn't JSON at all, else 422 naming the fields that are wrong, the first of many."""
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        reason = found[0].get("ctx", {}).get("error", "it can't be parsed")
        return _document(400, "malformed-json", f"The body isn't JSON: {reason}")
    errors = [
        {"field": _short(".".join(map(str, each["loc"]))), "problem": _short(_words(each))}
        for each in found[:_MOST_ERRORS]
    ]
    detail = "; ".join(f"{each['field']}: {each['problem']}" for each in errors)
    if len(found) > _MOST_ERRORS:
        detail += f"; and {len(found) - _MOST_ERRORS} more"
    return _document(422, "invalid-request", detail, errors=errors)


def _words(error: Mapping[str, Any]) -> str:
    """What is wrong, without pydantic's own terms."""
    text: str = error["msg"]
    match error["type"]:
        case "value_error":
            return text.partition(", ")[2]
        case "missing":
            return "it is needed"
        case "extra_forbidden":
            return "there is no such field"
        case "string_pattern_mismatch":
            return f"it has to match {error['ctx']['pattern']}"
    return re.sub(r"^\w+ should ", "it has to ", f"{text[0].lower()}{text[1:]}")


def _short(text: str) -> str:
    return text[:_MOST_CHARACTERS]


def of_unreadable(error: Exception) -> Response[str]:
    """400 for a body that isn't even read as JSON."""
    why = "a number in it has too many digits"
    if isinstance(error, RecursionError):
        why = "it is nested too deeply"
    elif isinstance(error, UnicodeDecodeError):
        why = "it isn't text in UTF-8"
    return _document(400, "malformed-json", f"The body isn't JSON: {why}")


def of_unknown_route(method: str, path: str, methods: Collection[str]) -> Response[str]:
    """404 for a path that takes no `methods`, 405 for another one, 422 for names that nothing can have."""
    if not methods:
        return _document(404, "no-such-route", f"This API has no {path}; GET /openapi.json lists its routes")
    if method in methods:
        return _document(422, "invalid-request", "path: it has characters that no name has")
    allowed = ", ".join(methods)
    return _document(
        405, "no-such-method", f"{path} takes {allowed}, not {method}", headers={"Allow": allowed}
    )


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
