"""METRICS_FILE, read with suspicion: whatever the script made of it, a regular file's two ends are read."""

import os
import threading
from collections.abc import Callable
from io import BytesIO

from droptrain_container import metrics
from droptrain_container.folder import Look, look_of, open_trusted
from droptrain_container.layout import Layout

# Of a larger file its beginning and its end are kept; droptrain's readers take the last 8 MiB.
FIRST_BYTES = 1 << 20
LAST_BYTES = 8 << 20


class MetricsFile:
    """The script's METRICS_FILE; `say` gets a line once if it can't be read, or not whole."""

    def __init__(self, layout: Layout, say: Callable[[str], None]) -> None:
        self.path = layout.metrics_file
        self._trusted = layout.trusted
        self._say = say
        self._said: set[str] = set()
        self._own: dict[str, float] = {}
        self._own_step = 0.0
        self._own_from = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Take what is there for what earlier attempts left."""
        with self._lock:
            self._own, self._own_step, self._own_from = {}, 0, self.look()[0]

    def own_values(self) -> dict[str, float]:
        """The last number of each name that was written since `begin`, also NaN and infinity.

        Reads what was added since the last call; of very much, the last 8 MiB.
        """
        with self._lock:
            try:
                added, own_from = self.read_from(self._own_from)
            except OSError:  # `read` says so
                return dict(self._own)
            if own_from < self._own_from:  # begun anew
                self._own, self._own_step = {}, 0
            lines = list(metrics.lines_of(BytesIO(added)))
            self._own = metrics.last_numbers(lines, self._own)
            self._own_step = max(self._own_step, metrics.last_step(lines))
            self._own_from = own_from
            return dict(self._own)

    def read_from(self, offset: int) -> tuple[bytes, int]:
        """(what was added from `offset` on, the offset behind its last whole line); OSError.

        Of very much, the last 8 MiB; all of a file that has become shorter.
        """
        with open_trusted(self.path, self._trusted) as file:
            size = os.fstat(file.fileno()).st_size
            start = max(offset if size >= offset else 0, size - LAST_BYTES)
            file.seek(start)
            added = file.read(size - start)
        return added, start + added.rfind(b"\n") + 1

    def own_step(self) -> float:
        """The greatest step that was written since `begin`; 0 if there is none."""
        self.own_values()
        return self._own_step

    def look(self) -> Look:
        """Distinguishes states of the file; zeros if there is nothing to read."""
        try:
            with open_trusted(self.path, self._trusted) as file:
                return look_of(os.fstat(file.fileno()))
        except OSError:
            return 0, 0, 0

    def read(self) -> bytes:
        """Its lines, those in the middle of a very large file left out; empty if there is none to read."""
        try:
            with open_trusted(self.path, self._trusted) as file:
                size = os.fstat(file.fileno()).st_size
                if size <= FIRST_BYTES + LAST_BYTES:
                    return file.read(size)
                self._say_once(
                    f"METRICS_FILE has {size >> 20} MiB; its first {FIRST_BYTES >> 20} and its last "
                    f"{LAST_BYTES >> 20} MiB are kept."
                )
                first = file.read(FIRST_BYTES)
                file.seek(size - LAST_BYTES)
                last = file.read(LAST_BYTES)
        except FileNotFoundError:
            return b""
        except OSError as error:
            self._say_once(f"METRICS_FILE can't be read: {error}.")
            return b""
        return first[: first.rfind(b"\n") + 1] + last[last.find(b"\n") + 1 :]

    def last_values(self, more: bytes) -> dict[str, float]:
        """The last number of each name in it, and in the lines `more` that follow it."""
        return metrics.last_values(metrics.lines_of(BytesIO(_joined(self.read(), more))))

    def last_step(self) -> float:
        """The greatest step in it; 0 if there is none."""
        return metrics.last_step(metrics.lines_of(BytesIO(self.read())))

    def content(self, more: bytes) -> bytes:
        """What metrics.jsonl holds: the file, and the lines `more` that follow it."""
        return _joined(self.read(), more)

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)


def _joined(lines: bytes, more: bytes) -> bytes:
    return lines + b"\n" + more if more and lines and not lines.endswith(b"\n") else lines + more
