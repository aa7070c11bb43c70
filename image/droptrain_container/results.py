"""What the script left in folders: its model becomes the run's export, its output is kept beside it."""

import time
from collections.abc import Callable
from pathlib import Path

from droptrain_container import parallel
from droptrain_container.exit_codes import EndError
from droptrain_container.layout import Layout
from droptrain_container.s3 import Bucket

_PAUSE_SECONDS = 5.0


class Results:
    """Uploads the model and the output of one run, below `prefix`; S3 is waited for so many `seconds`."""

    def __init__(
        self, bucket: Bucket, prefix: str, layout: Layout, say: Callable[[str], None], seconds: float
    ) -> None:
        self._seconds = seconds
        self._bucket = bucket
        self._prefix = prefix
        self._layout = layout
        self._say = say

    def upload_model(self) -> None:
        """Upload the model, or what code for Cloud ML Engine left in its job folder; EndError."""
        if not self._upload(self._layout.model, "export/"):
            self._upload(self._layout.job_dir, "export/")

    def upload_output(self) -> None:
        """Upload the output folder; EndError."""
        self._upload(self._layout.output, "output/")

    def _upload(self, folder: Path, name: str) -> bool:
        """Whether there was anything to upload."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if files:
            self._say(f"Uploading {len(files)} files to {self._prefix}{name}")
        deadline = time.monotonic() + self._seconds

        def upload(path: Path) -> None:
            self._keep_trying(path, self._prefix + name + path.relative_to(folder).as_posix(), deadline)

        parallel.each(upload, files)
        return bool(files)

    def _keep_trying(self, path: Path, key: str, deadline: float) -> None:
        while True:
            try:
                return self._bucket.upload(path, key)
            except EndError as error:
                if time.monotonic() + _PAUSE_SECONDS > deadline:
                    raise
                self._say(f"{error} Trying again.")
                time.sleep(_PAUSE_SECONDS)
