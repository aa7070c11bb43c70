"""The SAM template as CloudFormation, as SAM itself translates it, read from the checkout."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from droptrain_local.clients import REGION, core_session
from droptrain_local.errors import TemplateError

# Stands for the bucket that code is deployed from: the keys below it are paths in the checkout.
_CHECKOUT = "checkout"
_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


@dataclass(frozen=True)
class Template:
    """A translated template; intrinsics are still in it. `parameters` are values, lists already split.

    `defaults` are the parameters' own, as texts; `secret` names those that CloudFormation doesn't tell.
    """

    root: Path
    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()

    def path_of(self, code: Mapping[str, str]) -> Path:
        """The folder that a function's `Code` or a layer's `Content` stands for."""
        return self.root / code["S3Key"]


def find_root() -> Path:
    """The checkout that this package is installed from; TemplateError if it isn't one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "template.yaml").is_file():
        raise TemplateError(
            f"There is no template.yaml in {root}. The laptop cloud runs from a checkout of droptrain: "
            "clone it and run `make up` or `make demo` there."
        )
    return root


def render(root: Path, overrides: Mapping[str, str]) -> Template:
    """Translate `root`/template.yaml with SAM's own translator; TemplateError if SAM refuses it.

    `overrides` replace the defaults of parameters.
    """
    source = yaml_parse((root / "template.yaml").read_text("utf-8"))
    for resource in source["Resources"].values():
        attribute = _CODE.get(resource["Type"])
        if attribute:
            path = resource["Properties"][attribute]
            resource["Properties"][attribute] = f"s3://{_CHECKOUT}/{path}"
    given = source.get("Parameters", {})
    parameters = _parameter_values(given, overrides)
    session = boto3.Session(region_name=REGION, botocore_session=core_session())
    translator = Translator({}, Parser(), boto_session=session)
    try:
        translated = translator.translate(sam_template=source, parameter_values={})
    except InvalidDocumentException as error:
        reasons = "; ".join(str(cause.message) for cause in error.causes)
        raise TemplateError(f"SAM can't translate template.yaml: {reasons}") from error
    return Template(
        root=root,
        parameters=parameters,
        conditions=translated.get("Conditions", {}),
        mappings=translated.get("Mappings", {}),
        resources=translated["Resources"],
        outputs=translated.get("Outputs", {}),
        defaults={name: str(item["Default"]) for name, item in given.items()},
        secret=frozenset(name for name, item in given.items() if item.get("NoEcho")),
    )


def _parameter_values(parameters: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    unknown = set(overrides) - set(parameters)
    if unknown:
        raise TemplateError(f"template.yaml has no parameter {', '.join(sorted(unknown))}.")
    return {name: _value(name, given, overrides) for name, given in parameters.items()}


def _value(name: str, parameter: Mapping[str, Any], overrides: Mapping[str, str]) -> Any:
    if name not in overrides and "Default" not in parameter:
        raise TemplateError(f"Parameter {name} of template.yaml has no default: the laptop cloud needs one.")
    value = str(overrides.get(name, parameter.get("Default")))
    is_list = parameter["Type"] == "CommaDelimitedList" or parameter["Type"].startswith("List<")
    items = [item.strip() for item in value.split(",")] if is_list else [value]
    for item in items:
        _check(name, item, parameter)
    return items if is_list else value


def _check(name: str, value: str, parameter: Mapping[str, Any]) -> None:
    """TemplateError for a value that the parameter doesn't allow, as CloudFormation refuses it."""
    allowed = [str(each) for each in parameter.get("AllowedValues", [value])]
    number = parameter["Type"] == "Number"
    try:
        wrong = (
            value not in allowed
            or not re.fullmatch(parameter.get("AllowedPattern", ".*"), value, re.DOTALL)
            or (number and float(value) < parameter.get("MinValue", float("-inf")))
            or (number and float(value) > parameter.get("MaxValue", float("inf")))
        )
    except ValueError:
        wrong = True
    if wrong:
        why = parameter.get("ConstraintDescription", parameter.get("Description", "").strip())
        raise TemplateError(f"Parameter {name} can't be {value!r}; what it takes: {why}")
