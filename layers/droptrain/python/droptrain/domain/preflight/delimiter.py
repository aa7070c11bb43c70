"""Which character separates the fields of a CSV."""

import csv
import io
from collections import Counter

_USUAL = (",", ";", "\t", "|")
_CLEAR = 0.9


def find_delimiter(sample: str, name: str) -> str:
    """The delimiter by which most rows of complete lines have the same number of fields, several of them."""
    best, share = "\t" if ".tsv" in name.lower() else ",", 0.0
    for delimiter in _USUAL:
        widths = _widths(sample, delimiter)
        width, count = widths.most_common(1)[0] if widths else (0, 0)
        # One clear delimiter is as good as another, so the earlier stays: a semicolon in texts is usual.
        if width > 1 and count / sum(widths.values()) > max(share, 0.5 if delimiter != best else 0.0):
            best, share = delimiter, count / sum(widths.values())
            if share == 1:
                break
    return best


def is_regular_with_another(sample: str, line: str, delimiter: str) -> bool:
    """Whether another character separates all rows of the sample, and the line, into the same fields."""
    first = sample.partition("\n")[0]
    others = {letter for letter in first if not letter.isalnum() and letter not in f'"\r\n{delimiter}'}
    for other in others:
        widths = _widths(sample, other)
        if len(widths) == 1 and (width := next(iter(widths))) > 1 and _widths(line, other) == {width: 1}:
            return True
    return False


def _widths(text: str, delimiter: str) -> Counter[int]:
    widths: Counter[int] = Counter()
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                widths[len(row)] += 1
    except csv.Error:
        return widths
    return widths
