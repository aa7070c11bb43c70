"""Counts the rows of one CSV into its facts, by one delimiter and within a budget of work."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from droptrain_core.domain.preflight.delimiter import Others, find_delimiter
from droptrain_core.domain.preflight.facts import MAX_COLUMNS, Column, FileFacts, OddRow, Piece

# A longer row isn't loaded into memory, and later rows aren't checked.
MAX_ROW_CHARACTERS = 4 << 20
UNLIMITED = sys.maxsize
# The cost of work, in steps of similar duration: tests/bench/launch_cost.py measures them.
_LINE_STEPS, _NAME_STEPS, _VALUE_STEPS, _TEXT_STEPS, _CHARACTERS_A_STEP = 5, 4, 1, 1, 16
_SAMPLE_LINES = 1000
_LEADING_ROWS = 2
_VALUES_HELD = 1 << 16
_WIDTHS_KEPT = 50
_REGULAR = 0.9  # of the rows have the same number of fields, else the file is irregular
_END = "\x02end of file\x03"


class _StoppedError(Exception):
    """No further row is read; `why` is for the facts."""

    def __init__(self, why: Literal["too much work", "long row"]) -> None:
        super().__init__(why)
        self.why = why


class Rows:
    """Reads rows until they end, or `steps` of work are done.

    `sample` is the beginning of the file: its first thousand lines show delimiter and number of columns.
    """

    def __init__(
        self, facts: FileFacts, says: Mapping[str, Any], sample: str, steps: int = UNLIMITED
    ) -> None:
        self._facts = facts
        self._steps = self._steps_left = steps
        self._sample = "".join(islice(io.StringIO(sample, newline=""), _SAMPLE_LINES))
        self._pinned = "delimiter" in says
        facts.delimiter = says.get("delimiter") or find_delimiter(self._sample, facts.name)
        self._widths: Counter[int] = Counter()
        # The reader removes a byte order mark.
        self._characters = 1 if facts.encoding == "utf-8-sig" else 0
        self._places = [
            place for place in (facts.nul, facts.not_utf8) if place and place.character is not None
        ]
        self._odd: dict[int, tuple[OddRow, str]] = {}
        self._spans_lines = False
        self._held: list[list[str]] = []
        reader = csv.reader(io.StringIO(self._sample, newline=""), delimiter=facts.delimiter)
        widths = Counter(len(row) for row in _safely(reader) if row)
        facts.width = widths.most_common(1)[0][0] if widths else 0
        facts.columns = [Column() for _ in range(min(facts.width, MAX_COLUMNS))]
        self._row_steps = len(facts.columns) * _VALUE_STEPS
        self._most_held = _VALUES_HELD // max(len(facts.columns), 1)

    def read(self, lines: Iterable[str]) -> None:
        """Read from the start of the file."""
        facts = self._facts
        kept: list[str] = []
        source = self._keep(lines, kept)
        while True:
            try:
                self._read_rows(source, kept)
            except csv.Error:
                # More than the reader allows for a field: a long text, or everything after a lone quote.
                facts.rows += 1
                if len(kept) == 1 and kept[0].count('"') % 2 == 0:
                    kept.clear()
                    continue
                facts.open_quote = facts.rows
            except _StoppedError as stopped:
                self._stop(stopped.why)
            return

    def read_middle(self, piece: Piece, *, at_end: bool) -> None:
        """Read the complete lines of a later range, unless quotes leave open where its rows begin."""
        mark = self._facts.line_end.encode()
        data = piece.data[piece.data.find(mark) + 1 :] if mark in piece.data else b""
        lines = to_text(data if at_end else data[: data.rfind(mark) + 1])
        parts = [line for line in io.StringIO(lines, newline="") if line.strip()]
        self._spend(len(parts) * _LINE_STEPS + len(lines) // _CHARACTERS_A_STEP)
        if self._steps_left < 0:
            self._stop("too much work")
            return
        if self._spans_lines or not parts or any(line.count('"') % 2 for line in parts):
            return
        rows = list(_safely(csv.reader(parts, delimiter=self._facts.delimiter)))
        alike = sum(len(row) == self._facts.width for row in rows)
        if len(rows) != len(parts) or alike < _REGULAR * len(rows):
            return
        for row, raw in zip(rows, parts, strict=True):
            self._count(row, None, raw, piece.start)

    def finish(self) -> None:
        """Find odd rows, if most rows are alike."""
        self._look_into_columns()
        facts = self._facts
        facts.steps = self._steps - self._steps_left
        rows = sum(self._widths.values())
        # In a file of few rows one odd row is more than a tenth of them.
        alike = self._widths[facts.width]
        facts.regular = not facts.width or alike >= _REGULAR * rows or rows - alike <= 1
        others = Others(self._sample, facts.delimiter)
        facts.odd_row = next((odd.row for odd, _ in self._odd.values()), None)
        # pandas reads as many fields as the longer of the first two rows has.
        longest = max(facts.width, facts.lead)
        for width, (odd, line) in self._odd.items():
            if width < facts.width and facts.short_row is None:
                facts.short_row = odd
            elif width > longest > 1 and facts.long_row is None and self._is_certain(line, others):
                facts.long_row = odd

    def _read_rows(self, source: Iterator[str], kept: list[str]) -> None:
        facts = self._facts
        for row in csv.reader(source, delimiter=facts.delimiter):
            line_count, raw, last = len(kept), kept[0], kept[-1]
            kept.clear()
            if last is _END:
                if row != [_END]:
                    self._spans_lines = True
                    facts.open_quote = facts.rows + 1 if facts.whole else None
                return
            if not row:
                continue
            facts.rows += 1
            if not facts.first:
                facts.first = row
                self._spend(len(row) * _NAME_STEPS)
            if facts.rows <= _LEADING_ROWS:
                facts.lead = max(facts.lead, len(row))
            self._spans_lines = self._spans_lines or line_count > 1
            self._count(row, facts.rows, raw if line_count == 1 else None, 0)

    def _keep(self, lines: Iterable[str], kept: list[str]) -> Iterator[str]:
        """The lines, each recorded, and an end mark that becomes a row unless it is within quotes."""
        held = 0
        for line in lines:
            held = held + len(line) if kept else len(line)
            if held > MAX_ROW_CHARACTERS:
                raise _StoppedError("long row")
            self._steps_left -= _LINE_STEPS + len(line) // _CHARACTERS_A_STEP
            if self._steps_left < 0:
                raise _StoppedError("too much work")
            self._facts.characters += len(line)
            if self._places:
                self._pass_places(len(line))
            kept.append(line)
            yield line
        kept.append(_END)
        yield _END

    def _pass_places(self, characters: int) -> None:
        """Record the row of each place within the next characters."""
        self._characters += characters
        for place in [each for each in self._places if (each.character or 0) < self._characters]:
            place.row = self._facts.rows + 1
            self._places.remove(place)

    def _count(self, row: list[str], number: int | None, raw: str | None, near: int) -> None:
        width = len(row)
        if width > 1 and not any(row):
            self._facts.empty_rows += 1
            self._facts.empty_row = self._facts.empty_row or number
        self._widths[width] += 1
        if width == self._facts.width:
            if number != 1:
                self._steps_left -= self._row_steps
                self._held.append(row)
                if len(self._held) > self._most_held:
                    self._look_into_columns()
        elif raw is not None and width not in self._odd and len(self._odd) < _WIDTHS_KEPT:
            self._odd[width] = OddRow(width, number, near), raw

    def _look_into_columns(self) -> None:
        columns = self._facts.columns
        tried = sum(
            column.add(values) for column, values in zip(columns, zip(*self._held, strict=True), strict=False)
        )
        self._facts.sample.add(self._held)
        self._spend(tried * _TEXT_STEPS)
        self._held.clear()

    def _spend(self, steps: int) -> None:
        self._steps_left -= steps

    def _stop(self, why: Literal["too much work", "long row"]) -> None:
        self._facts.whole = False
        self._facts.stopped = why

    def _is_certain(self, line: str, others: Others) -> bool:
        """Whether the row has more fields in every reading: other quotes, escapes or delimiters."""
        delimiter = self._facts.delimiter
        if "\\" in line or line.startswith("'") or f"{delimiter}'" in line or self._facts.open_quote:
            return False
        return self._pinned or not others.may_separate(line)


def to_text(data: bytes) -> str:
    """Any bytes as text."""
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def _safely(reader: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        return
