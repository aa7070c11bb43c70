"""The template as data, so that tests can't drift from what is deployed."""

from functools import cache
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parents[2]


@cache
def template() -> dict[str, Any]:
    """`template.yaml`, intrinsics as mappings such as {"Ref": name}."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    return parsed


def properties(logical_id: str) -> dict[str, Any]:
    """The properties of one resource."""
    found: dict[str, Any] = template()["Resources"][logical_id]["Properties"]
    return found


def table_definition(name: str) -> dict[str, Any]:
    """What CreateTable takes to make the template's table under `name`."""
    table = properties("RunsTable")
    same = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    stream = {"StreamEnabled": True, **table["StreamSpecification"]}
    return {"TableName": name, "StreamSpecification": stream, **{key: table[key] for key in same}}
