"""A request as API Gateway hands it over (payload 2.0): what the routes need of it, as it is documented."""

import base64
import binascii
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from droptrain_core.domain import event_field
from droptrain_core.domain.errors import UnreadableError

# API Gateway's limit for the request line and all headers together.
_MAX_BYTES = 10_240


def read(event: object) -> dict[str, Any]:
    """The event that the routes get: nothing of it can surprise them, and its body is a JSON text.

    UnreadableError if the event isn't as documented; ValueError or RecursionError if the body can't be read.
    Every body is read as JSON, for any Content-Type of clients such as `curl -d`, so that a wrong one gets
    the right problem. API Gateway sends a body that isn't a text type in base64.
    """
    called = event_field.text(event, "requestContext", "authorizer", "iam", "userArn", most=_MAX_BYTES)
    return {
        "version": "2.0",
        "rawPath": event_field.text(event, "rawPath", most=_MAX_BYTES),
        "headers": {**_texts(event, "headers"), "content-type": "application/json"},
        "queryStringParameters": _texts(event, "queryStringParameters", needed=False),
        "requestContext": {
            "authorizer": {"iam": {"userArn": called}},
            "http": {"method": event_field.text(event, "requestContext", "http", "method")},
            "stage": event_field.text(event, "requestContext", "stage"),
        },
        "body": _body(event_field.mapping(event)),
        "isBase64Encoded": False,
    }


def _body(event: Mapping[str, Any]) -> str | None:
    body = event.get("body")
    if body is None:
        return None
    if not isinstance(body, str):
        raise UnreadableError("the event's body is no text")
    if event.get("isBase64Encoded") is True:
        try:
            body = base64.b64decode(body, validate=True).decode()
        except binascii.Error as error:
            raise UnreadableError("the event's body is no base64") from error
    # The routes would stumble over what Python can't read though it is JSON: a number of 5,000 digits.
    with suppress(json.JSONDecodeError):
        json.loads(body)
    return body


def _texts(event: object, name: str, *, needed: bool = True) -> dict[str, str]:
    """Texts by name; none where the event has none and needs none."""
    found = event_field.mapping(event).get(name)
    if found is None and not needed:
        return {}
    texts = event_field.mapping(event, name)
    if not all(isinstance(value, str) for value in texts.values()):
        raise UnreadableError(f"the event's {name} aren't all texts")
    return dict(texts)
