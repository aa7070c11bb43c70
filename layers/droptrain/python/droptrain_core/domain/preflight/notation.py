"""Numbers as programs of all countries write them: with a decimal comma, or with separators of thousands."""

import re

_NUMBER = re.compile(
    r"[-+]?(?:\d[\d_]*+(?:[.,]\d*+)?|[.,]\d++|inf|infinity|nan)(?:e[-+]?\d++)?", re.IGNORECASE
)
# 1.234,50 in German, 1 234,50 in French with one of three spaces, 1'234.50 in Swiss.
_GROUPED = re.compile(
    r"[-+]?\d{1,3}(?:(?:\.\d{3})++,\d++|(?: \d{3})++,\d++|(?:['’\u00a0\u202f]\d{3})++(?:[.,]\d++)?)"
)


def is_number(value: str) -> bool:
    """Whether a value is a number in some notation."""
    value = value.strip()
    return bool(_NUMBER.fullmatch(value) or _GROUPED.fullmatch(value))


def is_local(number: str) -> bool:
    """Whether most readers take this number for text."""
    return "," in number or _GROUPED.fullmatch(number) is not None


def float_of(number: str) -> float:
    """The value of a number in some notation."""
    if _GROUPED.fullmatch(number):
        kept = "," if "," in number else "."
        number = "".join(character for character in number if character.isdigit() or character in f"{kept}+-")
    return float(number.replace("_", "").replace(",", "."))
