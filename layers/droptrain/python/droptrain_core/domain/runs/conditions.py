"""Conditions on a record, of a run or a sweep, that a change of it requires.

`holds` checks a record; `expression` is the same condition for DynamoDB (developer guide, *Condition
expressions*).
"""

from collections.abc import Callable
from typing import Any, Protocol

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import TERMINAL


class Condition(Protocol):
    """One condition."""

    def holds(self, record: Any) -> bool:
        """Whether the record meets it."""
        ...

    def expression(self, name: Callable[[str], str], value: Callable[[Any], str]) -> str:
        """The condition expression; `name` and `value` give placeholders."""
        ...


@frozen
class Absent:
    """The record has no such field."""

    field: str

    def holds(self, record: Any) -> bool:
        return not getattr(record, self.field)

    def expression(self, name: Callable[[str], str], value: Callable[[Any], str]) -> str:
        return f"attribute_not_exists({name(self.field)})"


@frozen
class Equals:
    """A field has this value."""

    field: str
    wanted: Any

    def holds(self, record: Any) -> bool:
        return bool(getattr(record, self.field) == self.wanted)

    def expression(self, name: Callable[[str], str], value: Callable[[Any], str]) -> str:
        return f"{name(self.field)} = {value(self.wanted)}"


@frozen
class AbsentOrEquals:
    """A field has this value or none."""

    field: str
    wanted: Any

    def holds(self, record: Any) -> bool:
        return Absent(self.field).holds(record) or Equals(self.field, self.wanted).holds(record)

    def expression(self, name: Callable[[str], str], value: Callable[[Any], str]) -> str:
        field = name(self.field)
        return f"(attribute_not_exists({field}) OR {field} = {value(self.wanted)})"


@frozen
class AbsentOrLess:
    """A field is below this value, or the record has no such field."""

    field: str
    limit: Any

    def holds(self, record: Any) -> bool:
        return Absent(self.field).holds(record) or bool(getattr(record, self.field) < self.limit)

    def expression(self, name: Callable[[str], str], value: Callable[[Any], str]) -> str:
        field = name(self.field)
        return f"(attribute_not_exists({field}) OR {field} < {value(self.limit)})"


@frozen
class NotEnded:
    """The record has no outcome yet."""

    def holds(self, record: Any) -> bool:
        return not record.ended

    def expression(self, name: Callable[[str], str], value: Callable[[Any], str]) -> str:
        return f"NOT {name('status')} IN ({', '.join(map(value, TERMINAL))})"


@frozen
class Ended:
    """The record has its outcome."""

    def holds(self, record: Any) -> bool:
        return bool(record.ended)

    def expression(self, name: Callable[[str], str], value: Callable[[Any], str]) -> str:
        return f"{name('status')} IN ({', '.join(map(value, TERMINAL))})"
