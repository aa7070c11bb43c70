"""Downloads what a run left into a folder, in parallel; never writes outside of it, never half a file."""

import os
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from droptrain import at_once
from droptrain.errors import DroptrainError, UnreachableError
from droptrain.run_files import ExpiredLinkError, RunFile, RunFiles

_AT_ONCE = 8
_TRIES = 4
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_NOT_ON_WINDOWS = re.compile(r'[<>:"\\|?*\x00-\x1f]')


class UnsafePathError(DroptrainError):
    """A file's path leads out of the folder, or can't be one on this machine."""


class _StoppedError(Exception):
    """Another file failed, or Ctrl-C: this one is given up."""


def place(folder: Path, path: str, *, windows: bool = os.name == "nt") -> Path:
    """Where a run's file `path` goes below `folder`; UnsafePathError unless it is a plain relative path."""
    parts = path.split("/")
    plain = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
    if not plain or (windows and not all(map(_is_plain_on_windows, parts))):
        raise UnsafePathError(f"The run has a file {path!r}, which can't be saved below {folder}.")
    return folder.joinpath(*parts)


def choose(files: Iterable[RunFile], *, everything: bool) -> list[RunFile]:
    """What people want of a run: `export/`, or `model/` if nothing was exported; or everything."""
    listed = [file for file in files if not file.path.endswith("/")]  # folders that S3's console makes
    if everything:
        return listed
    for folder in ("export/", "model/"):
        if found := [file for file in listed if file.path.startswith(folder)]:
            return found
    return []


class Download:
    """Brings files of a run into a folder; `progress` is called with bytes written, from any thread."""

    def __init__(
        self, files: RunFiles, folder: Path, progress: Callable[[int], None], *, pause_seconds: float = 0.5
    ) -> None:
        self._files = files
        self._folder = folder
        self._progress = progress
        self._pause_seconds = pause_seconds
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._fresh: dict[str, RunFile] = {}

    def run(self, chosen: list[RunFile]) -> list[Path]:
        """Fetch `chosen` and return where they are. The first error ends it; what is there already stays."""
        places = [place(self._folder, file.path) for file in chosen]
        with ThreadPoolExecutor(_AT_ONCE, "download") as pool:
            try:
                tries = [pool.submit(self._fetch, *pair) for pair in zip(chosen, places, strict=True)]
                at_once.finish(tries)
            finally:
                self._stopped.set()
                pool.shutdown(cancel_futures=True)
        return places

    def _fetch(self, file: RunFile, target: Path) -> None:
        for attempt in range(1, _TRIES + 1):
            if self._stopped.is_set():
                raise _StoppedError
            try:
                self._write(file, target)
            except ExpiredLinkError:
                if attempt == _TRIES:
                    raise
                file = self._renewed(file)
            except UnreachableError:
                if attempt == _TRIES:
                    raise
                self._stopped.wait(self._pause_seconds * 2**attempt)
            else:
                return

    def _write(self, file: RunFile, target: Path) -> None:
        self._make_room(target)
        written = 0
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with part.open("xb") as stream:
                for chunk in self._files.chunks(file):
                    if self._stopped.is_set():
                        raise _StoppedError
                    stream.write(chunk)
                    written += len(chunk)
                    self._progress(len(chunk))
            part.replace(target)
        except BaseException:
            self._progress(-written)
            part.unlink(missing_ok=True)
            raise

    def _make_room(self, target: Path) -> None:
        """The target's folder, which must not lead elsewhere by a link that lies there."""
        if not target.parent.resolve().is_relative_to(self._folder.resolve()):
            raise UnsafePathError(f"{target.parent} is a link that leads out of {self._folder}. Remove it.")
        if target.is_dir() and not target.is_symlink():
            raise UnsafePathError(f"{target} is a folder, and the run has a file of that name. Remove it.")
        target.parent.mkdir(parents=True, exist_ok=True)

    def _renewed(self, file: RunFile) -> RunFile:
        """The file with a fresh link; one listing does for all that ask within its lifetime."""
        with self._lock:
            known = self._fresh.get(file.path)
            if known is None or known.url == file.url:
                self._fresh = {each.path: each for each in self._files.each()}
            return self._fresh.get(file.path, file)


def _is_plain_on_windows(part: str) -> bool:
    reserved = _WINDOWS_DEVICE.fullmatch(part) or _NOT_ON_WINDOWS.search(part)
    return not reserved and part == part.rstrip(". ")
