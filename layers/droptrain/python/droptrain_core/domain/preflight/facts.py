"""The facts of one CSV, from a few ranges of it or from the whole file; rules use only these facts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import isfinite
from typing import Literal

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.preflight import notation
from droptrain_core.domain.preflight.sample import RowSample

RANGE_BYTES = 64 * 1024
# For later columns, only the names are checked, not the values.
MAX_COLUMNS = 2000
_DISTINCT_VALUES_KEPT = 2


@frozen
class Piece:
    """Bytes of a file from `start` on."""

    start: int
    data: bytes


@frozen
class OddRow:
    """A row with another number of fields than the others; `near` is the first byte of its range."""

    fields: int
    row: int | None
    near: int


@dataclass
class Place:
    """The place of a byte in a file; its character and its row if everything before it was read."""

    byte: int
    character: int | None = None
    row: int | None = None


@dataclass
class Column:
    """The values of a column that were read: how many are numbers, texts and empty.

    `values` are the first two different values; `comma` is the first of its `commas` numbers with a decimal
    comma or with separators of thousands.
    """

    numbers: int = 0
    texts: int = 0
    empty: int = 0
    commas: int = 0
    comma: str | None = None
    least: float | None = None
    most: float | None = None
    values: set[str] = field(default_factory=set)

    def add(self, values: Iterable[str]) -> int:
        """Count values; returns how many were tried one by one, because not all are numbers."""
        stripped = [value.strip() for value in values]
        filled = [value for value in stripped if value]
        if len(self.values) < _DISTINCT_VALUES_KEPT:
            self.values.update(islice(dict.fromkeys(stripped), _DISTINCT_VALUES_KEPT))
        self.empty += len(stripped) - len(filled)
        try:
            numbers = [*map(float, filled)]
        except ValueError:
            counts = Counter(filled)
            matching = {value: count for value, count in counts.items() if notation.is_number(value)}
            for value, count in matching.items():
                if notation.is_local(value):
                    self.commas += count
                    self.comma = self.comma or value
            found = sum(matching.values())
            self.numbers += found
            self.texts += len(filled) - found
            self._widen([*map(notation.float_of, matching)])
            return len(counts)
        self.numbers += len(numbers)
        self._widen(numbers)
        return 0

    def _widen(self, numbers: list[float]) -> None:
        """Widen the range to include these numbers, except NaN and infinity."""
        finite = [*filter(isfinite, numbers)]
        if finite:
            least, most = min(finite), max(finite)
            self.least = least if self.least is None else min(self.least, least)
            self.most = most if self.most is None else max(self.most, most)

    @property
    def kind(self) -> str | None:
        """Numbers or text if all values agree; None if they don't or there are too few."""
        if self.numbers + self.texts < 5 or (self.numbers and self.texts):
            return None
        return "numbers" if self.numbers else "text"


@dataclass(eq=False)
class FileFacts:
    """What a file is like. `whole` says whether all of it was read; `other` that it isn't a CSV by its name.

    `rows` and `characters` count those that were read. `lead` is the number of fields of the longer of the
    first two rows. `stopped` is why later rows were not read, and `steps` the work of reading these.
    """

    name: str
    channel: str
    size: int
    whole: bool
    encoding: str = "utf-8"
    gzip: bool = False
    binary: bool = False
    stand_in: str | None = None
    other: bool = False
    broken: str | None = None
    unlike_name: str | None = None
    line_end: str = "\n"
    nul: Place | None = None
    not_utf8: Place | None = None
    blank: bool = False
    delimiter: str = ","
    first: list[str] = field(default_factory=list)
    rows: int = 0
    characters: int = 0
    width: int = 0
    regular: bool = True
    lead: int = 0
    long_row: OddRow | None = None
    short_row: OddRow | None = None
    odd_row: int | None = None
    empty_rows: int = 0
    empty_row: int | None = None
    open_quote: int | None = None
    columns: list[Column] = field(default_factory=list)
    sample: RowSample = field(default_factory=RowSample)
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
        return not self.other and not (
            self.gzip or self.binary or self.stand_in or self.blank or self.encoding == "utf-16"
        )


def ranges(size: int) -> list[tuple[int, int]]:
    """(first byte, number of bytes) to read of a file: one range of a small one, else start, middle, end."""
    if size <= 3 * RANGE_BYTES:
        return [(0, size)] if size else []
    return [(start, RANGE_BYTES) for start in (0, (size - RANGE_BYTES) // 2, size - RANGE_BYTES)]
