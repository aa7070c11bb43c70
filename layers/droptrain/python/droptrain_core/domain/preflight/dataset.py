"""The CSVs of a dataset for the rules: all of them together, and the recipe's `csv`."""

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from itertools import islice
from typing import Any

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.preflight.facts import MAX_COLUMNS, FileFacts
from droptrain_core.domain.preflight.notation import is_number

# Files of these channels should have the same columns; others, such as a vocabulary, may differ.
_ALIKE = ("training", "train", "testing", "test", "validation", "eval", "data")
_TRAINED_ON = ("training", "train", "data")


@frozen
class Spot:
    """A rule's finding, and its place as far as it is known."""

    message: str
    row: int | None = None
    column: str | None = None


@frozen
class Dataset:
    """Files, and the recipe's `csv`. Repeated questions about a file are computed once.

    `unread` are the channels with files that were not read and may have rows. `unlike_last` are the
    differences between this format and that of the project's last successful run, and `drifted` those
    between the values.
    """

    files: tuple[FileFacts, ...]
    says: Mapping[str, Any]
    unread: frozenset[str] = frozenset()
    unlike_last: tuple[Spot, ...] = ()
    drifted: tuple[Spot, ...] = ()
    _headers: dict[FileFacts, bool | None] = field(default_factory=dict, init=False)

    def trains_on(self, facts: FileFacts) -> bool:
        """Whether what the recipe says of columns is meant for this file: that of training, or the only."""
        return facts in self._trained_on

    def other(self, facts: FileFacts) -> FileFacts | None:
        """The file that this one is compared with: the first that is trained on, if that is another one."""
        if facts.channel not in _ALIKE or not facts.is_text or not facts.rows:
            return None
        first = self.first_trained_on
        return first if first is not facts else None

    def has_header(self, facts: FileFacts) -> bool | None:
        """Whether the file's first row is a header; None where nobody can tell."""
        if facts not in self._headers:
            self._headers[facts] = self._guess_header(facts)
        return self._headers[facts]

    @cached_property
    def headers(self) -> frozenset[tuple[str, ...]]:
        """The headers that have rows below them."""
        return frozenset(tuple(file.first) for file in self.files if file.rows > 1 and self.has_header(file))

    def has_rows_beside(self, facts: FileFacts) -> bool:
        """Whether another file of the channel has rows, or may have them because it wasn't read."""
        return facts.channel in self._channels_with_rows

    def is_header_alone(self, facts: FileFacts) -> bool:
        """Whether the file has one row, which can be nothing but a header.

        The recipe says so, other files begin with it, or it has only words: no code trains on one such row.
        """
        if facts.rows != 1 or not (facts.whole and facts.is_text):
            return False
        pinned = self.says.get("header")
        if isinstance(pinned, bool):
            return pinned
        if self.says.get("label") in facts.name_counts:
            return True
        are_words = len(facts.first) > 1 and not any(map(is_number, islice(facts.names, MAX_COLUMNS)))
        return (are_words and self.trains_on(facts)) or tuple(facts.first) in self.headers

    @cached_property
    def _channels_with_rows(self) -> frozenset[str]:
        found = {
            file.channel
            for file in self.files
            if not ((file.blank and file.whole) or file.stand_in or self.is_header_alone(file))
        }
        return self.unread | found

    @cached_property
    def first_trained_on(self) -> FileFacts | None:
        """The first training file with rows. Other files are compared with it."""
        return next((file for file in self._trained_on if file.is_text and file.rows), None)

    @cached_property
    def training(self) -> tuple[FileFacts, ...]:
        """The training files with rows and the columns of the first one."""
        first = self.first_trained_on
        if first is None:
            return ()
        files = (each for each in self._trained_on if each.is_text and each.rows)
        names = first.names if self.has_header(first) else None
        return tuple(each for each in files if each.width == first.width and names in (None, each.names))

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
