"""The CSVs of a dataset as rules see them: together, and with what the recipe says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from droptrain.domain.preflight.facts import Facts

# Files of these channels are meant to have the same columns; others, as a vocabulary, are what they are.
_ALIKE = ("training", "train", "testing", "test", "validation", "eval", "data")


@dataclass(frozen=True)
class Spot:
    """Where a rule found something, as far as that is known, and what."""

    message: str
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class Dataset:
    """Files, and the recipe's `csv`."""

    files: tuple[Facts, ...]
    says: Mapping[str, Any]

    def trains_on(self, facts: Facts) -> bool:
        """Whether what the recipe says of columns is meant for this file: that of training, or the only."""
        training = [file for file in self.files if file.channel in ("training", "train", "data")]
        return facts in training if training else len(self.files) == 1

    def other(self, facts: Facts) -> Facts | None:
        """The file that this one is compared with: the first that is trained on, if that is another one."""
        if facts.channel not in _ALIKE or not facts.is_text or not facts.rows:
            return None
        first = next((file for file in self.files if self.trains_on(file)), None)
        return first if first and first is not facts and first.is_text and first.rows else None
