"""The recipe's `csv`: the format of the data files."""

from typing import Any

from droptrain_core.domain.recipes.readers import (
    WrongValueError,
    kind_of,
    mapping,
    mapping_schema,
    one_of,
    short,
    takes,
    text_of,
)
from droptrain_core.domain.recipes.rule_names import RULE_NAMES


@takes(type="array", minItems=1, items=text_of.schema)
def _columns(value: object) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
        raise WrongValueError("has to be a list of column names")
    return list(value)


@takes(type="string", minLength=1, maxLength=1, pattern=r'^[^\r\n"]$')
def _delimiter(value: object) -> str:
    if not isinstance(value, str) or len(value) != 1 or value in '\r\n"':
        raise WrongValueError(f"has to be one character, and no quote or line break, not {short(value)}")
    return value


@takes(enum=["auto", True, False])
def _header(value: object) -> Any:
    if value != "auto" and not isinstance(value, bool):
        raise WrongValueError(f"has to be auto, true or false, not {short(value)}")
    return value


@takes(type=["string", "integer"], minLength=1, minimum=0)
def _label(value: object) -> str | int:
    """A column's name, or its place from 0 in a file without a header."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise WrongValueError(f"has to be a column's name, or its number from 0, not {kind_of(value)}")
    if isinstance(value, int) and value < 0:
        raise WrongValueError(f"has to be a column's name, or its number from 0, not {value}")
    return value


@takes(type="array", items={"enum": [*RULE_NAMES]})
def _ignored(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WrongValueError(f"has to be a list of rules, such as [short_row], not {short(value)}")
    for item in value:
        if item not in RULE_NAMES:
            raise WrongValueError(f"{short(item)} isn't a rule; the rules are {', '.join(RULE_NAMES)}")
    return list(value)


_CSV = {
    "header": _header,
    "label": _label,
    "columns": _columns,
    "delimiter": _delimiter,
    "ignore": _ignored,
    "drift": one_of("warn", "reject", "ignore"),
}


@takes(**mapping_schema(_CSV))
def csv_of(value: object) -> dict[str, Any]:
    return mapping(value, _CSV)
