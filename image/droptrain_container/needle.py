"""A text that is looked for in all the forms in which it can be printed."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from droptrain_container.quoting import forms, interpreted

# Whole values are masked from so many characters on, lines and the texts inside a JSON secret from more:
# a log without every `true` would tell more than it hides.
LEAST_CHARACTERS = 4
LEAST_OF_A_PART = 8
# A text is looked for where its first characters are, and a long one in pieces.
_FIRST_UNITS = 4
_PIECE_CHARACTERS = 256
# Data that looks like the text in so many ways isn't looked at any closer.
_MOST_TRIES = 200_000

Span = tuple[int, int]
# The forms of one character, or of several that have one form each.
Unit = tuple[bytes, ...]


def needles_of(values: Iterable[str]) -> list["Needle"]:
    """What to look for so that nothing of the values is shown."""
    return [Needle(units) for units in dict.fromkeys(each for value in values for each in _units_of(value))]


class Needle:
    """A text to be found in any of its forms. A unit is the forms of one character, or of several plain ones.

    Not one regex: where a text has many quotes, a regex would try the forms in all combinations.
    """

    def __init__(self, units: Sequence[Unit]) -> None:
        # The forms of each unit by their first byte.
        self._units = [_by_first_byte(unit) for unit in units]
        self.length = sum(min(map(len, unit)) for unit in units)
        self._most_bytes = sum(max(map(len, unit)) for unit in units)
        self._beginning = _Beginning(units)

    def find(self, data: bytes) -> Iterator[Span]:
        """Where the text is in `data`; after too many vain tries, all the rest of it."""
        at, tries = 0, _MOST_TRIES
        while (start := self._beginning.find(data, at)) >= 0:
            ends, _, used = self._follow(data, start)
            tries -= used
            if tries < 0:
                yield start, len(data)
                return
            if ends:
                yield start, max(ends)
            at = max(ends, default=start + 1)

    def begin(self, data: bytes) -> Iterator[int]:
        """Where in `data` the text may begin that goes on beyond its end, in order."""
        tries = _MOST_TRIES
        for start in self._beginning.find_open(data, max(len(data) - self._most_bytes, 0)):
            _, is_open, used = self._follow(data, start)
            tries -= used
            if is_open or tries < 0:
                yield start

    def _follow(self, data: bytes, start: int) -> tuple[set[int], bool, int]:
        """Where the text from `start` on ends; whether `data` ends within it instead; the tries made."""
        ends, is_open, tries = {start}, False, 0
        for unit in self._units:
            after = set()
            for end in ends:
                if end == len(data):
                    is_open = True
                for form in (*unit.get(data[end : end + 1], ()), *unit.get(b"", ())):
                    tries += 1
                    if data.startswith(form, end):
                        after.add(end + len(form))
                    elif form.startswith(data[end : end + len(form)]):
                        is_open = True
            ends = after
            if not ends:
                break
        return ends, is_open and not ends, tries


class _Beginning:
    """The first units of a needle, by which places are found that are worth a closer look."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._literal = units[0][0] if len(units[0]) == 1 and len(units[0][0]) >= _FIRST_UNITS else b""
        first = [] if self._literal else units[:_FIRST_UNITS]
        self._pattern = b"".join(b"(?:" + b"|".join(map(re.escape, unit)) + b")" for unit in first)
        self._first_bytes = {form[:1] for form in units[0]}
        self._most_bytes = sum(max(map(len, unit)) for unit in first) or len(self._literal)

    def find(self, data: bytes, at: int) -> int:
        """Where the first units are all, from `at` on; -1 if nowhere."""
        if self._literal:
            return data.find(self._literal, at)
        found = self._regex.search(data, at)
        return found.start() if found else -1

    def find_open(self, data: bytes, at: int) -> Iterator[int]:
        """Where the first units are, from `at` on, or may be of which `data` ends within, in order."""
        late = max(len(data) - self._most_bytes, at)
        start = self.find(data, at)
        while 0 <= start < late:
            yield start
            start = self.find(data, start + 1)
        for place in range(late, len(data)):
            if data[place : place + 1] in self._first_bytes or b"" in self._first_bytes:
                yield place

    @cached_property
    def _regex(self) -> re.Pattern[bytes]:
        return re.compile(self._pattern)


def _by_first_byte(unit: Unit) -> dict[bytes, Unit]:
    return {first: tuple(form for form in unit if form[:1] == first) for first in {form[:1] for form in unit}}


def _units_of(value: str) -> Iterator[tuple[Unit, ...]]:
    texts = [value, interpreted(value)]
    parts = list(dict.fromkeys(part for text in texts for part in _parts(text)))
    for part in parts:
        yield from _pieces([forms(character) for character in part])
    for text in dict.fromkeys([*texts, *parts]):
        if len(text) >= LEAST_OF_A_PART:
            for digits in _in_base64(text.encode(errors="replace")):
                yield from _pieces([_of_digit(digit) for digit in digits])


def _pieces(units: Sequence[Unit]) -> Iterator[tuple[Unit, ...]]:
    count = -(-len(units) // _PIECE_CHARACTERS)
    size = -(-len(units) // count)
    for start in range(0, len(units), size):
        yield tuple(_joined(units[start : start + size]))


def _parts(value: str) -> Iterator[str]:
    """The value's lines, as each line is a text of its own; the texts in it where it is JSON."""
    lines = [line.strip() for line in value.splitlines()]
    least = LEAST_CHARACTERS if len(lines) == 1 else LEAST_OF_A_PART
    yield from (line for line in lines if len(line) >= least)
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict | list):
        for text in _texts(document):
            yield from (line for line in text.splitlines() if len(line) >= LEAST_OF_A_PART)


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for inner in document.values() if isinstance(document, dict) else document:
            yield from _texts(inner)


def _in_base64(content: bytes) -> Iterator[str]:
    """The digits that depend on `content` alone, with 0, 1 or 2 bytes of something else before it."""
    for before in range(3):
        digits = b64encode(b"\0" * before + content).decode()
        yield digits[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]


def _of_digit(digit: str) -> Unit:
    """The forms of a digit, in base64's own alphabet or in that for URLs."""
    return forms(digit) + forms({"+": "-", "/": "_"}.get(digit, digit))


def _joined(units: Iterable[Unit]) -> Iterator[Unit]:
    """The units, those of a single form joined to one."""
    plain = b""
    for unit in units:
        if len(set(unit)) == 1:
            plain += unit[0]
            continue
        if plain:
            yield (plain,)
            plain = b""
        yield unit
    if plain:
        yield (plain,)
