"""The recipe's `promote`: when a run's model becomes the project's current one."""

import re
from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.recipes.readers import (
    Reader,
    WrongValueError,
    kind_of,
    mapping,
    mapping_schema,
    metric_name,
    one_of,
    short,
    takes,
    whole,
)
from droptrain_core.domain.recipes.values import Gate, Requirement

_MAX_REQUIREMENTS = 20
_COMPARISON = re.compile(r"(>=|<=|>|<) *(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?)")


@takes(
    type="object",
    minProperties=1,
    maxProperties=_MAX_REQUIREMENTS,
    propertyNames=metric_name.schema,
    additionalProperties={"type": "string", "maxLength": 60, "pattern": whole(_COMPARISON)},
)
def _require(value: object) -> tuple[Requirement, ...]:
    if not isinstance(value, Mapping) or not 1 <= len(value) <= _MAX_REQUIREMENTS:
        raise WrongValueError(
            f"has to be a mapping of 1 to {_MAX_REQUIREMENTS} metrics such as "
            f'{{test_accuracy: ">= 0.9"}}, not {kind_of(value)}'
        )
    return tuple(_requirement(metric, comparison) for metric, comparison in value.items())


def _requirement(metric: object, comparison: object) -> Requirement:
    name = metric_name(metric)
    match = isinstance(comparison, str) and len(comparison) <= 60 and _COMPARISON.fullmatch(comparison)
    if not match:
        raise WrongValueError(
            f'has to be a comparison with a number, such as ">= 0.9" or "< 0.3", not {short(comparison)}',
            f".{name}",
        )
    sign: Any = match[1]
    return Requirement(name, sign, float(match[2]))


@takes(type="number", minimum=0, maximum=1_000_000)
def _tolerance(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000_000:
        raise WrongValueError(f"has to be a number that isn't negative, such as 0.002, not {short(value)}")
    return float(value)


_GATE: Mapping[str, Reader[Any]] = {
    "when": one_of("better", "always", "manual"),
    "require": _require,
    "tolerance": _tolerance,
}


@takes(**mapping_schema(_GATE))
def read_gate(value: object) -> Gate:
    return Gate(**mapping(value, _GATE))
