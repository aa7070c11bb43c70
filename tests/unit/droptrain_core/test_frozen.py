"""Value classes behave like ordinary frozen dataclasses."""

import copy
import pickle
import re
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import droptrain_core
import pytest
from droptrain_core.domain.frozen import frozen


@frozen
class Point:
    """A value."""

    kind: ClassVar[str] = "point"

    x: int
    y: tuple[int, ...] = ()
    tags: dict[str, str] = field(default_factory=dict, compare=True)

    @cached_property
    def total(self) -> int:
        """A property that keeps its value in the instance."""
        return self.x + sum(self.y)


@frozen(kw_only=True)
class Named:
    """A value whose fields are given by name."""

    x: int
    y: int = 2


@frozen
class Counted:
    """A value with a field that nobody gives, and one that is computed."""

    x: int
    count: int = field(default=0, init=False)
    doubled: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Compute what follows from the fields."""
        object.__setattr__(self, "doubled", 2 * self.x)


def plain(kind: Any) -> Any:
    """The same class as the standard library makes it."""
    body = {"__annotations__": {"x": int, "y": int}, "y": 2, "__qualname__": kind.__qualname__}
    return dataclass(frozen=True)(type(kind.__name__, (), body))


def test_equality_is_that_of_the_class_and_the_fields() -> None:
    assert Point(1, (2,)) == Point(1, (2,))
    assert Point(1, (2,)) != Point(1, (3,))
    assert Point(1) != Named(x=1)
    assert Point(1) != 1


def test_a_cached_property_changes_neither_equality_nor_hash() -> None:
    read, unread = Named(x=1), Named(x=1)
    object.__setattr__(read, "cached", 3)

    assert read == unread
    assert hash(read) == hash(unread)


def test_equal_values_are_one_key() -> None:
    assert {Named(x=1): "first", Named(x=1, y=2): "second"} == {Named(x=1): "second"}


def test_a_value_with_a_mutable_field_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(1))


def test_repr_and_hash_are_those_of_the_standard_library() -> None:
    standard = plain(Named)(x=1, y=3)

    assert repr(Named(x=1, y=3)) == repr(standard) == "Named(x=1, y=3)"
    assert hash(Named(x=1, y=3)) == hash(standard)


def test_no_field_can_be_set_or_deleted() -> None:
    value: Any = Point(1)

    with pytest.raises(FrozenInstanceError):
        value.x = 2
    with pytest.raises(FrozenInstanceError):
        del value.x


@pytest.mark.parametrize(
    ("kind", "values", "named", "error"),
    [
        (Point, (), {}, "missing a required .*argument: 'x'"),
        (Point, (1, (), {}, 2), {}, "too many positional arguments"),
        (Point, (1,), {"x": 1}, "multiple values for argument 'x'"),
        (Point, (1,), {"z": 1}, "unexpected keyword argument 'z'"),
        (Point, (), {"x": 1, "kind": "point"}, "unexpected keyword argument 'kind'"),
        (Named, (1,), {}, "too many positional arguments"),
        (Counted, (1,), {"count": 2}, "unexpected keyword argument 'count'"),
    ],
)
def test_wrong_arguments_are_refused(
    kind: Any, values: tuple[Any, ...], named: dict[str, Any], error: str
) -> None:
    with pytest.raises(TypeError, match=error):
        kind(*values, **named)


def test_each_value_has_defaults_of_its_own() -> None:
    assert Point(1).tags is not Point(1).tags
    assert Counted(1) == replace(Counted(1)) != Counted(2)


def test_what_follows_the_fields_is_called_once_they_are_set() -> None:
    assert Counted(3).doubled == 6


def test_the_values_of_an_instance_are_in_the_order_of_its_fields() -> None:
    assert list(vars(Point(tags={}, x=1))) == ["x", "y", "tags"]


def test_fields_are_matched_by_position() -> None:
    match Point(1, (2,)):
        case Point(x, (y,)):
            assert (x, y) == (1, 2)


def test_the_functions_for_dataclasses_take_it() -> None:
    value = Point(1, (2,), {"a": "b"})

    assert is_dataclass(value)
    assert [each.name for each in fields(value)] == ["x", "y", "tags"]
    assert asdict(value) == {"x": 1, "y": (2,), "tags": {"a": "b"}}
    assert replace(value, x=3) == Point(3, (2,), {"a": "b"})
    assert copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value


def test_every_value_class_of_the_core_is_made_so() -> None:
    core = Path(str(droptrain_core.__file__)).parent
    found = [
        path.relative_to(core)
        for path in core.rglob("*.py")
        if path.name != "frozen.py" and re.search(r"@dataclass\(.*frozen", path.read_text("utf-8"))
    ]

    assert found == []
