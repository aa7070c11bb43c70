"""What IAM policies allow: effects, actions, resources and conditions, as IAM evaluates identity policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]
Values = tuple[str, ...]
_ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Condition"}
_ARN_PARTS = 6


class UnknownElementError(ValueError):
    """A policy has an element or an operator that isn't evaluated here: add it to policy.py."""


@dataclass(frozen=True)
class Need:
    """An action on a resource's ARN, or on `*` where it takes none; condition keys with their values."""

    action: str
    resource: str
    context: Mapping[str, Values] = field(default_factory=dict)


def allows(policies: Iterable[Policy], need: Need) -> bool:
    """Whether the policies together allow what is needed; UnknownElementError for what isn't evaluated."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in as_list(policy["Statement"])
        if concerns(statement, need)
    }
    return effects == {"Allow"}


def concerns(statement: Mapping[str, Any], need: Need) -> bool:
    """Whether a statement is about what is needed, whatever its effect."""
    if unknown := statement.keys() - _ELEMENTS:
        raise UnknownElementError(f"A policy has {', '.join(sorted(unknown))}: add it to policy.py.")
    return (
        any(_matches(pattern.lower(), need.action.lower()) for pattern in as_list(statement["Action"]))
        and any(_matches_arn(pattern, need.resource) for pattern in as_list(statement["Resource"]))
        and all(
            _OPERATORS[_known(operator)](tuple(as_list(wanted)), need.context.get(key, ()))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def as_list(value: Any) -> list[Any]:
    """A policy's value that may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def _matches_arn(pattern: str, arn: str) -> bool:
    """A wildcard of an ARN stays in its part, except in the last one."""
    if pattern == "*":
        return True
    patterns, parts = pattern.split(":", _ARN_PARTS - 1), arn.split(":", _ARN_PARTS - 1)
    return len(patterns) == len(parts) and all(map(_matches, patterns, parts))


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def _any_equals(wanted: Values, given: Values) -> bool:
    return any(value in wanted for value in given)


def _any_is_like(wanted: Values, given: Values) -> bool:
    return any(_matches(pattern, value) for pattern in wanted for value in given)


def _any_arn_is_like(wanted: Values, given: Values) -> bool:
    return any(_matches_arn(pattern, value) for pattern in wanted for value in given)


def _all_equal(wanted: Values, given: Values) -> bool:
    """True for a key that the request lacks, as the operator's documentation warns."""
    return all(value in wanted for value in given)


def _is_absent(wanted: Values, given: Values) -> bool:
    return wanted == ("false" if given else "true",)


_OPERATORS: Mapping[str, Callable[[Values, Values], bool]] = {
    "StringEquals": _any_equals,
    "StringLike": _any_is_like,
    "ForAllValues:StringEquals": _all_equal,
    "ArnLike": _any_arn_is_like,
    "Null": _is_absent,
}


def _known(operator: str) -> str:
    if operator not in _OPERATORS:
        raise UnknownElementError(f"A policy has the condition operator {operator}: add it to policy.py.")
    return operator
