"""Cursors of pages: opaque to users, checked for shape, unsigned."""

import base64
import binascii
import json
from typing import Any

from droptrain.domain.errors import BadCursorError

_MAX_CHARACTERS = 2000


def encode(position: object) -> str:
    """A cursor that stands for a position that JSON can say."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def decode(cursor: str) -> Any:
    """The position of a cursor; BadCursorError if it isn't one that `encode` can have made."""
    try:
        if len(cursor) > _MAX_CHARACTERS:
            raise ValueError("too long")
        position = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        # Escaped halves of a character are JSON, but no text.
        json.dumps(position, ensure_ascii=False).encode()
    except (binascii.Error, ValueError, RecursionError):
        raise refused() from None
    return position


def refused() -> BadCursorError:
    """The error for a cursor that another list handed out, or none."""
    return BadCursorError("The cursor isn't one that this list handed out; begin again without one")
