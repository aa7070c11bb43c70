"""Many small objects: a GET for each over connections that stay open, checked while they come.

A quick way for most of a run's files, not the only one: what it leaves, s5cmd fetches, with its own patience.
"""

import hashlib
import os
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.request import getproxies

from droptrain_container.pinned_file import MD5, PinnedFile
from droptrain_container.signed_get import SignedGet

# As many requests hide 20 ms of the line each; more wait for the interpreter.
_CONNECTIONS = 48
_TIMEOUT_SECONDS = 30.0
_PAUSES_SECONDS = (0.2, 0.5, 0.0)  # after each try of a file
# So many files that don't come mean that something is wrong, with S3 or with this way.
_MOST_FAILURES = 16
_BLOCK_BYTES = 256 << 10
_ETAG_IS_MD5 = (None, "AES256")


class _UnfitError(Exception):
    """S3's answer isn't the pinned version."""


class SmallFiles:
    """Threads that fetch `files`; `arrived` is called with each one when it is in its place."""

    def __init__(
        self, get: SignedGet, files: Iterable[PinnedFile], arrived: Callable[[PinnedFile], None]
    ) -> None:
        self._get = get
        self._left = deque(files)
        self._arrived = arrived
        self._failures = 0
        self._stopped = threading.Event()
        self._ended = threading.Semaphore(0)
        self._context = _context() if get.is_secure else None
        number = 0 if getproxies() else min(_CONNECTIONS, len(self._left))
        self._working = number
        for _ in range(number):
            threading.Thread(target=self._work, name="small files", daemon=True).start()

    def has_ended(self, seconds: float) -> bool:
        """Wait so long; whether all threads have ended."""
        until = time.monotonic() + seconds
        while self._working:
            if not self._ended.acquire(timeout=max(until - time.monotonic(), 0)):
                return False
            self._working -= 1
        return True

    def stop(self) -> None:
        """Begin no further file. What is under way may still arrive: it is checked before it is moved."""
        self._stopped.set()

    def _work(self) -> None:
        connection = self._connect()
        try:
            while not self._stopped.is_set() and self._failures < _MOST_FAILURES:
                try:
                    file = self._left.popleft()
                except IndexError:
                    return
                if self._fetch(connection, file):
                    self._arrived(file)
                else:
                    self._failures += 1
        finally:
            connection.close()
            self._ended.release()

    def _connect(self) -> HTTPConnection:
        if self._context:
            return HTTPSConnection(self._get.host, timeout=_TIMEOUT_SECONDS, context=self._context)
        return HTTPConnection(self._get.host, timeout=_TIMEOUT_SECONDS)

    def _fetch(self, connection: HTTPConnection, file: PinnedFile) -> bool:
        """Fetch a file to its place; False if it doesn't come."""
        target = self._get.target(file.pinned.key, file.pinned.version_id)
        for pause in _PAUSES_SECONDS:
            try:
                connection.request("GET", target, headers=self._get.headers(target))
                answer = connection.getresponse()
                if answer.status == HTTPStatus.OK:
                    _receive(answer, file)
                    return True
                answer.read()
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return False
            except _UnfitError:
                connection.close()
                return False
            except (OSError, HTTPException):
                connection.close()
            if self._stopped.wait(pause):
                return False
        return False


def _receive(answer: HTTPResponse, file: PinnedFile) -> None:
    """Write an answer beside the file's place, check it, and put it there."""
    pinned = file.pinned
    if answer.headers.get("x-amz-version-id", pinned.version_id) != pinned.version_id:
        raise _UnfitError
    digest, size = hashlib.md5(usedforsecurity=False), 0
    path = Path(f"{file.staged}.coming")
    with path.open("wb", buffering=0) as content:
        while block := answer.read(_BLOCK_BYTES):
            digest.update(block)
            content.write(block)
            size += len(block)
    # Where a KMS key encrypts an object, its ETag is no MD5 (S3 API reference: Object, ETag).
    tells_md5 = answer.headers.get("x-amz-server-side-encryption") in _ETAG_IS_MD5
    is_other = tells_md5 and MD5.fullmatch(pinned.etag or "") and digest.hexdigest() != pinned.etag
    if size != pinned.size or is_other:
        with suppress(OSError):
            path.unlink()
        raise _UnfitError
    file.move(path)


def _context() -> ssl.SSLContext:
    from botocore.httpsession import where  # noqa: PLC0415  as late as boto3

    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or where())
