"""What objects of a drop contain: plain files and every odd one that people upload."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass

_FILLER = b"5.1,3.5\n"


@dataclass(frozen=True, repr=False)
class Content:
    """The bytes that an object starts with, and its size in bytes; a larger object goes on with numbers."""

    data: bytes
    size: int

    def __repr__(self) -> str:
        return f"Content({self.data[:60]!r}, {len(self.data)} of {self.size} bytes)"

    def piece(self, start: int, length: int) -> bytes:
        """The bytes from `start` on."""
        end = min(start + length, self.size)
        head = self.data[start:end]
        rest = end - max(start, len(self.data))
        if rest <= 0:
            return head
        offset = max(start - len(self.data), 0) % len(_FILLER)
        repeats = (offset + rest) // len(_FILLER) + 1
        return head + (_FILLER * repeats)[offset : offset + rest]


def of_bytes(data: bytes, size: int | None = None) -> Content:
    """An object of these bytes, or a larger one that starts with them."""
    return Content(data, len(data) if size is None else size)


def _rows(header: str, row: str, encoding: str = "utf-8", rows: int = 6) -> bytes:
    return "".join([f"{header}\n", *[f"{row}\n"] * rows]).encode(encoding)


def _wide(columns: int) -> bytes:
    names = ",".join(f"c{number}" for number in range(columns))
    return _rows(names, ",".join("" if number % 2 else "1" for number in range(columns)), rows=3)


def _symbols(count: int) -> bytes:
    return _rows("".join(chr(0x3400 + number) for number in range(count)), "1", rows=2)


PLAIN = of_bytes(_rows("width,height", "5.1,3.5"))
# Each takes a number from 1 on, and grows with it.
KINDS: dict[str, Callable[[int], Content]] = {
    "plain": lambda _: PLAIN,
    "empty": lambda _: of_bytes(b""),
    "blank": lambda _: of_bytes(b"\n\n \n"),
    "header only": lambda _: of_bytes(b"a,b\n"),
    "no line feed": lambda _: of_bytes(b"a,b\n1,2"),
    "latin-1 header over an empty column": lambda _: of_bytes(_rows("id;größe;y", "1;;2", "latin-1")),
    "latin-1 values": lambda _: of_bytes(_rows("id,name", "1,Köln", "latin-1")),
    "utf-16": lambda _: of_bytes(_rows("id,größe", "1,2", "utf-16")),
    "utf-8 with a mark": lambda _: of_bytes(_rows("id,größe", "1,2", "utf-8-sig")),
    "an encoded surrogate in the header": lambda _: of_bytes(b"id,a\xed\xb3\xb6b\n1,\n2,\n3,\n"),
    "invalid bytes": lambda number: of_bytes(b"id,\xff\xfe\xf6" * number + b"\n1,2\n"),
    "control characters": lambda _: of_bytes(_rows("i\x1bd,a\x07\x85b", "1,")),
    "emoji": lambda number: of_bytes(_rows(f"id,{'😀' * number}", "1,")),
    "long names": lambda number: of_bytes(_rows(",".join(["é" * 20 * number] * 20), "1" + "," * 19)),
    "one name for all columns": lambda number: of_bytes(_rows(",".join(["a"] * number), "1")),
    "wide": lambda number: of_bytes(_wide(number)),
    "symbols": lambda number: of_bytes(_symbols(number)),
    "ragged": lambda _: of_bytes(b"a,b,c\n1,2,3\n1,2\n1,2,3\n1,2,3,4,5\n1,2,3\n" * 4),
    "an open quote": lambda _: of_bytes(b'a,b\n1,"2\n3,4\n5,6\n'),
    "quoted line feeds": lambda _: of_bytes(b'a,b\n1,"x\ny"\n2,"z"\n'),
    "nul bytes": lambda _: of_bytes(b"a,b\n1,\x00\n2,3\n"),
    "binary": lambda _: of_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    "gzip": lambda _: of_bytes(gzip.compress(PLAIN.data, mtime=0)),
    "large": lambda number: of_bytes(PLAIN.data, number * 1_000_000_000),
    "larger than the ranges that are read": lambda number: of_bytes(PLAIN.data, 200_000 + 1000 * number),
}
