"""The run's growing records, log.txt and metrics.jsonl: continued from earlier attempts, kept up to date."""

import os
import threading
from contextlib import suppress
from itertools import chain

from droptrain_container import metrics
from droptrain_container.exit_codes import EndError
from droptrain_container.log import Log
from droptrain_container.s3 import Bucket, MissingError
from droptrain_container.series import Series

UPLOAD_SECONDS = 10.0
_LARGE_BYTES = 1 << 30


class Records:
    """log.txt and metrics.jsonl of one run; uploaded whole, and only when they changed."""

    def __init__(self, bucket: Bucket, prefix: str, log: Log, series: Series) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._log = log
        self._metrics_file = series.metrics_file
        self._series = series
        self._log_uploaded = -1
        self._metrics_uploaded: tuple[int, int, bytes] | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def continue_earlier(self, attempt: int) -> None:
        """Take what earlier attempts left as the beginning of this attempt's records."""
        self._log.begin_attempt(attempt, self._earlier("log.txt"))
        with suppress(MissingError):
            # To the disk, not to memory: how much the script wrote is its own affair.
            self._bucket.download(self._prefix + "metrics.jsonl", self._metrics_file, _LARGE_BYTES)
            with self._metrics_file.open("a+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - 1, 0))
                if size and file.read(1) != b"\n":
                    file.write(b"\n")

    def start(self) -> None:
        """Upload every UPLOAD_SECONDS from a thread, until `stop`."""
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the upload that it may be at."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def upload(self) -> None:
        """Upload what changed; a failure is said on the log and raises nothing."""
        try:
            self._upload_log()
            self._upload_metrics()
        except (EndError, OSError) as error:
            self._log.say(f"log.txt or metrics.jsonl could not be uploaded: {error}")

    def metrics(self) -> dict[str, float]:
        """The last number of each name in metrics.jsonl; empty if there is none to read."""
        derived = self._series.derived().splitlines()
        try:
            with self._metrics_file.open("rb") as lines:
                return metrics.last_values(chain(metrics.lines_of(lines), derived))
        except FileNotFoundError:
            return metrics.last_values(derived)
        except OSError as error:
            self._log.say(f"METRICS_FILE can't be read: {error}")
            return {}

    def _run(self) -> None:
        while not self._stopped.wait(UPLOAD_SECONDS):
            self.upload()

    def _upload_log(self) -> None:
        changes = self._log.changes
        if changes != self._log_uploaded:
            self._bucket.put(self._prefix + "log.txt", self._log.content())
            self._log_uploaded = changes

    def _upload_metrics(self) -> None:
        derived = self._series.derived()
        look = (0, 0, derived)
        if self._metrics_file.is_file():
            stat = self._metrics_file.stat()
            look = (stat.st_size, stat.st_mtime_ns, derived)
        elif not derived:
            return
        if look == self._metrics_uploaded:
            return
        key = self._prefix + "metrics.jsonl"
        if derived:
            before = self._metrics_file.read_bytes() if self._metrics_file.is_file() else b""
            self._bucket.put(key, before + derived)
        else:
            self._bucket.upload(self._metrics_file, key)
        self._metrics_uploaded = look

    def _earlier(self, name: str) -> bytes:
        try:
            return self._bucket.get(self._prefix + name)
        except MissingError:
            return b""
