"""What the script left in folders: its model becomes the run's export, its output is kept beside it."""

import errno
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from droptrain_container import parallel
from droptrain_container.amounts import counted
from droptrain_container.exit_codes import EndError
from droptrain_container.folder import Entry, Folder, NotRegularError, key_of
from droptrain_container.layout import Layout
from droptrain_container.s3 import Bucket

EXPORT = "export/"
_PAUSE_SECONDS = 5.0
# What says that a file is gone, or is another thing by now.
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EACCES)


@dataclass(frozen=True)
class Listing:
    """The files of a folder, which a remark names as `called`, by their keys below `prefix`."""

    folder: Folder
    prefix: str
    called: str
    files: Mapping[str, Entry]


class Results:
    """Uploads the model and the output of one run, below `prefix`; S3 is waited for so many `seconds`.

    `remarks` are sentences about what was passed over.
    """

    def __init__(
        self, bucket: Bucket, prefix: str, layout: Layout, say: Callable[[str], None], seconds: float
    ) -> None:
        self._seconds = seconds
        self._bucket = bucket
        self._prefix = prefix
        self._layout = layout
        self._say = say
        self.remarks: list[str] = []

    def upload_model(self) -> None:
        """Upload the model, or what code for Cloud ML Engine left in its job folder; EndError, OSError."""
        if not self._upload(self._layout.model, EXPORT, "The model folder"):
            self._upload(self._layout.job_dir, EXPORT, "The job folder")

    def has_export(self) -> bool:
        """Whether the run's export has any file, by whomever it was uploaded; EndError."""
        return any(not key.endswith("/") for key in self._bucket.keys(f"{self._prefix}{EXPORT}"))

    def upload_output(self) -> None:
        """Upload the output folder; EndError, OSError."""
        self._upload(self._layout.output, "output/", "The output folder")

    def list_folder(self, path: Path, prefix: str, called: str) -> Listing:
        """The files of a folder, by the keys below `prefix` that they get."""
        folder = self._layout.folder(path)
        files: dict[str, Entry] = {}
        for entry in folder.entries():
            key = prefix + key_of(entry.name)
            if key in files:
                folder.pass_over(entry.name, "another file's name is written alike")
            else:
                files[key] = entry
        return Listing(folder, prefix, called, files)

    def upload_listed(self, listing: Listing) -> None:
        """Upload these files; EndError, OSError."""
        folder, files = listing.folder, listing.files
        if files:
            self._say(f"Uploading {counted(len(files), 'file')} to {listing.prefix}")
        deadline = time.monotonic() + self._seconds
        try:
            parallel.each(lambda key: self._keep_trying(folder, files[key], key, deadline), sorted(files))
        finally:
            self._remark(folder.remarks(listing.called))

    def _upload(self, path: Path, name: str, called: str) -> bool:
        """Whether there was anything to upload."""
        listing = self.list_folder(path, self._prefix + name, called)
        self.upload_listed(listing)
        return bool(listing.files)

    def _keep_trying(self, folder: Folder, entry: Entry, key: str, deadline: float) -> None:
        while True:
            try:
                return self._bucket.upload(entry.path, key)
            except OSError as error:
                if error.errno not in _GONE and not isinstance(error, NotRegularError):
                    raise
                return folder.pass_over(entry.name, "it was gone before it was uploaded")
            except EndError as error:
                if time.monotonic() + _PAUSE_SECONDS > deadline:
                    raise
                self._say(f"{error} Trying again.")
                time.sleep(_PAUSE_SECONDS)

    def _remark(self, remarks: list[str]) -> None:
        for each in remarks:
            self._say(each)
        self.remarks += remarks
