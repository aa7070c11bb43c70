"""Requests against botocore's own service model of AWS Batch: which operation, and are its fields right."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.model import OperationModel, ServiceModel, Shape
from botocore.validate import ParamValidator

from droptrain_local.batch.errors import RefusedError, UnknownOperationError
from droptrain_local.clients import core_session

_TAGS_PATH = "/v1/tags/"


@cache
def service_model() -> ServiceModel:
    """botocore's model of AWS Batch, read once."""
    return core_session().get_service_model("batch")


def find_operation(method: str, path: str) -> tuple[OperationModel, dict[str, Any]]:
    """The operation at this method and path, and what the path itself says; UnknownOperationError if none."""
    wanted, params = (method, path), dict[str, Any]()
    if path.startswith(_TAGS_PATH) and path != _TAGS_PATH:
        wanted, params = (method, "/v1/tags/{resourceArn}"), {"resourceArn": unquote(path[len(_TAGS_PATH) :])}
    name = _operations().get(wanted)
    if name is None:
        raise UnknownOperationError(f"AWS Batch has no operation at {method} {path}.")
    return service_model().operation_model(name), params


@cache
def _operations() -> dict[tuple[str, str], str]:
    models = (service_model().operation_model(name) for name in service_model().operation_names)
    return {(model.http["method"], model.http["requestUri"]): model.name for model in models}


def query_params(operation: OperationModel, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """Fields that travel in the query string, as UntagResource's tagKeys do."""
    params: dict[str, Any] = {}
    for name, shape in _members(operation).items():
        key = shape.serialization.get("name", name)
        if shape.serialization.get("location") == "querystring" and key in query:
            params[name] = query[key] if shape.type_name == "list" else query[key][0]
    return params


def check_params(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """RefusedError where types, required fields, unknown fields or enumerated values break the model."""
    if operation.input_shape is None:
        return
    report = ParamValidator().validate(params, operation.input_shape)
    if report.has_errors():
        raise RefusedError(report.generate_report())
    for problem in _wrong_choices(params, operation.input_shape, "Error executing request"):
        raise RefusedError(problem)


def _members(operation: OperationModel) -> Mapping[str, Shape]:
    return operation.input_shape.members if operation.input_shape else {}


def _wrong_choices(value: Any, shape: Any, where: str) -> list[str]:
    """ParamValidator leaves enumerations to the service; retry actions alone are not case sensitive."""
    if shape.type_name == "structure":
        members = shape.members
        return [
            line
            for key, item in value.items()
            for line in _wrong_choices(item, members[key], f"{where}, {key}")
        ]
    if shape.type_name == "list":
        return [line for item in value for line in _wrong_choices(item, shape.member, where)]
    choices = getattr(shape, "enum", None)
    spelled = value.upper() if choices and shape.name == "RetryAction" else value
    return (
        [f"{where}: {value!r} is not one of {', '.join(choices)}."]
        if choices and spelled not in choices
        else []
    )
