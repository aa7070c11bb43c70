"""The run's growing records, log.txt and metrics.jsonl: continued from earlier attempts, kept up to date."""

import os
import threading
from contextlib import suppress

from droptrain_container.folder import Look
from droptrain_container.log import Log
from droptrain_container.progress import PREFIX
from droptrain_container.s3 import Bucket, MissingError
from droptrain_container.series import Series

UPLOAD_SECONDS = 10.0
_LARGE_BYTES = 1 << 30
_STOP_SECONDS = 5.0


class Records:
    """log.txt and metrics.jsonl of one run; uploaded whole, and only when they changed."""

    def __init__(self, bucket: Bucket, prefix: str, log: Log, series: Series) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._log = log
        self._series = series
        self._log_uploaded = -1
        self._metrics_uploaded: tuple[Look, bytes] | None = None
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
        for name, upload in (("log.txt", self._upload_log), ("metrics.jsonl", self._upload_metrics)):
            try:
                upload()
            except Exception as error:  # noqa: BLE001  whatever it is, the other one and the next time are due
                self._log.say(f"{name} could not be uploaded: {error}")

    def metrics(self) -> dict[str, float]:
        """The last number of each metric in metrics.jsonl; empty if there is none to read."""
        values = self._series.metrics_file.last_values(self._series.derived())
        return {name: value for name, value in values.items() if not name.startswith(PREFIX)}

    def _run(self) -> None:
        while not self._stopped.wait(UPLOAD_SECONDS):
            self._sample()
            self.upload()

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

    def _earlier(self, name: str) -> bytes:
        try:
            return self._bucket.get(self._prefix + name)
        except MissingError:
            return b""
