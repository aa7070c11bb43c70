"""The template as CloudFormation gets it: translated from SAM, without an account."""

import json
from typing import Any

import pytest
from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from template import template

CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


@pytest.fixture(scope="session")
def translated() -> dict[str, Any]:
    """The translated template."""
    source = json.loads(json.dumps(template()))
    for resource in source["Resources"].values():
        if resource["Type"] in CODE:
            resource["Properties"][CODE[resource["Type"]]] = "s3://packages/code"
    translator = Translator(
        managed_policy_map={}, sam_parser=Parser(), boto_session=Session(region_name="eu-west-1")
    )
    return translator.translate(sam_template=source, parameter_values={})


@pytest.fixture(scope="session")
def of_type(translated: dict[str, Any]) -> Any:
    """A function: the properties of all resources of a CloudFormation type, by logical id."""

    def find(type_: str) -> dict[str, Any]:
        resources = translated["Resources"].items()
        return {name: it.get("Properties", {}) for name, it in resources if it["Type"] == type_}

    return find
