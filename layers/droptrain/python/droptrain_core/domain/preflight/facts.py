"""The facts of one CSV, from a few ranges of it or from the whole file; rules use only these facts."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Literal

RANGE_BYTES = 64 * 1024
# For later columns, only the names are checked, not the values.
MAX_COLUMNS = 2000
_DISTINCT_VALUES_KEPT = 2
_NUMBER = re.compile(
    r"[-+]?(?:\d[\d_]*+(?:[.,]\d*+)?|[.,]\d++|inf|infinity|nan)(?:e[-+]?\d++)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Piece:
    """Bytes of a file from `start` on."""

    start: int
    data: bytes


@dataclass(frozen=True)
class OddRow:
    """A row with another number of fields than the others; `near` is the first byte of its range."""

    fields: int
    row: int | None
    near: int


@dataclass
class Column:
    """The values of a column that were read: how many are numbers, texts and empty.

    `values` are the first two different values.
    """

    numbers: int = 0
    texts: int = 0
    empty: int = 0
    values: set[str] = field(default_factory=set)

    def add(self, values: Iterable[str]) -> int:
        """Count values; returns how many were tried one by one, because not all are numbers."""
        stripped = [value.strip() for value in values]
        filled = [value for value in stripped if value]
        if len(self.values) < _DISTINCT_VALUES_KEPT:
            self.values.update(islice(dict.fromkeys(stripped), _DISTINCT_VALUES_KEPT))
        self.empty += len(stripped) - len(filled)
        try:
            self.numbers += len([*map(float, filled)])
        except ValueError:
            counts = Counter(filled)
            numbers = sum(count for value, count in counts.items() if _NUMBER.fullmatch(value))
            self.numbers += numbers
            self.texts += len(filled) - numbers
            return len(counts)
        return 0

    @property
    def kind(self) -> str | None:
        """Numbers or text if all values agree; None if they don't or there are too few."""
        if self.numbers + self.texts < 5 or (self.numbers and self.texts):
            return None
        return "numbers" if self.numbers else "text"


@dataclass(eq=False)
class FileFacts:
    """What a file is like. `whole` says whether all of it was read; `rows` are those that were.

    `stopped` is why later rows were not read, and `steps` the work of reading these.
    """

    name: str
    channel: str
    size: int
    whole: bool
    encoding: str = "utf-8"
    gzip: bool = False
    binary: bool = False
    nul_at: int | None = None
    not_utf8_at: int | None = None
    blank: bool = False
    delimiter: str = ","
    first: list[str] = field(default_factory=list)
    rows: int = 0
    width: int = 0
    regular: bool = True
    long_row: OddRow | None = None
    short_row: OddRow | None = None
    open_quote: int | None = None
    columns: list[Column] = field(default_factory=list)
    stopped: Literal["too much work", "long row"] | None = None
    steps: int = 0

    @cached_property
    def names(self) -> list[str]:
        """The fields of the first row, without space around them."""
        return [name.strip() for name in self.first]

    @cached_property
    def name_counts(self) -> Counter[str]:
        """How often the first row has each of its fields."""
        return Counter(self.names)

    @property
    def short(self) -> str:
        """The file's name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def is_text(self) -> bool:
        """Whether the file's rows could be read."""
        return not (self.gzip or self.binary or self.blank or self.encoding == "utf-16")


def ranges(size: int) -> list[tuple[int, int]]:
    """(first byte, number of bytes) to read of a file: one range of a small one, else start, middle, end."""
    if size <= 3 * RANGE_BYTES:
        return [(0, size)]
    return [(start, RANGE_BYTES) for start in (0, (size - RANGE_BYTES) // 2, size - RANGE_BYTES)]


def is_number(value: str) -> bool:
    """Whether a value is a number, with a decimal point or comma."""
    return _NUMBER.fullmatch(value.strip()) is not None
