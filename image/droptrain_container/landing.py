"""The MD5 of a large file that comes in parts: reckoned from its beginning on while the rest still comes."""

import hashlib
import os
import threading
from pathlib import Path

_READ_BYTES = 1 << 20


class Landing:
    """A file that is written in parts of `part` bytes; its last `behind` bytes may have gaps.

    Gaps are what the file system says. One that tells none is believed, and `is_whole` finds it out.
    """

    def __init__(self, path: Path, part: int, behind: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._part = part
        self._behind = behind
        self._digest = hashlib.md5(usedforsecurity=False)
        self._done = 0
        self._lock = threading.Lock()

    def follow(self) -> None:
        """Read on, to the last part before a gap."""
        with self._lock:
            if self._file.closed:
                return
            size = os.fstat(self._file.fileno()).st_size
            if self._done < size - self._behind:
                gap = os.lseek(self._file.fileno(), self._done, os.SEEK_HOLE)
                # A gap begins with a page: the one before it may hold a part's bytes to come.
                self._read(min(gap - 1, size - self._behind) // self._part * self._part)

    def is_whole(self, path: Path, md5: str) -> bool:
        """Read the rest of the file, which lies at `path` by now; whether all that was read has this MD5.

        False says nothing of the file: it may have been read too early, or another one may be there.
        """
        with self._lock, self._file:
            stat = os.fstat(self._file.fileno())
            if not os.path.samestat(stat, path.stat()):
                return False
            self._read(stat.st_size)
            return self._digest.hexdigest() == md5

    def _read(self, end: int) -> None:
        while self._done < end:
            block = os.pread(self._file.fileno(), min(_READ_BYTES, end - self._done), self._done)
            if not block:
                return
            self._digest.update(block)
            self._done += len(block)
