"""The run's growing records: log.txt and metrics.jsonl, continued from earlier attempts, and timing.json."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from droptrain_container.folder import Look
from droptrain_container.log import Log
from droptrain_container.progress import PREFIX
from droptrain_container.s3 import Bucket, MissingError
from droptrain_container.series import Series
from droptrain_container.timing import Timing

UPLOAD_SECONDS = 10.0
# How often a training without a metric so far is looked at for its first one.
_FIRST_METRIC_SECONDS = 1.0
_LARGE_BYTES = 1 << 30
_STOP_SECONDS = 5.0


class Records:
    """log.txt, metrics.jsonl and timing.json of one run; uploaded whole, and only when they changed.

    `progress` makes the content of timing.json.
    """

    def __init__(
        self,
        bucket: Bucket,
        prefix: str,
        log: Log,
        series: Series,
        timing: Timing,
        progress: Callable[[], bytes],
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._log = log
        self._series = series
        self._timing = timing
        self._progress = progress
        self._log_uploaded = -1
        self._metrics_uploaded: tuple[Look, bytes] | None = None
        self._progress_uploaded = b""
        self._has_metric = False
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def continue_earlier(self, attempt: int) -> None:
        """Take what earlier attempts left as the beginning of this attempt's records."""
        self._log.begin_attempt(attempt, self._earlier("log.txt"))
        with suppress(MissingError):
            # To the disk, not to memory: how much the script wrote is its own affair.
            path = self._series.metrics_file.path
            self._bucket.download(self._prefix + "metrics.jsonl", path, _LARGE_BYTES)
            with path.open("a+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - 1, 0))
                if size and file.read(1) != b"\n":
                    file.write(b"\n")

    def start(self) -> None:
        """Upload every UPLOAD_SECONDS from a thread, until `stop`."""
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the upload that it may be at; an S3 that doesn't answer isn't waited for."""
        self._stopped.set()
        if self._thread:
            self._thread.join(_STOP_SECONDS)

    def upload(self) -> None:
        """Upload what changed; a failure is logged and raises nothing."""
        self._try("log.txt", self._upload_log)
        self._try("metrics.jsonl", self._upload_metrics)
        self._try("timing.json", self._upload_progress)

    def metrics(self) -> dict[str, float]:
        """The last number of each metric in metrics.jsonl; empty if there is none to read.

        A metric that ended as NaN or infinity has no result: an earlier number says nothing about the model.
        """
        values = self._series.metrics_file.last_values(self._series.derived())
        left_out = set(self._series.not_finite())
        return {
            name: value
            for name, value in values.items()
            if name not in left_out and not name.startswith(PREFIX)
        }

    def note_first_metric(self) -> bool:
        """Whether the training has given a metric by now; the first time is noted."""
        if not self._has_metric:
            try:
                self._has_metric = self._series.has_metric()
            except Exception as error:  # noqa: BLE001  the log and the next sample are due
                self._log.say(f"The first metric could not be noted: {type(error).__name__}: {error}")
                self._has_metric = True
                return True
            if self._has_metric:
                self._timing.note("first_metric_at")
        return self._has_metric

    def _run(self) -> None:
        self._try("timing.json", self._upload_progress)
        while not self._waits():
            self._sample()
            self.upload()

    def _waits(self) -> bool:
        """Wait for the next upload, and until then for the first metric; whether `stop` was called."""
        until = time.monotonic() + UPLOAD_SECONDS
        while not self.note_first_metric():
            left = until - time.monotonic()
            if self._stopped.wait(max(min(left, _FIRST_METRIC_SECONDS), 0)):
                return True
            if left <= _FIRST_METRIC_SECONDS:
                return False
        return self._stopped.wait(max(until - time.monotonic(), 0))

    def _try(self, name: str, upload: Callable[[], None]) -> None:
        try:
            upload()
        except Exception as error:  # noqa: BLE001  whatever it is, the others and the next time are due
            self._log.say(f"{name} could not be uploaded: {error}")

    def _sample(self) -> None:
        try:
            self._series.sample()
        except Exception as error:  # noqa: BLE001  the log and the next sample are due
            self._log.say(f"The progress could not be noted: {type(error).__name__}: {error}")

    def _upload_log(self) -> None:
        changes = self._log.changes
        if changes != self._log_uploaded:
            self._bucket.put(self._prefix + "log.txt", self._log.content())
            self._log_uploaded = changes

    def _upload_metrics(self) -> None:
        file, derived = self._series.metrics_file, self._series.derived()
        look = file.look(), derived
        if look != self._metrics_uploaded and (file.path.exists() or derived):
            self._bucket.put(self._prefix + "metrics.jsonl", file.content(derived))
            self._metrics_uploaded = look

    def _upload_progress(self) -> None:
        content = self._progress()
        if content != self._progress_uploaded:
            self._bucket.put(self._prefix + "timing.json", content)
            self._progress_uploaded = content

    def _earlier(self, name: str) -> bytes:
        try:
            return self._bucket.get(self._prefix + name)
        except MissingError:
            return b""
