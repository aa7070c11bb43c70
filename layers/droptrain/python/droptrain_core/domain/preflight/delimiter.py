"""Finds the delimiter of a CSV. At most eight other characters are tried besides it."""

import csv
import io
from collections import Counter

_USUAL = (",", ";", "\t", "|")
_CLEAR = 0.5
MAX_OTHERS = 8


def find_delimiter(sample: str, name: str) -> str:
    """The delimiter with which most complete rows have the same number of fields, at least two."""
    best, share = "\t" if ".tsv" in name.lower() else ",", 0.0
    for delimiter in _USUAL:
        widths = _widths(sample, delimiter)
        width, count = widths.most_common(1)[0] if widths else (0, 0)
        # Between two clear delimiters the earlier one stays: a semicolon is common in texts.
        if width > 1 and count / sum(widths.values()) > max(share, _CLEAR if delimiter != best else 0.0):
            best, share = delimiter, count / sum(widths.values())
            if share == 1:
                break
    return best


class Others:
    """The other characters that could separate the fields of a sample: the symbols of its first line."""

    def __init__(self, sample: str, delimiter: str) -> None:
        self._sample = sample
        first = set(sample.partition("\n")[0])
        self._symbols = {each for each in first if not each.isalnum() and each not in f'"\r\n{delimiter}'}
        self._sample_widths: dict[str, Counter[int]] = {}

    def may_separate(self, line: str) -> bool:
        """Whether another character separates all rows of the sample, and the line, into the same fields.

        With more than MAX_OTHERS characters to try, the answer is yes: it isn't proven that none does.
        """
        symbols = sorted(self._symbols.intersection(line))
        return len(symbols) > MAX_OTHERS or any(self._separates(symbol, line) for symbol in symbols)

    def _separates(self, symbol: str, line: str) -> bool:
        widths = _widths(line, symbol)
        if len(widths) != 1 or 1 in widths:
            return False
        if symbol not in self._sample_widths:
            self._sample_widths[symbol] = _widths(self._sample, symbol)
        return self._sample_widths[symbol].keys() == widths.keys()


def _widths(text: str, delimiter: str) -> Counter[int]:
    widths: Counter[int] = Counter()
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                widths[len(row)] += 1
    except csv.Error:
        return widths
    return widths
