"""Cursors of pages: opaque to users, checked for shape, unsigned."""

import base64
import binascii
import json
import zlib
from typing import Any

from droptrain_core.domain.errors import BadCursorError

# Cursors are compressed, because they are part of a URL, and a key of S3 has 1,024 bytes, often escaped.
_MAX_CHARACTERS = 2000
_MAX_BYTES = 16 * 1024


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


def refused() -> BadCursorError:
    """The error for a cursor that isn't from this list."""
    return BadCursorError("The cursor isn't from this list; begin again without one")
