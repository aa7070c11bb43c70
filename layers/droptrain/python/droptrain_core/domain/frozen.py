"""Immutable value classes: what `@dataclass(frozen=True)` makes, without compiling methods at a cold start.

A dataclass compiles methods of its own for each class. Here all classes share methods, which use the fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import cache
from inspect import Parameter, Signature
from typing import Any, NamedTuple, NoReturn, TypeVar, dataclass_transform, overload

Kind = TypeVar("Kind")


@overload
def frozen(kind: type[Kind]) -> type[Kind]: ...
@overload
def frozen(*, kw_only: bool) -> Callable[[type[Kind]], type[Kind]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: Any = None, *, kw_only: bool = False) -> Any:
    """Make the class an immutable dataclass; its methods do what those of any frozen dataclass do."""

    def made(kind: Any) -> Any:
        for method in (_init, _eq, _hash, _repr, _setattr, _delattr):
            setattr(kind, f"_{method.__name__}__", method)
        return dataclass(init=False, eq=False, repr=False, kw_only=kw_only)(kind)

    return made if kind is None else made(kind)


class _Layout(NamedTuple):
    """The fields of a class. `blank` has all in their order, with their defaults."""

    blank: Mapping[str, Any]
    factories: Mapping[str, Callable[[], Any]]
    by_position: tuple[str, ...]
    arguments: frozenset[str]
    required: frozenset[str]
    has_post_init: bool


def _layout(item: Any) -> _Layout:
    kind: Any = type(item)
    return _layout_of_class(kind)


@cache
def _layout_of_class(kind: Any) -> _Layout:
    arguments = [each for each in fields(kind) if each.init]
    defaults = {each.name: each.default for each in fields(kind) if each.default is not MISSING}
    made = {each.name: each.default_factory for each in fields(kind)}
    factories = {name: make for name, make in made.items() if make is not MISSING}
    return _Layout(
        blank={each.name: defaults.get(each.name) for each in fields(kind)},
        factories=factories,
        by_position=tuple(each.name for each in arguments if not each.kw_only),
        arguments=frozenset(each.name for each in arguments),
        required=frozenset(each.name for each in arguments) - defaults.keys() - factories.keys(),
        has_post_init=hasattr(kind, "__post_init__"),
    )


def _init(self: Any, /, *values: Any, **named: Any) -> None:
    layout = _layout(self)
    given = dict(zip(layout.by_position, values, strict=False)) | named
    fit = len(given) == len(values) + len(named) and layout.required <= given.keys() <= layout.arguments
    if not fit:
        _refuse_arguments(layout, values, named)
    state = {**layout.blank, **given}
    for name, make in layout.factories.items():
        if name not in given:
            state[name] = make()
    self.__dict__.update(state)
    if layout.has_post_init:
        self.__post_init__()


def _refuse_arguments(layout: _Layout, values: tuple[Any, ...], named: Mapping[str, Any]) -> NoReturn:
    """TypeError in the words of Python."""
    by_name = sorted(layout.arguments.difference(layout.by_position))
    kinds: dict[str, Any] = dict.fromkeys(layout.by_position, Parameter.POSITIONAL_OR_KEYWORD)
    kinds |= dict.fromkeys(by_name, Parameter.KEYWORD_ONLY)
    parameters = [
        Parameter(name, kind, default=Parameter.empty if name in layout.required else None)
        for name, kind in kinds.items()
    ]
    Signature(parameters).bind(*values, **named)
    raise AssertionError("the arguments fit")


def _values(item: Any) -> tuple[Any, ...]:
    return tuple(getattr(item, name) for name in _layout(item).blank)


def _eq(self: Any, other: Any) -> bool:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name in _layout(self).blank)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _setattr(self: Any, name: str, value: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
