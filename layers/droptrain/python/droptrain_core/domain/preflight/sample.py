"""A sample of a file's rows in bounded memory. It shows medians and frequent values of the columns."""

from collections.abc import Sequence

MAX_ROWS = 1000
MAX_COLUMNS = 100
_VALUE_CHARACTERS = 40
# Multiplicative hashing (Knuth, The Art of Computer Programming, 6.4): row numbers are spread over 32 bits.
_MULTIPLIER, _HASHES = 2654435769, 1 << 32


class RowSample:
    """Rows in their order: all of them, or MAX_ROWS / 2 to MAX_ROWS that are spread over the file.

    A row stays while the hash of its number is below a limit. The limit is halved when there are too many
    (Wegman's adaptive sampling). Without randomness, the same file has the same sample.
    """

    def __init__(self) -> None:
        self._count = 0
        self._limit = _HASHES
        self._kept: list[tuple[int, list[str]]] = []

    def add(self, rows: Sequence[list[str]]) -> None:
        """Add the next rows; of each, the first columns and the beginnings of their values are kept."""
        for start in range(0, len(rows), MAX_ROWS):
            part, limit = rows[start : start + MAX_ROWS], self._limit
            self._kept += [
                (place, [value.strip()[:_VALUE_CHARACTERS] for value in row[:MAX_COLUMNS]])
                for number, row in enumerate(part, self._count)
                if (place := number * _MULTIPLIER % _HASHES) < limit
            ]
            self._count += len(part)
            while len(self._kept) > MAX_ROWS:
                self._limit //= 2
                self._kept = [each for each in self._kept if each[0] < self._limit]

    def rows(self, most: int) -> list[list[str]]:
        """At most so many rows of the sample, at equal distances."""
        step = max(-(-len(self._kept) // max(most, 1)), 1)
        return [row for _, row in self._kept[::step]]
