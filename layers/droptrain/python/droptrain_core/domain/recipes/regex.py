"""Checks any regex at a small cost; only its users compile it unchanged.

A regex is expensive to compile if it has sets of characters beyond Latin-1, which are searched one by one,
and even more if case is ignored. So it is compiled with U+00FF in place of each such character, and
without the flag that ignores case. Both change the lines that it finds, but not whether it is valid. Only a
set whose range runs backwards among such characters, and an unknown name of a character, are missed.
"""

import re

_SET = r"\[\^?+\]?+(?:\\.|[^\]\\])*+\]"
_WIDE = r"(?s)\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(N\{[^}]*+\}))|(\\.)|([^\x00-\xff])"
_FLAGS = rf"(?s)(\\.|{_SET})|\(\?([a-zA-Z]*+)(?:\)|(?:-([a-zA-Z]++))?:)"


def count_groups(regex: str) -> int:
    """The number of groups in the regex; ValueError with the reason if it is invalid."""
    try:
        return re.compile(re.sub(_FLAGS, _without_ignoring_case, re.sub(_WIDE, _narrow, regex))).groups
    except re.error as error:
        raise ValueError(error.msg) from None
    except (OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _narrow(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    is_wide = match[3] or match[5] or int(digits or "0", 16) > 0xFF
    return "\xff" if is_wide else match[0]


def _without_ignoring_case(match: re.Match[str]) -> str:
    if match[1] or "i" not in match[0]:
        return match[0]
    on, off = ((match[number] or "").replace("i", "") for number in (2, 3))
    if match[0].endswith(")"):
        return f"(?{on or 'm'})"
    return f"(?{on}-{off}:" if off else f"(?{on}:"
