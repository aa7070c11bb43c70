"""CloudFormation's intrinsic functions, computed against what was made so far."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from droptrain_local.clients import ACCOUNT, REGION
from droptrain_local.errors import TemplateError

# AWS::NoValue: the property or list item is as if it weren't there.
_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{([^!][^}]*)\}")
_ZONES = [f"{REGION}{letter}" for letter in "abc"]


def pseudo_parameters(stack_name: str) -> dict[str, Any]:
    """The values of AWS::Region and its like."""
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::NoValue": _NO_VALUE,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack_name}/laptop",
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }


class Intrinsics:
    """Resolves intrinsic functions in a value of the template.

    `values` answers Ref by name, `attribute` answers Fn::GetAtt (logical id, attribute's name).
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        attribute: Callable[[str, str], Any],
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
    ) -> None:
        self._values = values
        self._attribute = attribute
        self._conditions = conditions
        self._mappings = mappings
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::And": lambda args: all(self.resolve(item) for item in args),
            "Fn::Base64": lambda arg: base64.b64encode(self.resolve(arg).encode()).decode(),
            "Fn::Equals": lambda args: self.resolve(args[0]) == self.resolve(args[1]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAZs": lambda _: _ZONES,
            "Fn::GetAtt": self._get_att,
            "Fn::If": lambda args: self.resolve(args[1] if self.condition(args[0]) else args[2]),
            "Fn::Join": lambda args: args[0].join(str(item) for item in self.resolve(args[1])),
            "Fn::Not": lambda args: not self.resolve(args[0]),
            "Fn::Or": lambda args: any(self.resolve(item) for item in args),
            "Fn::Select": lambda args: self.resolve(args[1])[int(self.resolve(args[0]))],
            "Fn::Split": lambda args: self.resolve(args[1]).split(args[0]),
            "Fn::Sub": self._sub,
        }

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds; TemplateError if there is none of that name."""
        if name not in self._conditions:
            raise TemplateError(f"template.yaml has no condition {name}.")
        return bool(self.resolve(self._conditions[name]))

    def resolve(self, node: Any) -> Any:
        """The value with every intrinsic function in it computed; TemplateError for an unknown one."""
        if isinstance(node, list):
            return [value for item in node if (value := self.resolve(item)) is not _NO_VALUE]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in self._functions and (name != "Condition" or isinstance(argument, str)):
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise TemplateError(f"The laptop cloud doesn't know {name}: add it to intrinsics.py.")
        resolved = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name not in self._values:
            raise TemplateError(f"template.yaml refers to {name}, which isn't there.")
        return self._values[name]

    def _get_att(self, argument: Any) -> Any:
        logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._attribute(logical_id, self.resolve(attribute))

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = (self.resolve(item) for item in argument)
        return self._mappings[name][first][second]

    def _sub(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        local = self.resolve(given) if given else {}

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in local:
                return str(local[name])
            return str(self._get_att(name) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(value, text).replace("${!", "${")


def references(node: Any) -> set[str]:
    """The names that a value's Ref, Fn::GetAtt and Fn::Sub refer to: logical ids and parameters."""
    if isinstance(node, list):
        return set().union(*(references(item) for item in node))
    if not isinstance(node, Mapping):
        return set()
    found = set().union(*(references(value) for value in node.values()))
    for name, argument in node.items():
        if name in ("Ref", "Fn::GetAtt"):
            target = argument if isinstance(argument, str) else argument[0]
            found.add(target.split(".")[0])
        elif name == "Fn::Sub":
            text = argument if isinstance(argument, str) else argument[0]
            found |= {match.strip().split(".")[0] for match in _PLACEHOLDER.findall(text)}
    return found
