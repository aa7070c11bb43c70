"""A conditional change of a record, as one value: storage writes it, and tests apply it in memory."""

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any, Self, TypeVar

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.conditions import Condition

Record = TypeVar("Record", bound=Any)


@frozen(kw_only=True)
class Change:
    """What changes in a record; nothing is written unless all conditions in `requires` hold.

    `set` and `set_once` name fields of the record (the latter keep a value that is there); `append` adds to a
    list; `remove` names fields, or attributes of the table's item.
    """

    requires: tuple[Condition, ...]
    set: Mapping[str, Any] = field(default_factory=dict)
    set_once: Mapping[str, Any] = field(default_factory=dict)
    append: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def along_with(self, other: "Change") -> Self:
        """This change and another one of the same record, both or none."""
        return replace(
            self,
            requires=(*self.requires, *other.requires),
            set={**self.set, **other.set},
            set_once={**self.set_once, **other.set_once},
            append={**self.append, **other.append},
            remove=(*self.remove, *other.remove),
        )

    def holds(self, record: Record) -> bool:
        """Whether this change is legal for the record."""
        return all(condition.holds(record) for condition in self.requires)

    def applied_to(self, record: Record) -> Record:
        """The record after the change."""
        once = {name: getattr(record, name) or value for name, value in self.set_once.items()}
        longer = {name: (*getattr(record, name), *values) for name, values in self.append.items()}
        without = {each.name: each.default for each in fields(record) if each.name in self.remove}
        return replace(record, **{**self.set, **once, **longer, **without})
