"""What a launch keeps of a column: its type, range, median and frequent values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.preflight import notation
from droptrain_core.domain.preflight.facts import Column
from droptrain_core.domain.text import plain

# Fewer rows show neither a median nor frequent values.
MIN_ROWS = 100
# A value is frequent from this share on. At most the ten most frequent ones are kept.
FREQUENT = 0.05
_FREQUENT_KEPT = 10
_ONE_WAY = 0.98
_NAME_CHARACTERS = 60
# Programs write a zero as 0, 0.0 or -0; pandas changes between them when a value is missing.
_ZERO = "0"


@frozen
class ColumnSummary:
    """A column: "numbers", "text" or None for both; the share of empty values; the range of its numbers.

    `median`, and the quartiles `low` and `high`, are of a sample of its numbers; None if they are few, or
    rise or fall through the file, as times do. `frequent` has the share of each frequent value in the sample,
    "" for the empty ones; None if the sample doesn't show it. `is_moving`: it has drifted since the dataset
    before.
    """

    name: str
    kind: str | None
    empty: float
    least: float | None
    most: float | None
    median: float | None = None
    low: float | None = None
    high: float | None = None
    frequent: Mapping[str, float] | None = None
    is_moving: bool = False


def describe(name: str, column: Column, sample: Sequence[str], *, is_whole: bool) -> ColumnSummary:
    """The summary of a column; `sample` are values of it in their order, of the whole data or of parts."""
    values = column.numbers + column.texts + column.empty
    tried = [None if column.kind == "text" else _number(value) for value in sample]
    numbers = [number for number in tried if number is not None]
    has_median = len(numbers) >= max(MIN_ROWS, len(sample) / 2) and not _goes_one_way(numbers)
    numbers.sort()
    quarters = [numbers[len(numbers) * part // 4] if has_median else None for part in (1, 2, 3)]
    low, median, high = (None if each is None else float(f"{each:.6g}") for each in quarters)
    return ColumnSummary(
        plain(name, _NAME_CHARACTERS),
        column.kind,
        round(column.empty / values, 4) if values else 0.0,
        column.least,
        column.most,
        median,
        low,
        high,
        _frequent(
            [_ZERO if number == 0 else value for value, number in zip(sample, tried, strict=True)],
            is_whole=is_whole,
        ),
    )


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        if not notation.is_number(value):
            return None
        number = notation.float_of(value)
    return number if isfinite(number) else None


def _goes_one_way(numbers: Sequence[float]) -> bool:
    """Whether the numbers rise, or fall, nearly everywhere."""
    rises = sum(before < after for before, after in pairwise(numbers))
    falls = sum(before > after for before, after in pairwise(numbers))
    return max(rises, falls) > _ONE_WAY * (rises + falls)


def _frequent(sample: Sequence[str], *, is_whole: bool) -> Mapping[str, float] | None:
    """The share of each frequent value; None if the sample is too small, or shows only some sorted parts."""
    rows = len(sample)
    if rows < MIN_ROWS:
        return None
    counts = Counter(sample)
    if not is_whole:
        changes = sum(before != after for before, after in pairwise(sample))
        by_chance = rows - sum(count * count for count in counts.values()) / rows
        if changes < by_chance / 2:
            return None
    shares = ((plain(value), count / rows) for value, count in counts.most_common(_FREQUENT_KEPT))
    return {value: round(share, 4) for value, share in shares if share >= FREQUENT}
