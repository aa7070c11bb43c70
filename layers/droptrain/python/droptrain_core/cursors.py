"""Cursors of pages: opaque to users, checked for shape, unsigned."""

import base64
import binascii
import json
import zlib
from math import isfinite
from typing import Any

from droptrain_core.aws.run_pages import Position
from droptrain_core.domain.errors import BadCursorError

# Cursors are compressed, because they are part of a URL, and a key of S3 has 1,024 bytes, often escaped.
_MAX_CHARACTERS = 2000
_MAX_BYTES = 16 * 1024
# The keys of the table's indexes that are numbers; all others are texts.
_NUMBERS = ("headline",)


def encode(position: object) -> str:
    """A cursor for a position that JSON can express."""
    text = json.dumps(position, ensure_ascii=False).encode(errors="surrogatepass")
    return base64.urlsafe_b64encode(zlib.compress(text)).decode()


def decode(cursor: str) -> Any:
    """The position of a cursor; BadCursorError if `encode` can't have made it."""
    try:
        if len(cursor) > _MAX_CHARACTERS:
            raise ValueError("too long")
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(base64.b64decode(cursor, altchars=b"-_", validate=True), _MAX_BYTES)
        if not unpacking.eof:
            raise ValueError("too long, or cut off")
        position = json.loads(text)
        # Escaped halves of a character are JSON, but no text.
        json.dumps(position, ensure_ascii=False).encode()
    except (binascii.Error, ValueError, RecursionError, zlib.error):
        raise refused() from None
    return position


def of_position(position: Position | None) -> str | None:
    """The cursor of a page of the table; None after the last page."""
    if position is None:
        return None
    return encode({name: value for name, typed in position.items() for value in typed.values()})


def position(cursor: str | None, owner: str, owned: str, order: str = "created_order") -> Position | None:
    """The position of a cursor in an index: in the part whose key `owner` has the value `owned`.

    None without a cursor. BadCursorError for a cursor of another list.
    """
    if not cursor:
        return None
    values = decode(cursor)
    if not isinstance(values, dict) or set(values) != {"pk", order, owner} or values[owner] != owned:
        raise refused()
    if not all(isinstance(value, str) and value for value in values.values()):
        raise refused()
    if order in _NUMBERS and not _is_number(values[order]):
        raise refused()
    return {name: {"N" if name in _NUMBERS else "S": value} for name, value in values.items()}


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def refused() -> BadCursorError:
    """The error for a cursor that isn't from this list."""
    return BadCursorError("The cursor isn't from this list; begin again without one")
