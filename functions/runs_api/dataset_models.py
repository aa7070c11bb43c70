"""What the API takes and gives of datasets, in the contract's words."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Self

from droptrain.domain import times
from models import WHOLE, Given, View
from pydantic import Field, StringConstraints

if TYPE_CHECKING:
    from droptrain.datasets import NewFile, Upload

# A level of folders doesn't begin with a dot: no name leaves its dataset.
_LEVEL = r"[A-Za-z0-9_][^/\\\x00-\x1f\x7f]*"
FileName = Annotated[
    str,
    StringConstraints(pattern=rf"^{_LEVEL}(/{_LEVEL})*$", max_length=200),
]
_MOST_BYTES = 1 << 40
_MOST_FILES = 100


class NewFileGiven(Given):
    """A file to be dropped: exactly `size` bytes with this CRC-32 (base64, most significant byte first)."""

    name: FileName
    size: Annotated[int, Field(ge=0, le=_MOST_BYTES), WHOLE]
    crc32: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{5}[AQgw]==$")]


class UploadRequest(Given):
    """POST …/uploads: the files to be dropped; a name alone is signed without size and checksum."""

    files: Annotated[list[NewFileGiven | FileName], Field(min_length=1, max_length=_MOST_FILES)]

    def to_files(self) -> "list[NewFile]":
        """The files as the use case takes them."""
        from droptrain.datasets import NewFile

        return [
            NewFile(each) if isinstance(each, str) else NewFile(each.name, each.size, each.crc32)
            for each in self.files
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
    """The signed uploads, in the order of the files."""

    uploads: list[UploadView]

    @classmethod
    def of(cls, uploads: "Iterable[Upload]") -> Self:
        """The views of uploads."""
        return cls(uploads=[UploadView.of(upload) for upload in uploads])


class DeletedView(View):
    """How many versions are gone; `complete` is false if there are more: send the request again."""

    deleted: int
    complete: bool
