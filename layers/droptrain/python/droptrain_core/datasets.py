"""Datasets: signed requests that upload files, and the deletion of datasets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_files import RunFiles
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.signed_requests import (
    LIFE,
    SignedMultipart,
    SignedRequest,
    SignedRequests,
)
from droptrain_core.cancel import Cancel
from droptrain_core.domain.datasets.dataset import MULTIPART_FROM, data_prefix
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import AlreadyFinishedError, InUseError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Run, pinned_prefix

# The function has 30 s for a deletion; a batch of a thousand versions takes about one.
_DELETES_FOR = timedelta(seconds=15)
_SLOWEST_UPLOAD = timedelta(days=1)
# In an answer, and one more for each file. It has room for 6 MB, and a link can have 6 KB.
_MOST_PARTS = 500


@frozen
class NewFile:
    """A file to be uploaded; `size` in bytes and the checksums (base64) are optional.

    A file that is uploaded in parts needs its `crc32`.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    crc32: str | None = None

    @property
    def size_in_parts(self) -> int:
        """The number of bytes that are uploaded in parts: all of a large file, none of a small one."""
        return self.size if self.size is not None and self.size >= MULTIPART_FROM else 0


@frozen
class Upload:
    """How to upload a file until `expires_at`: by one request, or in parts."""

    file: str
    key: str
    expires_at: datetime
    put: SignedRequest | None
    multipart: SignedMultipart | None


@frozen
class Deleted:
    """How many versions were deleted, and whether none is left."""

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
        cancel: Cancel,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._datasets = datasets
        self._bucket = bucket
        self._files = files
        self._signed = signed
        self._cancel = cancel
        self._clock = clock

    def uploads(self, project: str, dataset: str, files: Sequence[NewFile]) -> list[Upload]:
        """Sign the upload of each file; an existing file is replaced.

        The part size grows with the total size of the files. CrowdedError for a dataset with too many files.
        """
        folder = data_prefix(project, dataset)
        etags = {item.key: item.etag for item in self._bucket.folder(folder)}
        # S3 checks a link's expiry when the request begins; a slow upload ends later.
        self._datasets.expect_links(project, dataset, self._clock() + LIFE + _SLOWEST_UPLOAD)
        part_size = max(MULTIPART_FROM, -(-sum(file.size_in_parts for file in files) // _MOST_PARTS))
        return [self._upload(file, folder + file.name, etags, part_size) for file in files]

    def _upload(self, file: NewFile, key: str, etags: Mapping[str, str], part_size: int) -> Upload:
        put = multipart = None
        if file.size_in_parts:
            assert file.crc32
            multipart = self._signed.multipart(key, etags.get(key), file.size_in_parts, file.crc32, part_size)
        else:
            put = self._signed.put(key, etags.get(key), file.size, file.sha256)
        return Upload(file.name, key, self._clock() + LIFE, put, multipart)

    def delete(self, project: str, dataset: str, caller: str) -> Deleted:
        """Delete every version of the dataset's files and the copies that runs pinned, for 15 s at most.

        A run that was launched meanwhile and has lost its inputs is cancelled.

        InUseError while a run of the dataset hasn't ended, DeniedError if S3 refuses.
        """
        if run := next(self._active(project, dataset), None):
            raise InUseError(f"{run.run_id} trains on {project}/{dataset}: cancel it, or wait for it")
        until = self._clock() + _DELETES_FOR
        versions = 0
        for count in self._delete(project, dataset):
            versions += count
            if self._clock() >= until:
                return Deleted(versions, complete=False)
        self._datasets.forget(DatasetRecord(project=project, dataset=dataset))
        self._end_launched_meanwhile(project, dataset, caller)
        return Deleted(versions, complete=True)

    def _active(self, project: str, dataset: str) -> Iterator[Run]:
        for page in self._table.active():
            for run in page:
                if (run.project, run.dataset) == (project, dataset) and not run.ended:
                    yield run

    def _delete(self, project: str, dataset: str) -> Iterator[int]:
        yield from self._bucket.delete_folder(data_prefix(project, dataset))
        for run_id in self._files.runs_named_like(project, dataset):
            # Several datasets can have the same ids; the record names the dataset.
            run = self._table.get(run_id)
            if run and (run.project, run.dataset) == (project, dataset):
                yield 0  # the check takes time, too
                yield from self._bucket.delete_folder(pinned_prefix(project, run_id))

    def _end_launched_meanwhile(self, project: str, dataset: str, caller: str) -> None:
        """Cancel the runs whose inputs are gone; a run on files that were dropped since then continues."""
        launched = [self._table.get(run.run_id) for run in self._active(project, dataset)]
        there = set(self._bucket.folder(data_prefix(project, dataset))) if launched else set()
        for run in launched:
            if run and not run.ended and not {item.object for item in run.inputs} <= there:
                with suppress(AlreadyFinishedError):
                    self._cancel.run(run.run_id, f"{caller}, who deleted its dataset")
