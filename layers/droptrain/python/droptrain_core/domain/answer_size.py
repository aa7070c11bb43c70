"""The size of an answer of the HTTP API: Lambda accepts 6 MB, after it has escaped the body a second time.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (invocation payload)
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile

# For the items of an answer; the rest of the 6 MB is for its other parts.
ROOM_BYTES = 5_000_000


def encoded_bytes(value: Mapping[str, object]) -> int:
    """The size of a part of an answer in bytes: JSON in ASCII, as a string in JSON."""
    return len(json.dumps(json.dumps(value)))


@dataclass
class Room:
    """The remaining room in an answer, in bytes."""

    left: int = ROOM_BYTES
    is_empty: bool = True

    def takes(self, value: Mapping[str, object]) -> bool:
        """Take another part if it fits; the first part is always taken."""
        size = encoded_bytes(value)
        if size > self.left and not self.is_empty:
            return False
        self.left -= size
        self.is_empty = False
        return True


def how_many_fit(parts: Iterable[Mapping[str, object]], room_bytes: int = ROOM_BYTES) -> int:
    """How many of the parts fit into an answer, from the first on."""
    room = Room(room_bytes)
    return sum(1 for _ in takewhile(room.takes, parts))
