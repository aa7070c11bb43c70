"""A folder that the script wrote to, read with suspicion: regular files alone, links followed safely."""

import os
import re
import shutil
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from urllib.parse import quote

# Distinguishes states of a file without reading it: size, modification time, inode.
Look = tuple[int, int, int]

# So often one folder is saved by different links; without a bound, links to links could multiply without end.
_MOST_VISITS = 8
# No disk of an instance is smaller; only larger files are compared with the disk.
_SMALL_BYTES = 1 << 30
# A key of S3 has 1,024 bytes at most, of which the run's own folder takes up to 155.
_MOST_NAME_BYTES = 800
_NAMES_SHOWN = 3
_SHOWN_CHARACTERS = 80
# What XML can't hold, so that S3's answers couldn't name the object, and what is no UTF-8.
_NOT_IN_A_KEY = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class NotRegularError(OSError):
    """The path names a pipe, a device, a socket or a folder: nothing that can be read to its end."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not a regular file")


@dataclass(frozen=True)
class Entry:
    """A regular file below a folder; or a link in it, if it has a `target`, as the link names it."""

    name: str
    path: Path
    look: Look
    target: str | None = None

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.look[0]

    def has_changed(self) -> bool:
        """Whether the file is another one by now; FileNotFoundError if it is gone."""
        return look_of(self.path.stat()) != self.look


class Folder:
    """The files below `path`.

    A link is followed if it leads below one of the `trusted` folders and not back to a folder that it lies
    in. With `keeps_links`, one that leads to a place below `path` is an entry itself. Whatever else the last
    listing met is passed over; `remarks` names it.
    """

    def __init__(self, path: Path, trusted: Sequence[Path], *, keeps_links: bool = False) -> None:
        self.path = path
        self._trusted = trusted
        self._keeps_links = keeps_links
        self._passed_over: Counter[str] = Counter()
        self._names: dict[str, list[str]] = {}

    def entries(self) -> Iterator[Entry]:
        """List the folder anew; none if it is gone. What vanishes meanwhile is left out."""
        self._passed_over.clear()
        self._names.clear()
        if os.path.lexists(self.path):
            yield from _Listing(self, self._trusted, self._keeps_links).entries()

    def pass_over(self, name: str, reason: str) -> None:
        """Note that the file `name` is not saved."""
        self._passed_over[reason] += 1
        names = self._names.setdefault(reason, [])
        if len(names) < _NAMES_SHOWN:
            names.append(name)

    def remarks(self, what: str) -> list[str]:
        """A sentence for each reason why something in this folder, called `what`, was passed over."""
        return [
            f"{what}: passed over {_listed(self._names[reason], count)}: {reason}."
            for reason, count in self._passed_over.items()
        ]


class _Listing:
    """One listing of a folder. Not recursive: a folder may be deeper than Python's stack."""

    def __init__(self, folder: Folder, trusted: Sequence[Path], keeps_links: bool) -> None:
        self._folder = folder
        self._root = os.path.realpath(folder.path)
        self._trusted = [os.path.realpath(each) for each in trusted]
        self._keeps_links = keeps_links
        self._visits: Counter[str] = Counter()
        # Folders still to list: (real path, name, the real paths of the links' places that led there).
        self._ahead: list[tuple[str, str, tuple[str, ...]]] = []

    def entries(self) -> Iterator[Entry]:
        if not self._is_trusted(self._root):
            self._folder.pass_over(str(self._folder.path), _leads_out(self._trusted))
            return
        self._ahead.append((self._root, "", ()))
        while self._ahead:
            real, name, chain = self._ahead.pop()
            try:
                with os.scandir(real) as listing:
                    found = sorted(listing, key=lambda item: item.name)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._folder.pass_over(name or str(self._folder.path), _reason(error))
                continue
            for item in found:
                yield from self._entry(item, f"{name}/{item.name}" if name else item.name, real, chain)

    def _entry(self, item: os.DirEntry[str], name: str, real: str, chain: tuple[str, ...]) -> Iterator[Entry]:
        if len(key_of(name).encode()) > _MOST_NAME_BYTES:
            self._folder.pass_over(name, f"its name is too long, with more than {_MOST_NAME_BYTES} bytes")
            return
        try:
            if item.is_symlink():
                yield from self._link(item, name, real, chain)
            elif item.is_dir(follow_symlinks=False):
                self._ahead.append((item.path, name, chain))
            else:
                yield from self._file(name, item.path, item.stat(follow_symlinks=False))
        except FileNotFoundError:
            return
        except OSError as error:
            self._folder.pass_over(name, _reason(error))

    def _link(self, item: os.DirEntry[str], name: str, real: str, chain: tuple[str, ...]) -> Iterator[Entry]:
        target = os.path.realpath(item.path)
        if self._keeps_links and _is_below(target, self._root):
            yield self._kept_link(item, name, real)
            return
        if not self._is_trusted(target):
            self._folder.pass_over(name, _leads_out(self._trusted))
            return
        try:
            found = Path(target).stat()
        except (FileNotFoundError, NotADirectoryError):
            self._folder.pass_over(name, "the link leads nowhere")
            return
        if not stat.S_ISDIR(found.st_mode):
            yield from self._file(name, target, found)
        elif any(_is_below(above, target) for above in (real, *chain)):
            self._folder.pass_over(name, "the link leads back to a folder above it")
        elif self._visits[target] >= _MOST_VISITS:
            self._folder.pass_over(name, f"more than {_MOST_VISITS} links lead to the same folder")
        else:
            self._visits[target] += 1
            self._ahead.append((target, name, (*chain, real)))

    def _kept_link(self, item: os.DirEntry[str], name: str, real: str) -> Entry:
        """The link as it is, from its own folder on: another attempt may have its folders elsewhere."""
        direct = os.path.normpath(Path(real, Path(item.path).readlink()))
        end = direct if _is_below(direct, self._root) else os.path.realpath(item.path)
        found = item.stat(follow_symlinks=False)
        return Entry(name, Path(item.path), look_of(found), target=os.path.relpath(end, real))

    def _file(self, name: str, path: str, found: os.stat_result) -> Iterator[Entry]:
        if not stat.S_ISREG(found.st_mode):
            self._folder.pass_over(name, "it is not a regular file")
        elif found.st_size > max(shutil.disk_usage(Path(path).parent).total, _SMALL_BYTES):
            self._folder.pass_over(name, "it is larger than the disk, so most of it was never written")
        elif not os.access(path, os.R_OK):
            self._folder.pass_over(name, "its permissions forbid to read it")
        else:
            yield Entry(name, Path(path), look_of(found))

    def _is_trusted(self, real: str) -> bool:
        return any(_is_below(real, each) for each in self._trusted)


def open_regular(path: Path) -> BufferedReader:
    """A regular file, opened to be read; OSError if there is none. Never waits, as a pipe would."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotRegularError(path)
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise NotRegularError(path)
    return file


def open_trusted(path: Path, trusted: Sequence[Path]) -> BufferedReader:
    """Like open_regular; PermissionError for a link that leads out of the `trusted` folders."""
    real = os.path.realpath(path)
    folders = [os.path.realpath(each) for each in trusted]
    if not any(_is_below(real, each) for each in folders):
        raise PermissionError(f"{path}: {_leads_out(folders)}")
    return open_regular(Path(real))


def look_of(found: os.stat_result) -> Look:
    """Distinguishes this state of a file from others."""
    return found.st_size, found.st_mtime_ns, found.st_ino


def key_of(name: str) -> str:
    """The part of an S3 key for a file's name: what no key can hold becomes %XX."""
    text = os.fsencode(name).decode("utf-8", "surrogateescape")
    return _NOT_IN_A_KEY.sub(lambda found: quote(found[0].encode("utf-8", "surrogateescape")), text)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _leads_out(trusted: Sequence[str]) -> str:
    return f"the link leads out of {', '.join(dict.fromkeys(trusted))}; copy what it names"


def _reason(error: OSError) -> str:
    return f"it can't be read: {error.strerror}"


def _listed(names: Sequence[str], count: int) -> str:
    shown = ", ".join(_shown(name) for name in names)
    more = count - len(names)
    return f"{shown} and {more} more" if more else shown


def _shown(name: str) -> str:
    text = key_of(name)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
