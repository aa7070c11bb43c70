"""Properties of CloudFormation as parameters of AWS's APIs, led by botocore's own service models."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from droptrain_local.clients import core_session
from droptrain_local.errors import TemplateError


@cache
def _service_model(service: str) -> Any:
    return core_session().get_service_model(service)


def to_parameters(
    service: str, operation: str, properties: Mapping[str, Any], *, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Properties in the names and types that an API's operation takes.

    CloudFormation writes names with a capital, and numbers and booleans often as text; `without` names
    properties that the API doesn't have. TemplateError for any other unknown one.
    """
    shape = _service_model(service).operation_model(operation).input_shape
    parameters: dict[str, Any] = _convert(shape, properties, operation, without)
    return parameters


def _convert(shape: Any, value: Any, where: str, without: frozenset[str]) -> Any:
    kind = shape.type_name
    if kind == "structure":
        names = {name[:1].lower() + name[1:]: name for name in shape.members}
        members = {}
        for key, item in value.items():
            if key in without:
                continue
            name = names.get(key[:1].lower() + key[1:])
            if name is None:
                raise TemplateError(
                    f"{where} has no parameter {key}: resources.py has to handle it or leave it out."
                )
            members[name] = _convert(shape.members[name], item, f"{where}.{key}", without)
        return members
    if kind == "list":
        return [_convert(shape.member, item, where, without) for item in value]
    if kind == "map":
        return {key: _convert(shape.value, item, f"{where}.{key}", without) for key, item in value.items()}
    return _convert_scalar(kind, value)


def _convert_scalar(kind: str, value: Any) -> Any:
    if kind in ("integer", "long"):
        return int(value)
    if kind == "boolean":
        return str(value).lower() == "true"
    if kind in ("double", "float"):
        return float(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
