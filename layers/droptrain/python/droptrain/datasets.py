"""Datasets: signed requests that drop files, and the removal of what was dropped."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from droptrain.aws.bucket import Bucket
from droptrain.aws.dataset_table import DatasetTable
from droptrain.aws.run_files import RunFiles
from droptrain.aws.run_table import RunTable
from droptrain.aws.signed_requests import (
    LIFE,
    MULTIPART_FROM,
    SignedMultipart,
    SignedRequest,
    SignedRequests,
)
from droptrain.domain.dataset import data_prefix
from droptrain.domain.dataset_record import DatasetRecord
from droptrain.domain.errors import InUseError

# The function that deletes has 30 s; a batch of a thousand takes about one.
_DELETES_FOR = timedelta(seconds=15)


@dataclass(frozen=True)
class NewFile:
    """A file to be dropped; `size` in bytes and `crc32` (base64) may be left open."""

    name: str
    size: int | None = None
    crc32: str | None = None


@dataclass(frozen=True)
class Upload:
    """How to drop a file until `expires_at`: by one request, or in parts."""

    file: str
    key: str
    expires_at: datetime
    put: SignedRequest | None
    multipart: SignedMultipart | None


@dataclass(frozen=True)
class Deleted:
    """How many versions are gone, and whether that were all."""

    versions: int
    complete: bool


class Datasets:
    """Signs uploads of datasets, and deletes datasets."""

    def __init__(
        self,
        table: RunTable,
        datasets: DatasetTable,
        bucket: Bucket,
        files: RunFiles,
        signed: SignedRequests,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._datasets = datasets
        self._bucket = bucket
        self._files = files
        self._signed = signed
        self._clock = clock

    def uploads(self, project: str, dataset: str, files: Iterable[NewFile]) -> Iterator[Upload]:
        """Sign the upload of each file."""
        for file in files:
            key = data_prefix(project, dataset) + file.name
            put = multipart = None
            if file.size is not None and file.crc32 and file.size >= MULTIPART_FROM:
                multipart = self._signed.multipart(key, file.size, file.crc32)
            else:
                put = self._signed.put(key, file.size, file.crc32)
            yield Upload(file.name, key, self._clock() + LIFE, put, multipart)

    def delete(self, project: str, dataset: str) -> Deleted:
        """Delete every version of the dataset's files and the copies that runs pinned, for 15 s at most.

        InUseError while a run of the dataset hasn't ended, DeniedError if S3 refuses.
        """
        for page in self._table.active():
            for run in page:
                if (run.project, run.dataset) == (project, dataset) and not run.ended:
                    raise InUseError(f"{run.run_id} trains on {project}/{dataset}: cancel it, or wait for it")
        until = self._clock() + _DELETES_FOR
        versions = 0
        for count in self._delete(project, dataset):
            versions += count
            if self._clock() >= until:
                return Deleted(versions, complete=False)
        self._datasets.forget(DatasetRecord(project=project, dataset=dataset))
        return Deleted(versions, complete=True)

    def _delete(self, project: str, dataset: str) -> Iterator[int]:
        yield from self._bucket.delete_folder(data_prefix(project, dataset))
        for folder in self._files.pinned_folders(project, dataset):
            yield from self._bucket.delete_folder(folder)
