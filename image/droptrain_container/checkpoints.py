"""CHECKPOINT_DIR, kept safe: restored before the script starts, saved while it runs and after it ended."""

import errno
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from droptrain_container import parallel
from droptrain_container.amounts import size
from droptrain_container.folder import Entry, Folder, open_regular
from droptrain_container.generations import Generations, Saved, SavedFile, SavedLink
from droptrain_container.layout import Layout
from droptrain_container.s3 import MissingError

_CHUNK_BYTES = 1 << 20
# A file that stayed as it is for so long isn't being written.
_SETTLE_SECONDS = 1.0
# So often a folder that changes is looked at again before it is saved without what changes.
_LOOKS = 5

# A file of this size is held in memory while it is saved.
_SMALL_BYTES = 8 << 20
# Beside a copy of the file that is saved, so much of the disk stays free for the script.
_SPARE_BYTES = 256 << 20


@dataclass(frozen=True)
class SavedGeneration:
    """A generation that was saved: how many bytes were new, and how many seconds after the last change."""

    number: int
    new_bytes: int
    seconds_behind: float

    def __str__(self) -> str:
        return (
            f"Saved checkpoint generation {self.number}: {size(self.new_bytes)} new, "
            f"{self.seconds_behind:.0f} s after the last change."
        )


class Checkpoints:
    """The script's checkpoint folder and its generations in the bucket."""

    def __init__(
        self, layout: Layout, generations: Generations, facts: Callable[[], Mapping[str, object]]
    ) -> None:
        self._path = layout.checkpoints
        self._folder = Folder(layout.checkpoints, layout.trusted, keeps_links=True)
        self._generations = generations
        self._facts = facts
        self._saved: dict[str, tuple[Entry, Saved]] = {}
        self._lock = threading.Lock()

    def restore(self, say: Callable[[str], None]) -> int | None:
        """Put the newest generation that is whole into the folder; its number, None if there is none.

        Every content is checked against its digest; a generation that isn't whole is passed over.
        """
        self._path.mkdir(parents=True, exist_ok=True)
        for number in self._generations.look():
            saved = self._generations.read(number)
            if saved is not None and self._fetch(saved):
                self._remember(saved)
                return number
            say(f"Checkpoint generation {number} isn't whole; trying the one before.")
        return None

    def save(self, *, is_last: bool, stopped: threading.Event) -> SavedGeneration | None:
        """Save what changed as a new generation; None if nothing changed.

        Unless it `is_last`, a file that is being written stays as it was saved before, if it ever was, and
        nothing is saved once `stopped` is set. The last one leaves out what vanishes meanwhile.
        """
        with self._lock:
            looks, unsettled = (self._look(), set[str]()) if is_last else self._settle(stopped)
            if not is_last and stopped.is_set():
                return None
            kept = {path: self._saved[path] for path in unsettled if path in self._saved}
            found = parallel.each(lambda entry: self._entry(entry, is_last=is_last), looks.values())
            entries = kept | {path: each for path, each in zip(looks, found, strict=True) if each is not None}
            # An emptied folder is nothing to go on from: what was saved stays the newest.
            if not _files(entries) or _contents(entries) == _contents(self._saved):
                self._saved = entries
                return None
            before = {item.sha256 for item in _files(self._saved)}
            number = self._generations.write([saved for _, saved in entries.values()], self._facts())
            self._saved = entries
            self._generations.prune()
            files = _files(entries)
            last_change = max(item.mtime_ns for item in files) / 1e9
            new = {item.sha256: item.size for item in files if item.sha256 not in before}
            return SavedGeneration(number, sum(new.values()), max(time.time() - last_change, 0))

    def remarks(self) -> list[str]:
        """What the last look passed over, a sentence for each reason."""
        return self._folder.remarks("CHECKPOINT_DIR")

    def _settle(self, stopped: threading.Event) -> tuple[dict[str, Entry], set[str]]:
        """What isn't being written, and the paths of what is; waits some seconds for a still folder.

        A checkpoint is several files and a list of them; only a still folder has all of one and no part of
        the next. What was removed between the last two looks counts as being written.
        """
        looks = self._look()
        before = {path: entry for path, (entry, _) in self._saved.items()}
        for _ in range(_LOOKS):
            if looks == before or stopped.wait(_SETTLE_SECONDS):
                break
            before, looks = looks, self._look()
        settled = {path: entry for path, entry in looks.items() if before.get(path) == entry}
        return settled, (looks.keys() | before.keys()) - settled.keys()

    def _look(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in self._folder.entries()}

    def _entry(self, entry: Entry, *, is_last: bool) -> tuple[Entry, Saved] | None:
        """The file, uploaded if it is new; as last saved, if ever, if it changes meanwhile.

        OSError if it is gone: the folder as a whole was moving on, and has to be looked at again. The last
        time it is left out instead.
        """
        known = self._saved.get(entry.name)
        if known and known[0] == entry:
            return known
        if entry.target is not None:
            return entry, SavedLink(entry.name, entry.target)
        try:
            sha256 = self._upload(entry, is_last=is_last)
        except OSError as error:
            if not is_last:
                raise
            self._folder.pass_over(entry.name, f"it can no longer be read: {error.strerror}")
            return None
        return (entry, SavedFile(entry.name, sha256, entry.size, entry.look[1])) if sha256 else known

    def _upload(self, entry: Entry, *, is_last: bool) -> str | None:
        """Upload a content that isn't in the bucket yet; its digest, None if the file changes meanwhile."""
        with open_regular(entry.path) as source:
            if entry.size <= _SMALL_BYTES:
                content = source.read(_SMALL_BYTES + 1)
                sha256 = hashlib.sha256(content).hexdigest()
                if entry.has_changed():
                    return None
                self._generations.add_object(content, sha256)
            elif is_last:
                # The script has ended, and what ended it may be a full disk: without a copy.
                sha256 = hashlib.file_digest(source, "sha256").hexdigest()
                if entry.has_changed():
                    return None
                self._generations.add_object(entry.path, sha256)
                if entry.has_changed():
                    self._generations.drop_object(sha256)
                    return None
            else:
                return self._upload_copy(source, entry)
        return sha256

    def _upload_copy(self, source: BufferedReader, entry: Entry) -> str | None:
        """A copy: what is uploaded is what was hashed, whatever the script does meanwhile."""
        free = shutil.disk_usage(self._path.parent).free
        if free < entry.size + _SPARE_BYTES:
            raise OSError(
                errno.ENOSPC, "The disk has no room for a copy of the file that is saved", entry.name
            )
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=".saving-") as copy:
            digest = hashlib.sha256()
            while chunk := source.read(_CHUNK_BYTES):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            if entry.has_changed():
                return None
            self._generations.add_object(Path(copy.name), digest.hexdigest())
        return digest.hexdigest()

    def _fetch(self, saved: tuple[Saved, ...]) -> bool:
        """Fetch and check all files beside the folder, then move them in; False if one isn't whole."""
        files = [item for item in saved if isinstance(item, SavedFile)]
        with tempfile.TemporaryDirectory(dir=self._path.parent, prefix=".restoring-") as staging:
            try:
                good = all(parallel.each(lambda item: self._fetch_one(item, Path(staging)), files))
            except MissingError:
                return False
            if not good:
                return False
            for item in saved:
                target = self._path / item.path
                target.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(item, SavedLink):
                    target.symlink_to(item.target)
                else:
                    shutil.move(Path(staging, item.path), target)
        return True

    def _fetch_one(self, item: SavedFile, staging: Path) -> bool:
        path = staging / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._generations.bucket.download(self._generations.object_key(item.sha256), path, item.size)
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256")
        # Code that takes the newest file for the latest checkpoint goes by these times.
        os.utime(path, ns=(item.mtime_ns, item.mtime_ns))
        return digest.hexdigest() == item.sha256

    def _remember(self, saved: tuple[Saved, ...]) -> None:
        looks = self._look()
        self._saved = {item.path: (looks[item.path], item) for item in saved if item.path in looks}


def _files(entries: Mapping[str, tuple[Entry, Saved]]) -> list[SavedFile]:
    return [saved for _, saved in entries.values() if isinstance(saved, SavedFile)]


def _contents(entries: Mapping[str, tuple[Entry, Saved]]) -> dict[str, str]:
    """What each path holds: a content's digest, or what a link leads to."""
    return {
        path: saved.sha256 if isinstance(saved, SavedFile) else f"-> {saved.target}"
        for path, (_, saved) in entries.items()
    }


class Saver:
    """A thread that saves every `seconds` until it is stopped; a failure is logged, and tried again."""

    def __init__(self, checkpoints: Checkpoints, seconds: float, say: Callable[[str], None]) -> None:
        self._checkpoints = checkpoints
        self._seconds = seconds
        self._say = say
        self._said: set[str] = set()
        self.has_saved = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the save that it may be at."""
        self._stopped.set()
        self._thread.join()

    def save_last(self) -> None:
        """Save what is there, after the script ended."""
        self._save(is_last=True)

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._save(is_last=False)

    def _save(self, *, is_last: bool) -> None:
        try:
            saved = self._checkpoints.save(is_last=is_last, stopped=self._stopped)
        except Exception as error:  # noqa: BLE001  whatever it is, the next save is due all the same
            self._say(f"Checkpoints could not be saved: {error}")
        else:
            if saved:
                self.has_saved = True
                self._say(str(saved))
        for remark in self._checkpoints.remarks():
            if remark not in self._said:
                self._said.add(remark)
                self._say(remark)
