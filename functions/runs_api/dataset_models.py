"""What the API takes and gives of datasets, in the contract's words."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Self

from droptrain_core.domain import times
from droptrain_core.domain.datasets.dataset import MULTIPART_FROM
from models import WHOLE, Given, RunView, View, WaitingView
from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

if TYPE_CHECKING:
    from droptrain_core.datasets import NewFile, Upload
    from droptrain_core.query import DatasetDetails, DatasetListing

# A level of folders doesn't begin with a dot: no name leaves its dataset.
_LEVEL = r"[A-Za-z0-9_][^/\\\x00-\x1f\x7f]*"
FileName = Annotated[
    str,
    StringConstraints(pattern=rf"^{_LEVEL}(/{_LEVEL})*$", max_length=200),
]
_MOST_BYTES = 1 << 40  # of all files together
_MOST_FILES = 100

# What `_has_its_checksum` checks, in JSON Schema's words.
_SMALL: JsonDict = {"required": ["sha256"], "properties": {"size": {"maximum": MULTIPART_FROM - 1}}}
_LARGE: JsonDict = {"required": ["crc32"], "properties": {"size": {"minimum": MULTIPART_FROM}}}


class NewFileGiven(Given):
    """A file to be dropped: exactly `size` bytes with this checksum, in base64.

    A file below 64 MiB needs `sha256`. A larger one is uploaded in parts and needs `crc32` (most significant
    byte first).
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [_SMALL, _LARGE]})

    name: FileName
    size: Annotated[int, Field(ge=0, le=_MOST_BYTES), WHOLE]
    sha256: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$")] | None = None
    crc32: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{5}[AQgw]==$")] | None = None

    @model_validator(mode="after")
    def _has_its_checksum(self) -> Self:
        if self.size < MULTIPART_FROM and not self.sha256:
            raise ValueError("a file of less than 64 MiB needs its sha256")
        if self.size >= MULTIPART_FROM and not self.crc32:
            raise ValueError("a file of 64 MiB or more needs its crc32")
        return self


class UploadRequest(Given):
    """POST …/uploads: the files to be dropped; a name alone is signed without size and checksum."""

    files: Annotated[
        list[NewFileGiven | FileName],
        Field(
            min_length=1,
            max_length=_MOST_FILES,
            description="Each file's `name`, `size` and `sha256` (from 64 MiB on: `crc32`), or its name",
        ),
    ]

    @model_validator(mode="after")
    def _fits_into_an_answer(self) -> Self:
        names = [each if isinstance(each, str) else each.name for each in self.files]
        if len(set(names)) < len(names):
            raise ValueError("files: each name can be there once")
        size = sum(each.size for each in self.files if not isinstance(each, str))
        if size > _MOST_BYTES:
            raise ValueError(
                f"files: they have {size} bytes together, and a request can have {_MOST_BYTES}; "
                "ask for some of them in another request"
            )
        return self

    def to_files(self) -> "list[NewFile]":
        """The files as the use case takes them."""
        from droptrain_core.datasets import NewFile

        return [
            NewFile(each) if isinstance(each, str) else NewFile(**each.model_dump()) for each in self.files
        ]


class RequestView(View):
    """A signed request: send it as it is, with these headers, and the bytes as its body."""

    method: str
    url: str
    headers: Mapping[str, str]


class PartView(RequestView):
    """The request that uploads part `number`, counted from 1."""

    number: int


class MultipartView(View):
    """An upload in parts of `part_size` bytes, the last one shorter, and the requests that end it."""

    part_size: int
    parts: list[PartView]
    complete: RequestView
    abort: RequestView


class UploadView(View):
    """How to drop a file until `expires_at`: by `put`, or in parts."""

    file: str
    key: str
    expires_at: str
    put: RequestView | None
    multipart: MultipartView | None

    @classmethod
    def of(cls, upload: "Upload") -> Self:
        """The view of an upload."""
        values: dict[str, Any] = asdict(upload)
        if upload.multipart:
            parts = values["multipart"]["parts"]
            values["multipart"]["parts"] = [{"number": part["number"], **part["request"]} for part in parts]
        return cls.model_validate({**values, "expires_at": times.to_text(upload.expires_at)})


class UploadList(View):
    """The signed uploads, in the order of the files, and the path that finds their run.

    S3 returns the version of each upload in the header `x-amz-version-id`. Append these versions to `run`,
    separated by `%2C`, and GET that path. Leave out the version of a marker (`_SUCCESS`): it is no input.
    """

    uploads: list[UploadView]
    run: str

    @classmethod
    def of(cls, project: str, dataset: str, uploads: "Iterable[Upload]") -> Self:
        """The views of uploads."""
        run = f"/runs?dataset={dataset}&project={project}&versions="
        return cls(uploads=[UploadView.of(upload) for upload in uploads], run=run)


class DatasetView(View):
    """A dataset with files in the bucket; `waiting` is null unless it waits for more."""

    dataset: str
    waiting: WaitingView | None


class DatasetFileView(View):
    """A file that a dataset has now, `size` in bytes."""

    file: str
    version_id: str
    size: int
    uploaded_at: str


class ColumnView(View):
    """A column: "numbers", "text" or null for both, the share of empty values, the range of its numbers.

    `median` is that of a sample; null if the numbers are few, or rise or fall through the file.
    """

    name: str
    kind: str | None
    empty: float
    least: float | None
    most: float | None
    median: float | None


class DataView(View):
    """The training data of the newest run, by the rows that its launch read: `rows` are estimated.

    `columns` counts all columns, `first` has the first of them.
    """

    rows: int
    columns: int
    first: list[ColumnView]


class DatasetDetailsView(DatasetView):
    """A dataset with its files, its newest runs, and what its data look like, if that is known."""

    files: list[DatasetFileView]
    has_all_files: bool
    data: DataView | None
    runs: list[RunView]

    @classmethod
    def of(cls, found: "DatasetDetails", folder: str, bucket: str) -> Self:
        """The view of a dataset whose files lie in `folder` of `bucket`."""
        files = [
            DatasetFileView(
                file=version.key.removeprefix(folder),
                version_id=version.version_id,
                size=version.size,
                uploaded_at=times.to_text(at),
            )
            for version, at in found.files
        ]
        return cls(
            dataset=found.name,
            waiting=WaitingView.of(found.waiting) if found.waiting else None,
            files=files,
            has_all_files=found.has_all_files,
            data=DataView.model_validate(asdict(found.summary)) if found.summary else None,
            runs=[RunView.of(run, bucket) for run in found.runs],
        )


class DatasetList(View):
    """A page of a project's datasets by name, and the cursor of the next page."""

    datasets: list[DatasetView]
    cursor: str | None

    @classmethod
    def of(cls, listing: "DatasetListing") -> Self:
        """The page of a listing."""
        views = [
            DatasetView(dataset=each.name, waiting=WaitingView.of(each.waiting) if each.waiting else None)
            for each in listing.datasets
        ]
        return cls(datasets=views, cursor=listing.cursor)


class DeletedView(View):
    """How many versions are gone; `complete` is false if there are more: send the request again."""

    deleted: int
    complete: bool
