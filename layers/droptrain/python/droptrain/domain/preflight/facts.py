"""What one CSV is like, read from a few ranges of it or as a whole; rules judge these facts alone."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from droptrain.domain.preflight.delimiter import find_delimiter, is_regular_with_another
from droptrain.domain.preflight.text import encoding_of, is_binary, is_gzip, is_utf8

RANGE_BYTES = 64 * 1024
# A longer row isn't held in memory: what follows it isn't looked at.
MAX_ROW_CHARACTERS = 4 << 20
_MAX_CARRIED_BYTES = 1 << 20
_REGULAR = 0.9  # of the rows have the same number of fields, else the file is made so
_VALUES_KEPT = 2
_END = "\x02end of file\x03"


@dataclass(frozen=True)
class Piece:
    """Bytes of a file from `start` on."""

    start: int
    data: bytes


@dataclass(frozen=True)
class OddRow:
    """A row with another number of fields than the rest; `near` is the byte where its range begins."""

    fields: int
    row: int | None
    near: int


@dataclass
class Column:
    """The values of a column as far as they were read: how many are numbers, texts and empty."""

    numbers: int = 0
    texts: int = 0
    empty: int = 0
    values: set[str] = field(default_factory=set)

    def add(self, value: str) -> None:
        """Count a value."""
        value = value.strip()
        if not value:
            self.empty += 1
        elif is_number(value):
            self.numbers += 1
        else:
            self.texts += 1
        if len(self.values) < _VALUES_KEPT:
            self.values.add(value)

    @property
    def kind(self) -> str | None:
        """Numbers or text where all values agree; None where they don't or there are too few."""
        if self.numbers + self.texts < 5 or (self.numbers and self.texts):
            return None
        return "numbers" if self.numbers else "text"


@dataclass
class Facts:
    """What a file is like. `whole` says whether all of it was read; `rows` are those that were."""

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

    @property
    def short(self) -> str:
        """Its name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def is_text(self) -> bool:
        """Whether its rows could be read."""
        return not (self.gzip or self.binary or self.blank or self.encoding == "utf-16")


def ranges(size: int) -> list[tuple[int, int]]:
    """(first byte, number of bytes) to read of a file: one range of a small one, else start, middle, end."""
    if size <= 3 * RANGE_BYTES:
        return [(0, size)]
    return [(start, RANGE_BYTES) for start in (0, (size - RANGE_BYTES) // 2, size - RANGE_BYTES)]


def of_pieces(name: str, channel: str, size: int, pieces: Iterable[Piece], says: Mapping[str, Any]) -> Facts:
    """The facts of a file of which some ranges were read, the first from its start."""
    read = tuple(pieces)
    head = read[0].data if read else b""
    facts = Facts(name, channel, size, whole=len(head) == size)
    _look_at_bytes(facts, head)
    for piece in read:
        _look_for_trouble(facts, piece, at_end=piece.start + len(piece.data) == size)
    if facts.is_text:
        sample = head if facts.whole else _complete_lines(head, skip_first=False)
        rows = _Rows(facts, says, sample)
        rows.read(io.StringIO(_text(sample), newline=""))
        for piece in read[1:]:
            rows.read_middle(piece, at_end=piece.start + len(piece.data) == size)
        rows.finish()
    return facts


def of_stream(name: str, channel: str, size: int, stream: IO[bytes], says: Mapping[str, Any]) -> Facts:
    """The facts of a whole file, read from its start to its end and never held in memory.

    One that has a row of more than MAX_ROW_CHARACTERS is read up to that row, and isn't `whole`.
    """
    facts = Facts(name, channel, size, whole=True)
    head = stream.read(RANGE_BYTES)
    _look_at_bytes(facts, head)
    facts.blank = facts.blank and len(head) == size
    if not facts.is_text:
        return facts
    start, rest = 0, head
    carried, is_long = b"", False
    while rest:
        after = stream.read(RANGE_BYTES)
        data = carried + rest
        cut = len(data) if not after else data.rfind(b"\n") + 1
        if not cut and len(data) > _MAX_CARRIED_BYTES:
            cut, is_long = len(data), True
        _look_for_trouble(facts, Piece(start, data[:cut]), at_end=not after)
        start, carried, rest = start + cut, data[cut:], after
    stream.seek(0)
    rows = _Rows(facts, says, head if len(head) == size else _complete_lines(head, skip_first=False))
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    # By readline a line comes in pieces, but it takes longer.
    rows.read(iter(lambda: text.readline(MAX_ROW_CHARACTERS + 1), "") if is_long else text)
    text.detach()
    rows.finish()
    return facts


def is_number(value: str) -> bool:
    """Whether a value is a number, with a decimal point or comma."""
    try:
        float(value.strip().replace(",", ".", 1))
    except ValueError:
        return False
    return True


def _look_at_bytes(facts: Facts, head: bytes) -> None:
    facts.gzip = is_gzip(head)
    facts.encoding = encoding_of(head)
    facts.binary = not facts.gzip and facts.encoding != "utf-16" and is_binary(head)
    facts.blank = not facts.gzip and not head.removeprefix(b"\xef\xbb\xbf").strip()


def _look_for_trouble(facts: Facts, piece: Piece, *, at_end: bool) -> None:
    if not facts.is_text:
        return
    nul = piece.data.find(b"\0")
    if nul >= 0 and facts.nul_at is None:
        facts.nul_at = piece.start + nul
    if facts.not_utf8_at is None and not is_utf8(piece.data, from_start=piece.start == 0, to_end=at_end):
        facts.not_utf8_at = piece.start


def _text(data: bytes) -> str:
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _complete_lines(data: bytes, *, skip_first: bool, to_end: bool = False) -> bytes:
    start = data.find(b"\n") + 1 if skip_first else 0
    if skip_first and not start:
        return b""
    return data[start:] if to_end else data[start : data.rfind(b"\n") + 1]


class _LongRowError(Exception):
    """A row has more than MAX_ROW_CHARACTERS."""


class _Rows:
    """Counts rows into facts, by one delimiter."""

    def __init__(self, facts: Facts, says: Mapping[str, Any], sample: bytes) -> None:
        self._facts = facts
        self._sample = _text(sample)
        self._pinned = "delimiter" in says
        facts.delimiter = says.get("delimiter") or find_delimiter(self._sample, facts.name)
        self._widths: Counter[int] = Counter()
        self._seen: dict[int, OddRow] = {}
        self._lines: dict[int, str] = {}
        self._spans_lines = False
        widths = Counter(len(row) for row in _safely(self._reader(self._sample)) if row)
        facts.width = widths.most_common(1)[0][0] if widths else 0
        facts.columns = [Column() for _ in range(facts.width)]

    def _reader(self, text: str) -> Any:
        return csv.reader(io.StringIO(text, newline=""), delimiter=self._facts.delimiter)

    def read(self, lines: Iterable[str]) -> None:
        """Read from the start of the file."""
        facts = self._facts
        kept: list[str] = []
        source = _keeping(lines, kept)
        while True:
            try:
                self._read_rows(source, kept)
            except csv.Error:
                # More than the reader takes for one field: a long text, or all that follows a lone quote.
                facts.rows += 1
                if len(kept) == 1 and kept[0].count('"') % 2 == 0:
                    kept.clear()
                    continue
                facts.open_quote = facts.rows
            except _LongRowError:
                facts.whole = False
            return

    def _read_rows(self, source: Iterator[str], kept: list[str]) -> None:
        facts = self._facts
        for row in csv.reader(source, delimiter=facts.delimiter):
            line_count, raw = len(kept), kept[0]
            kept.clear()
            if row and row[-1].endswith(_END):
                if row != [_END]:
                    self._spans_lines = True
                    facts.open_quote = facts.rows + 1 if facts.whole else None
                return
            if not row:
                continue
            facts.rows += 1
            facts.first = facts.first or row
            self._spans_lines = self._spans_lines or line_count > 1
            self._count(row, facts.rows, raw if line_count == 1 else None, 0)

    def read_middle(self, piece: Piece, *, at_end: bool) -> None:
        """Read the complete lines of a later range, unless quotes leave open where its rows begin."""
        lines = _text(_complete_lines(piece.data, skip_first=True, to_end=at_end))
        parts = [line for line in io.StringIO(lines, newline="") if line.strip()]
        if self._spans_lines or not parts or any(line.count('"') % 2 for line in parts):
            return
        rows = list(_safely(csv.reader(parts, delimiter=self._facts.delimiter)))
        alike = sum(len(row) == self._facts.width for row in rows)
        if len(rows) != len(parts) or alike < _REGULAR * len(rows):
            return
        for row, raw in zip(rows, parts, strict=True):
            self._count(row, None, raw, piece.start)

    def _count(self, row: list[str], number: int | None, raw: str | None, near: int) -> None:
        facts, width = self._facts, len(row)
        self._widths[width] += 1
        if width == facts.width:
            if number != 1:
                for column, value in zip(facts.columns, row, strict=True):
                    column.add(value)
        elif raw is not None and width not in self._seen and len(self._seen) < 50:
            self._seen[width] = OddRow(width, number, near)
            self._lines[width] = raw

    def finish(self) -> None:
        """Say which rows are odd, if most are alike."""
        facts = self._facts
        rows = sum(self._widths.values())
        # In a file of few rows one odd row is more than a tenth of them.
        alike = self._widths[facts.width]
        facts.regular = alike >= _REGULAR * rows or rows - alike <= 1
        for width, odd in self._seen.items():
            if width < facts.width and facts.short_row is None:
                facts.short_row = odd
            elif width > facts.width > 1 and facts.long_row is None and self._is_certain(self._lines[width]):
                facts.long_row = odd

    def _is_certain(self, line: str) -> bool:
        """Whether the row has more fields by any way of reading it: other quotes, escapes or delimiters."""
        delimiter = self._facts.delimiter
        if "\\" in line or line.startswith("'") or f"{delimiter}'" in line or self._facts.open_quote:
            return False
        return self._pinned or not is_regular_with_another(self._sample, line, delimiter)


def _keeping(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    """The lines, each noted, and an end that becomes a row of its own unless it falls into quotes.

    _LongRowError for lines of one row that are too long together.
    """
    held = 0
    for line in lines:
        held = held + len(line) if kept else len(line)
        if held > MAX_ROW_CHARACTERS:
            raise _LongRowError
        kept.append(line)
        yield line
    kept.append(_END)
    yield _END


def _safely(reader: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        return
