"""What a sweep searches, as people write it: ranges and lists in Python, or texts as in train.yaml."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from droptrain.errors import DroptrainError

_KINDS = ("log", "int")
_STEP = "step="


def split(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(space, hyperparameters with one value) of what is given by name; DroptrainError.

    A tuple is a range, a list has the values, and a text with `..` or `,` is either, as in train.yaml.
    Everything else is one value for all trials.
    """
    space = {name: _values(name, value) for name, value in given.items() if _is_space(value)}
    return space, {name: value for name, value in given.items() if name not in space}


def _is_space(value: Any) -> bool:
    if isinstance(value, str):
        return ".." in value or "," in value or value.startswith("[")
    return isinstance(value, tuple | list | range)


def _values(name: str, value: Any) -> str | list[Any]:
    if isinstance(value, str):
        return value
    return _range(name, value) if isinstance(value, tuple) else list(value)


def _range(name: str, value: tuple[Any, ...]) -> str:
    ends, kinds = value[:2], [str(kind) for kind in value[2:]]
    is_range = len(ends) == 2 and all(map(_is_number, ends))
    if not is_range or not all(kind in _KINDS or kind.startswith(_STEP) for kind in kinds):
        raise DroptrainError(
            f"{name}: {value!r} is no range. Write (low, high), (low, high, 'log') or "
            "(low, high, 'step=0.1'); a list has the values themselves."
        )
    if all(isinstance(end, Integral) for end in ends) and not any(kind.startswith(_STEP) for kind in kinds):
        kinds = [*kinds, *(["int"] if "int" not in kinds else [])]
    return ":".join(["..".join(map(_text, ends)), *kinds])


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _text(end: Any) -> str:
    return str(int(end)) if isinstance(end, Integral) else repr(float(end))
