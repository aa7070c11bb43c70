"""Reads who calls AWS and what for from an HTTP request, by botocore's models of the services."""

import functools
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from droptrain_local.clients import core_session

Parameters = dict[str, Any]
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/[^/,\s]+/([^/,\s]+)/aws4_request")
_OLD_CREDENTIAL = re.compile(r"^AWS ([^:\s]+):")
# Far above what AWS takes of the operations whose body names resources.
_LONGEST_BODY = 1 << 24


@dataclass(frozen=True)
class Signer:
    """Who signed a request, and for which service (its name in a signature, such as s3)."""

    access_key: str
    token: str | None
    service: str


@dataclass(frozen=True)
class AwsRequest:
    """An HTTP request: `path` is decoded, names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    host: str = ""
    body: IO[bytes] = field(default_factory=io.BytesIO)

    @property
    def signer(self) -> Signer | None:
        """Whose signature a request carries, in a header or in its query; None if it carries none."""
        given = self.headers.get("authorization", f"Credential={self.query.get('X-Amz-Credential', '')}")
        named = _CREDENTIAL.search(given)
        if named:
            token = self.headers.get("x-amz-security-token", self.query.get("X-Amz-Security-Token"))
            return Signer(named[1], token, named[2])
        # Version 2, which S3 still takes, and which botocore presigns with unless told otherwise.
        old = _OLD_CREDENTIAL.search(given)
        key = old[1] if old else self.query.get("AWSAccessKeyId")
        if key:
            token = self.headers.get("x-amz-security-token", self.query.get("x-amz-security-token"))
            return Signer(key, token, "s3")
        return None


def operation_of(service: str, request: AwsRequest) -> tuple[str, Parameters]:
    """The operation that a request asks for, and its parameters as boto3 names them.

    Of S3's parameters those that name buckets, keys and versions, of EC2's protocol and Lambda's the action
    alone.
    """
    target = request.headers.get("x-amz-target", "")
    if target:
        return target.rpartition(".")[2], json.loads(_read(request.body) or b"{}")
    if service == "s3":
        return _s3_operation(request)
    if service == "lambda":
        return _rest_operation(service, request)[0], {}
    if service == "scheduler":
        operation, named = _rest_operation(service, request)
        given = {name[:1].upper() + name[1:]: value for name, value in request.query.items()}
        return operation, {**given, **json.loads(_read(request.body) or b"{}"), **named}
    form = dict(parse_qsl(_read(request.body).decode("utf-8", "replace"))) or dict(request.query)
    return form.get("Action", ""), form


def _read(body: IO[bytes]) -> bytes:
    text = body.read(_LONGEST_BODY)
    body.seek(0)
    return text


@dataclass(frozen=True)
class _Route:
    """How a request for an operation of S3 looks: what its path, query and headers must have."""

    operation: str
    method: str
    names: tuple[str, ...]
    query: Mapping[str, str]
    required: frozenset[str]
    located: Mapping[str, tuple[str, str]]

    def takes(self, request: AwsRequest, names: int) -> bool:
        if request.method != self.method or names != len(self.names):
            return False
        given = request.query.keys() | request.headers.keys()
        literal = all(request.query.get(name) == value for name, value in self.query.items())
        return literal and self.required <= given

    @property
    def precision(self) -> tuple[int, bool]:
        return len(self.query) + len(self.required), self.operation != "ListDirectoryBuckets"


@functools.cache
def _s3_routes() -> list[_Route]:
    model: Any = core_session().get_service_model("s3")
    routes = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        shape = operation.input_shape
        members = shape.members if shape else {}
        located = {
            member: (it.serialization["location"], it.serialization["name"])
            for member, it in members.items()
            if it.serialization.get("location") in ("querystring", "header")
        }
        required = {
            located[member][1] for member in (shape.required_members if shape else ()) if member in located
        }
        routes.append(
            _Route(
                name,
                operation.http["method"],
                tuple(re.findall(r"\{(\w+)\+?\}", path)),
                dict(parse_qsl(query, keep_blank_values=True)),
                frozenset(required),
                located,
            )
        )
    return sorted(routes, key=lambda route: route.precision, reverse=True)


def _s3_operation(request: AwsRequest) -> tuple[str, Parameters]:
    """CopyObject, say, for a PUT with a source: of the routes that take a request, the one that says most."""
    path = request.path.lstrip("/")
    subdomain = re.fullmatch(r"(.+)\.localhost(?::\d+)?", request.host)
    if subdomain:
        path = f"{subdomain[1]}/{path}"
    parts = [part for part in path.split("/", 1) if part]
    for route in _s3_routes():
        if route.takes(request, len(parts)):
            parameters: Parameters = dict(zip(route.names, parts, strict=True))
            for member, (location, name) in route.located.items():
                given = request.query if location == "querystring" else request.headers
                if name.lower() in given or name in given:
                    parameters[member] = given.get(name, given.get(name.lower()))
            if route.operation == "DeleteObjects":
                parameters["Delete"] = {"Objects": _objects(_read(request.body))}
            return route.operation, parameters
    return "", {}


def _rest_operation(service: str, request: AwsRequest) -> tuple[str, dict[str, str]]:
    """The operation of a method and a path, and the parameters in the path."""
    model: Any = core_session().get_service_model(service)
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", http["requestUri"].partition("?")[0])
        match = re.fullmatch(path, request.path)
        if match and request.method == http["method"]:
            return str(name), match.groupdict()
    return "", {}


def _objects(body: bytes) -> list[dict[str, str]]:
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  a program of this machine sends it; moto reads it too
    except ElementTree.ParseError:
        return []
    found = [element for element in root if element.tag.rpartition("}")[2] == "Object"]
    return [{child.tag.rpartition("}")[2]: child.text or "" for child in element} for element in found]
