"""What a run left: the list of its files, and their bytes by presigned links."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError
from urllib3.exceptions import HTTPError

from droptrain.api import Api, quoted
from droptrain.errors import DroptrainError, UnreachableError
from droptrain.stack import Stack

_PAGE = 100  # files; the API's limit
_TRIES = 3
_CHUNK_BYTES = 1 << 20


class LinkError(DroptrainError):
    """S3 doesn't give the file that a link names."""


class ExpiredLinkError(LinkError):
    """The link isn't good any more, or never was: a fresh one may be."""


@dataclass(frozen=True)
class RunFile:
    """A file below the run's folder, its size in bytes, and the link that it is fetched by."""

    path: str
    size: int
    url: str


def nothing_left(run: Mapping[str, Any], what: str) -> str:
    """Why a run has nothing to download; `what` is the kind of files."""
    problem = f"{run['run_id']} is {run['status']} and has left no {what}"
    if run["status"] != "SUCCEEDED":
        return f"{problem}."
    return f"{problem}, or it has expired: what runs leave is kept for RunDays, promoted models longer."


class RunFiles:
    """Lists and fetches a run's files; may be shared by threads."""

    def __init__(self, stack: Stack, api: Api, run_id: str) -> None:
        self._stack = stack
        self._api = api
        self._path = f"/runs/{quoted(run_id)}/artifacts"
        self._http: Any = None

    def each(self) -> Iterator[RunFile]:
        """Every file, with fresh links."""
        for page in self._api.pages(self._path, limit=_PAGE):
            for item in page["artifacts"]:
                yield RunFile(item["path"], item["size"], item["url"])

    def read_json(self, file: RunFile) -> Any:
        """A small file's document."""
        for attempt in range(1, _TRIES + 1):
            try:
                return json.loads(b"".join(self.chunks(file)))
            except UnreachableError:
                if attempt == _TRIES:
                    raise
                time.sleep(attempt)
        raise AssertionError("the last try returns or raises")

    def chunks(self, file: RunFile) -> Iterator[bytes]:
        """The file's bytes as they come; LinkError, UnreachableError if they don't all come."""
        count = 0
        try:
            response = self._client(file.url).send(AWSRequest("GET", file.url, stream_output=True).prepare())
            if response.status_code in (401, 403):
                raise ExpiredLinkError(f"S3 refuses the link to {file.path} ({response.status_code}).")
            if response.status_code != 200:
                kind = UnreachableError if response.status_code >= 500 else LinkError
                raise kind(f"S3 answers {response.status_code} for {file.path}. Try again.")
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
                count += len(chunk)
                yield chunk
        except (HTTPClientError, NoConnectionError, HTTPError) as error:
            raise UnreachableError(f"{file.path}: {str(error).rstrip('.')}. Try again.") from error
        if count != file.size:
            raise UnreachableError(f"{file.path}: {count} of {file.size} bytes came. Try again.")

    def _client(self, url: str) -> Any:
        if self._http is None:
            self._http = self._stack.http(url)
        return self._http
