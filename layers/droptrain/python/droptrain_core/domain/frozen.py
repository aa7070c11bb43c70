"""Immutable value classes: `@dataclass(frozen=True)`, whose definition costs a third less of a cold start.

A dataclass compiles methods of its own for each class. Here all classes share those that need no compiler.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

Kind = TypeVar("Kind")


@overload
def frozen(kind: type[Kind]) -> type[Kind]: ...
@overload
def frozen(*, kw_only: bool) -> Callable[[type[Kind]], type[Kind]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: Any = None, *, kw_only: bool = False) -> Any:
    """Make the class a frozen dataclass; equality, hash and repr are those of its fields, as of any other."""

    def made(kind: Any) -> Any:
        kind.__eq__, kind.__hash__, kind.__repr__ = _eq, _hash, _repr
        return dataclass(frozen=True, eq=False, repr=False, kw_only=kw_only)(kind)

    return made if kind is None else made(kind)


def _values(item: Any) -> tuple[Any, ...]:
    return tuple(getattr(item, each.name) for each in fields(item))


def _eq(self: Any, other: Any) -> bool:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))
    return f"{type(self).__qualname__}({', '.join(shown)})"
