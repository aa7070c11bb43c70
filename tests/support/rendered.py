"""The template as a deployment makes it: translated by SAM, with parameters and region filled in."""

import copy
import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.arn_generator import ArnGenerator
from samtranslator.translator.translator import Translator
from support.template import template

_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
_PLACEHOLDER = re.compile(r"\$\{([^!][^}]*)\}")
_NO_VALUE = object()
# It misses that anybody publishes its own metrics, as SAM's command does.
logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)
ACCOUNT = "123456789012"
STACK = "droptrain-research"


def translated(region: str = "eu-west-1") -> dict[str, Any]:
    """The template as SAM hands it to CloudFormation; conditions and references are still in it."""
    return copy.deepcopy(_translated(region))


@cache
def _translated(region: str) -> dict[str, Any]:
    source = copy.deepcopy(template())
    for resource in source["Resources"].values():
        if resource["Type"] in _CODE:
            resource["Properties"][_CODE[resource["Type"]]] = "s3://packages/code"
    session = Session(region_name=region)
    translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=session)
    plain: dict[str, Any] = translator.translate(sam_template=source, parameter_values={})
    return plain


def rendered(region: str = "eu-west-1", **parameters: Any) -> dict[str, Any]:
    """What CloudFormation makes of it: only references to other resources, and the region's zones, are left.

    `parameters` replace defaults; an unknown one is a KeyError.
    """
    plain = translated(region)
    declared = plain.pop("Parameters")
    if unknown := parameters.keys() - declared.keys():
        raise KeyError(*unknown)
    values = {name: parameters.get(name, it["Default"]) for name, it in declared.items()}
    lists = {name for name, it in declared.items() if it["Type"] == "CommaDelimitedList"}
    values = {name: value.split(",") if name in lists else str(value) for name, value in values.items()}
    fill = _Fill(values | _pseudo_parameters(region), plain.pop("Conditions"), plain.pop("Mappings"))
    for section in ("Rules", "Metadata"):
        plain.pop(section, None)
    for section in ("Resources", "Outputs"):
        plain[section] = {
            name: {key: fill(value) for key, value in item.items() if key != "Condition"}
            for name, item in plain[section].items()
            if "Condition" not in item or fill.holds(item["Condition"])
        }
    return plain


def strings(node: Any) -> Iterator[str]:
    """Every string in a value, keys of mappings among them."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield key
            yield from strings(value)
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)


def _pseudo_parameters(region: str) -> dict[str, Any]:
    partition = ArnGenerator.get_partition_name(region)
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::NoValue": _NO_VALUE,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": f"arn:{partition}:cloudformation:{region}:{ACCOUNT}:stack/{STACK}/5a1c",
        "AWS::StackName": STACK,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }


class _Fill:
    """Computes what doesn't hang on a resource."""

    def __init__(self, values: Mapping[str, Any], conditions: Any, mappings: Any) -> None:
        self._values, self._conditions, self._mappings = values, conditions, mappings
        self._functions = {
            "Ref": lambda name: values.get(name, {"Ref": name}),
            "Condition": self.holds,
            "Fn::And": lambda args: all(self(arg) for arg in args),
            "Fn::Equals": lambda args: str(self(args[0])) == str(self(args[1])),
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": lambda args: self(args[1] if self.holds(args[0]) else args[2]),
            "Fn::Join": self._join,
            "Fn::Not": lambda args: not self(args[0]),
            "Fn::Or": lambda args: any(self(arg) for arg in args),
            "Fn::Split": self._split,
            "Fn::Sub": self._sub,
        }

    def __call__(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for item in node if (value := self(item)) is not _NO_VALUE]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in self._functions and (name != "Condition" or isinstance(argument, str)):
                return self._functions[name](argument)
        filled = {key: self(value) for key, value in node.items()}
        return {key: value for key, value in filled.items() if value is not _NO_VALUE}

    def holds(self, condition: str) -> bool:
        return bool(self(self._conditions[condition]))

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = self(argument)
        return self._mappings[name][first][second]

    def _join(self, argument: list[Any]) -> Any:
        between, items = argument[0], self(argument[1])
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return between.join(items)
        return {"Fn::Join": [between, items]}

    def _split(self, argument: list[Any]) -> Any:
        at, text = argument[0], self(argument[1])
        return text.split(at) if isinstance(text, str) else {"Fn::Split": [at, text]}

    def _sub(self, argument: Any) -> Any:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        local = {name: self(value) for name, value in given.items()}
        known = {**self._values, **local}

        def value(match: re.Match[str]) -> str:
            found = known.get(match[1].strip())
            return found if isinstance(found, str) else match[0]

        text = _PLACEHOLDER.sub(value, text)
        if not _PLACEHOLDER.search(text):
            return text.replace("${!", "${")
        left = {name: it for name, it in local.items() if not isinstance(it, str)}
        return {"Fn::Sub": [text, left] if left else text}
