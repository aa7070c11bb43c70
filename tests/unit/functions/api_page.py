"""Writes the tables of calls in docs/api.md from the API's description: `make docs`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from droptrain_cli.command_page import replaced

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "api.md"
DESCRIPTION: dict[str, Any] = json.loads((ROOT / "functions/runs_api/openapi.json").read_text("utf-8"))
_SCHEMAS: Mapping[str, Any] = DESCRIPTION["components"]["schemas"]
# By the beginning of the path.
_GROUPS = {"/runs": "Runs", "/sweeps": "Sweeps", "/projects": "Projects and datasets", "/": "The stack"}
# Each has a table of its own on the page.
_LINKS = {
    "RunView": "[run](#a-run)",
    "SweepView": "[sweep](#a-sweep)",
    "SweepSummaryView": "[sweep](#a-sweep) without `runs`",
    "CurrentModelView": "[model](#models)",
    "PromotedView": "[model](#models)",
}
# The page names these once, for all calls.
_COMMON = {"invalid-request", "malformed-json"}


def renewed(page: str) -> str:
    """The page with its tables of calls anew."""
    return replaced(page, "calls", "\n".join(_tables()))


def _tables() -> Iterator[str]:
    for group in _GROUPS.values():
        yield f"### {group}\n\n| call | takes | answers |\n| --- | --- | --- |"
        for path, methods in sorted(DESCRIPTION["paths"].items()):
            if next(name for start, name in _GROUPS.items() if path.startswith(start)) == group:
                yield from (_row(method, path, operation) for method, operation in methods.items())
        yield ""


def _row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    about = " ".join(f"{operation['summary']}. {operation.get('description', '')}".split())
    takes = "<br>".join([*_parameters(operation), *_body(operation)])
    answers = "<br>".join(_answers(operation["responses"]))
    return f"| `{method.upper()} {path}`<br>{about} | {takes} | {answers} |"


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", []):
        if each["in"] != "path":
            yield _field(each["name"], each["schema"], is_required=each.get("required", False))


def _body(operation: Mapping[str, Any]) -> Iterator[str]:
    if "requestBody" in operation:
        schema = _schema(operation["requestBody"])
        for name, each in schema["properties"].items():
            yield _field(name, each, is_required=name in schema.get("required", ()))


def _field(name: str, schema: Mapping[str, Any], *, is_required: bool) -> str:
    """A parameter, what it means and what it may be."""
    kinds = [schema, *schema.get("anyOf", [])]
    facts = [schema["description"]] if "description" in schema else []
    for kind in kinds:
        if "enum" in kind:
            facts.append(" or ".join(f"`{value}`" for value in kind["enum"]))
        if "minimum" in kind and "maximum" in kind:
            facts.append(f"{kind['minimum']:,.0f} to {kind['maximum']:,.0f}")
    if schema.get("default"):
        facts.append(f"default `{schema['default']}`")
    if is_required:
        facts.append("required")
    return f"`{name}`: {'; '.join(facts)}" if facts else f"`{name}`"


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    known = set(_problems())
    for status, response in responses.items():
        about = response["description"]
        if status < "300":
            yield f"{status}: {about}{_shape(response)}"
        elif status == "304":
            yield f"{status}: {about}"
        elif names := [name for name in about.split(", ") if name in known - _COMMON]:
            yield f"{status}: {', '.join(f'`{name}`' for name in names)}"


def _problems() -> Iterator[str]:
    """Each problem that an operation can answer with."""
    for methods in DESCRIPTION["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                if "application/problem+json" in response.get("content", {}):
                    yield from response["description"].split(", ")


def _shape(response: Mapping[str, Any]) -> str:
    schema = _schema(response)
    if schema.get("title") in _LINKS:
        return f": {_LINKS[schema['title']]}"
    return f": {_properties(schema)}" if schema.get("properties") else ""


def _properties(schema: Mapping[str, Any]) -> str:
    """The names of its fields, and of those of the objects in a list."""
    found = []
    for name, each in schema["properties"].items():
        inner = each.get("items", {}).get("$ref", "").rpartition("/")[2]
        of_each = _LINKS.get(inner) or ", ".join(_SCHEMAS.get(inner, {}).get("properties", ()))
        found.append(f"`{name}` ({of_each})" if of_each else f"`{name}`")
    return ", ".join(found)


def _schema(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a body in JSON."""
    schema: Mapping[str, Any] = holder["content"]["application/json"]["schema"]
    return _SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def fields_of(name: str) -> set[str]:
    """The fields of a schema."""
    return set(_SCHEMAS[name]["properties"])


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
