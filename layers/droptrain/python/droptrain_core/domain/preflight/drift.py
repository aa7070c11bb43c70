"""Whether the values of a column have drifted since the last good dataset."""

from collections.abc import Iterator
from math import sqrt

from droptrain_core.domain.preflight.column_summary import FREQUENT, ColumnSummary

# A median has moved if it did so by this many interquartile ranges (of the narrower data that has one), and
# by this part of itself.
_INTERQUARTILE_RANGES = 3
_PART = 0.1
# A share has moved if it did so by this much, and by this many standard errors of the two samples.
_SHARE = 0.2
_STANDARD_ERRORS = 5
_VALUE_CHARACTERS = 40


def changes(now: ColumnSummary, last: ColumnSummary, rows: tuple[int, int]) -> Iterator[str]:
    """What has drifted in a column; `rows` are the sizes of the samples, of `now` and of `last`."""
    if now.kind and last.kind and now.kind != last.kind:
        return
    if now.median is not None and last.median is not None and _has_moved(now, last):
        yield f"the median moved from {last.median:,.6g} to {now.median:,.6g}"
    if now.frequent is None or last.frequent is None or _are_constant(now, last):
        return
    for value in {**last.frequent, **now.frequent}:
        share, before = now.frequent.get(value, 0.0), last.frequent.get(value, 0.0)
        if not (share and before) and _is_a_count(value):
            continue
        if _differ(share, before, rows):
            shown = repr(value[:_VALUE_CHARACTERS]) if value else "empty"
            yield f"{_percent(share)} of the values are {shown}, and it was {_percent(before)}"


def _are_constant(*columns: ColumnSummary) -> bool:
    """Whether each has one value in all rows, as a column with the name of the day or the shop has."""
    return all(
        any(value and share == 1 for value, share in (each.frequent or {}).items()) for each in columns
    )


def _has_moved(now: ColumnSummary, last: ColumnSummary) -> bool:
    medians = (now.median or 0.0, last.median or 0.0)
    spreads = ((each.high or 0.0) - (each.low or 0.0) for each in (now, last))
    spread = min(filter(None, spreads), default=0.0)
    distance = abs(medians[0] - medians[1])
    return spread > 0 and distance > max(_INTERQUARTILE_RANGES * spread, _PART * max(map(abs, medians)))


def _differ(share: float, before: float, rows: tuple[int, int]) -> bool:
    """Whether two shares differ, by the test of two proportions."""
    both = (share * rows[0] + before * rows[1]) / sum(rows)
    error = sqrt(both * (1 - both) * (1 / rows[0] + 1 / rows[1]))
    return abs(share - before) > max(_SHARE, _STANDARD_ERRORS * error)


def _is_a_count(value: str) -> bool:
    """Whether a value is mostly digits, as dates and numbers except 0 are: other data have other ones."""
    digits = [letter for letter in value if letter.isdigit()]
    return bool({*digits} - {"0"}) and 2 * len(digits) >= len(value)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if share else f"under {FREQUENT:.0%}".replace("%", " %")
