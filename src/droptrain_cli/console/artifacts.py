"""What a run left, for the page: one ZIP of many files, and what of a file can be shown."""

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from droptrain.api import Api
from droptrain.download import place
from droptrain.run_files import ExpiredLinkError, RunFile, RunFiles
from droptrain.stack import Stack
from droptrain_cli.console.answers import Answer, ProblemError

MOST_TEXT_BYTES, MOST_IMAGE_BYTES = 1 << 18, 1 << 22
# By the first bytes: browsers draw these without running anything of them.
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


class Artifacts:
    """Reads artifacts of a stack's runs by the API's links, so with its permissions."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def archive(self, run_id: str, folder: str) -> Answer:
        """A ZIP of the run's files whose paths begin with `folder`; they come while it is sent.

        If one of them can't be fetched, the answer is cut off, and the browser says that the download failed.
        """
        api = Api(self._stack)
        try:
            files = RunFiles(self._stack, api, run_id)
            chosen = [file for file in files.each() if file.path.startswith(folder)]
            for file in chosen:
                place(Path(run_id), file.path)
            if not chosen:
                raise ProblemError(404, "not-found", f"The run has no file below {folder or 'its folder'}.")
        except BaseException:
            api.close()
            raise
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{run_id}.zip"',
        }
        return Answer(200, headers=headers, parts=_closing(api, _zipped(files, chosen, run_id)))

    def preview(self, run_id: str, path: str) -> dict[str, Any]:
        """A file's `text`, or its `image` as a data URL; else both are None, and `unshown` says why.

        Neither has a type of its own: whatever the file holds, the browser gets JSON of this server.
        """
        api = Api(self._stack)
        try:
            files = RunFiles(self._stack, api, run_id)
            file = next((each for each in files.each() if each.path == path), None)
            if file is None:
                raise ProblemError(404, "not-found", f"The run has no file {path}.")
            content = b"".join(files.chunks(file)) if file.size <= MOST_IMAGE_BYTES else None
        finally:
            api.close()
        return {"path": path, "size": file.size, **_shown(content)}


def _shown(content: bytes | None) -> dict[str, str | None]:
    """What is shown of a file; `content` is None where it has too many bytes."""
    text = image = unshown = None
    if content is None:
        unshown = "large"
    elif kind := _image_type(content):
        image = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    elif (text := _text(content)) is None:
        unshown = "binary"
    elif len(content) > MOST_TEXT_BYTES:
        text, unshown = None, "large"
    return {"text": text, "image": image, "unshown": unshown}


def _image_type(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in _IMAGES if content.startswith(begin)), None)


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _closing(api: Api, parts: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from parts
    finally:
        api.close()


def _zipped(files: RunFiles, chosen: list[RunFile], folder: str) -> Iterator[bytes]:
    """A ZIP's bytes. Models hardly get smaller, so nothing is compressed."""
    sent = _Sent()
    with zipfile.ZipFile(sent, "w") as archive:
        for file in chosen:
            info = zipfile.ZipInfo(f"{folder}/{file.path}")
            info.file_size = file.size
            with archive.open(info, "w") as entry:
                for chunk in _chunks(files, file):
                    entry.write(chunk)
                    yield sent.taken()
    yield sent.taken()


def _chunks(files: RunFiles, file: RunFile) -> Iterator[bytes]:
    """The file's bytes; its link may have expired while others were sent."""
    try:
        yield from files.chunks(file)
    except ExpiredLinkError:
        renewed = next((each for each in files.each() if each.path == file.path), file)
        yield from files.chunks(renewed)


class _Sent(io.RawIOBase):
    """Keeps what was written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        kept, self._kept = bytes(self._kept), bytearray()
        return kept
