"""Each service's access-denied answer, with AWS's codes and messages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4
from xml.sax.saxutils import escape

from droptrain_local.permissions.policy import Need

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Services that answer in XML; all others answer in JSON.
_CODES: Mapping[str, str] = {
    "cloudformation": "AccessDenied",
    "ec2": "UnauthorizedOperation",
    "iam": "AccessDenied",
    "s3": "AccessDenied",
    "sns": "AuthorizationError",
    "sts": "AccessDenied",
}


@dataclass(frozen=True)
class AccessDenied:
    """An HTTP answer: `status` is a code and its reason."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def message(arn: str, need: Need) -> str:
    """What AWS says to who may not do something, by any service."""
    return (
        f"User: {arn} is not authorized to perform: {need.action} on resource: {need.resource} "
        f"because no identity-based policy allows the {need.action} action"
    )


def denied(service: str, arn: str, need: Need) -> AccessDenied:
    """What a service answers to a principal that lacks a permission."""
    return _refusal(service, _CODES.get(service, "AccessDeniedException"), message(arn, need))


def wrong_token(service: str) -> AccessDenied:
    """What a service answers to a session's key without the session's token."""
    code = {"s3": "InvalidToken", "ec2": "AuthFailure"}.get(
        service, "InvalidClientTokenId" if service in _CODES else "UnrecognizedClientException"
    )
    return _refusal(service, code, "The security token included in the request is invalid.")


def _refusal(service: str, code: str, text: str) -> AccessDenied:
    request_id = str(uuid4())
    escaped = escape(text)
    if service == "s3":
        error = f"<Code>{code}</Code><Message>{escaped}</Message>"
        body = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
        return AccessDenied("403 Forbidden", [("Content-Type", "application/xml")], (_XML + body).encode())
    if service == "ec2":
        error = f"<Errors><Error><Code>{code}</Code><Message>{escaped}</Message></Error></Errors>"
        body = f"<Response>{error}<RequestID>{request_id}</RequestID></Response>"
        return AccessDenied("403 Forbidden", [("Content-Type", "text/xml")], (_XML + body).encode())
    if service in _CODES:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escaped}</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
        return AccessDenied("403 Forbidden", [("Content-Type", "text/xml")], body.encode())
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", request_id)]
    if service == "sqs":
        headers.append(("x-amzn-query-error", "AccessDenied;Sender"))
    answer = {"__type": f"com.amazon.coral.service#{code}", "message": text, "Message": text}
    return AccessDenied("400 Bad Request", headers, json.dumps(answer).encode())
