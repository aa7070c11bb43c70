"""One metric's points in METRICS_FILE, read on as the file grows."""

import threading
from io import BytesIO

from droptrain_container import metrics
from droptrain_container.metrics_file import MetricsFile
from droptrain_container.points import Points


class FollowedMetric:
    """The points of the metric `name`, those that earlier attempts left included."""

    def __init__(self, file: MetricsFile, name: str) -> None:
        self._file = file
        self._name = name
        self._points = Points()
        self._offset = 0
        self._lines = 0
        self._lock = threading.Lock()

    def values(self) -> dict[float, float]:
        """Its numbers by step, NaN if the last one was not finite; OSError if the file can't be read.

        Reads what was added since the last call; of very much, the last 8 MiB. A line without a step counts
        by its number.
        """
        with self._lock:
            added, self._offset = self._file.read_from(self._offset)
            for line in metrics.lines_of(BytesIO(added[: added.rfind(b"\n") + 1])):
                self._lines += 1
                if (point := metrics.point_of(line, self._name, self._lines)) is not None:
                    self._points.add(self._name, *point)
            return self._points.of(self._name)
