"""The API's description in OpenAPI 3.1: made from the routes, committed, served as it was committed."""

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

FILE = Path(__file__).with_name("openapi.json")
_METHODS = ("get", "post", "put", "delete", "patch")
# What API Gateway itself answers.
_GATEWAY = {
    "403": "The request isn't signed, or its caller isn't allowed to send it",
    "413": "The request is too large",
    "429": "Too many requests",
    "500": "An internal error, which is logged and raises an alarm",
    "503": "An internal error, or the function took too long",
}

router = APIGatewayHttpRouter()


@router.get("/openapi.json")
def read_description() -> Response[Any]:
    """Read this description."""
    return Response(200, "application/json", FILE.read_text("utf-8"))


def methods_of(path: str) -> list[str]:
    """The methods that a path takes; none if the API doesn't have it."""
    found = next((methods for pattern, methods in _routes() if pattern.fullmatch(path)), [])
    return [method.upper() for method in found]


def describe(app: APIGatewayHttpResolver, modules: Iterable[ModuleType]) -> dict[str, Any]:
    """The description of what `app` serves by the functions of `modules`, whose docstrings explain them."""
    texts = {
        name: inspect.cleandoc(value.__doc__ or "")
        for module in modules
        for name, value in vars(module).items()
        if inspect.isfunction(value)
    }
    found: dict[str, Any] = json.loads(
        app.get_openapi_json_schema(
            title="droptrain",
            version="1",
            description="Drop CSVs into a bucket, get a trained model back: runs, what they left, datasets.",
        )
    )
    found["info"]["license"] = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
    for methods in found["paths"].values():
        for operation in methods.values():
            _tidy(operation, texts)
    schemas = found["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(unused, None)
    schemas["Message"] = {
        "type": "object",
        "properties": {"message": {"type": "string"}},
        "required": ["message"],
        "description": "What API Gateway itself answers",
    }
    found["components"]["securitySchemes"] = {
        "sigv4": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "description": "AWS Signature Version 4, service execute-api",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
    }
    found["security"] = [{"sigv4": []}]
    return found


def _tidy(operation: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Name it as its function, add what API Gateway answers, leave out what can't be."""
    name = max((name for name in texts if operation["operationId"].startswith(name)), key=len)
    summary, _, more = texts[name].partition("\n\n")
    operation |= {"operationId": name, "summary": summary.rstrip(".")}
    if more:
        operation["description"] = more
    for parameter in operation.get("parameters", []):
        kinds = parameter["schema"].pop("anyOf", None)
        if kinds:
            parameter["schema"] |= next(kind for kind in kinds if kind != {"type": "null"})
    answers = operation["responses"]
    answers.get("304", {}).pop("content", None)
    if "HTTPValidationError" in json.dumps(answers.get("422", {})):
        del answers["422"]
    for status, what in _GATEWAY.items():
        known = answers.setdefault(status, {"description": what, "content": {}})
        known["content"]["application/json"] = {"schema": {"$ref": "#/components/schemas/Message"}}
    operation["responses"] = dict(sorted(answers.items()))


@cache
def _routes() -> list[tuple[re.Pattern[str], list[str]]]:
    paths = json.loads(FILE.read_text("utf-8"))["paths"]
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), [each for each in methods if each in _METHODS])
        for path, methods in sorted(paths.items(), key=lambda item: item[0].count("{"))
    ]
