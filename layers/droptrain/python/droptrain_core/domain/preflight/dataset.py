"""The CSVs of a dataset for the rules: all of them together, and the recipe's `csv`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from droptrain_core.domain.preflight.facts import MAX_COLUMNS, FileFacts, is_number

# Files of these channels should have the same columns; others, such as a vocabulary, may differ.
_ALIKE = ("training", "train", "testing", "test", "validation", "eval", "data")
_TRAINED_ON = ("training", "train", "data")


@dataclass(frozen=True)
class Spot:
    """A rule's finding, and its place as far as it is known."""

    message: str
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class Dataset:
    """Files, and the recipe's `csv`. Repeated questions about a file are computed once."""

    files: tuple[FileFacts, ...]
    says: Mapping[str, Any]
    _headers: dict[FileFacts, bool | None] = field(default_factory=dict, init=False)

    def trains_on(self, facts: FileFacts) -> bool:
        """Whether what the recipe says of columns is meant for this file: that of training, or the only."""
        return facts in self._trained_on

    def other(self, facts: FileFacts) -> FileFacts | None:
        """The file that this one is compared with: the first that is trained on, if that is another one."""
        if facts.channel not in _ALIKE or not facts.is_text or not facts.rows:
            return None
        first = next(iter(self._trained_on), None)
        return first if first and first is not facts and first.is_text and first.rows else None

    def has_header(self, facts: FileFacts) -> bool | None:
        """Whether the file's first row is a header; None where nobody can tell."""
        if facts not in self._headers:
            self._headers[facts] = self._guess_header(facts)
        return self._headers[facts]

    @cached_property
    def headers(self) -> frozenset[tuple[str, ...]]:
        """The headers that have rows below them."""
        return frozenset(tuple(file.first) for file in self.files if file.rows > 1 and self.has_header(file))

    @cached_property
    def _trained_on(self) -> dict[FileFacts, None]:
        training = [file for file in self.files if file.channel in _TRAINED_ON]
        return dict.fromkeys(training or (self.files if len(self.files) == 1 else ()))

    def _guess_header(self, facts: FileFacts) -> bool | None:
        if not facts.first:
            return None
        if isinstance(self.says.get("header"), bool):
            return bool(self.says["header"])
        if any(name in facts.name_counts for name in [self.says.get("label"), *self.says.get("columns", [])]):
            return True
        if any(is_number(name) for name in islice(facts.names, MAX_COLUMNS)):
            return False
        below = [column.numbers > column.texts for column in facts.columns]
        return True if any(below) else None
