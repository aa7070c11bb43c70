"""CHECKPOINT_DIR, kept safe: restored before the script starts, saved while it runs and after it ended."""

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from droptrain_container import parallel
from droptrain_container.exit_codes import EndError
from droptrain_container.generations import Generations, SavedFile
from droptrain_container.s3 import MissingError

_CHUNK_BYTES = 1 << 20
# A file that stayed as it is for so long isn't being written.
_SETTLE_SECONDS = 1.0
# So often a folder that changes is looked at again before it is saved without what changes.
_LOOKS = 5

# What tells one state of a file from another without reading it: size, modification time, inode.
Look = tuple[int, int, int]


@dataclass(frozen=True)
class Saved:
    """A generation that was saved: how many bytes were new, and how many seconds after the last change."""

    number: int
    new_bytes: int
    seconds_behind: float

    def __str__(self) -> str:
        return (
            f"Saved checkpoint generation {self.number}: {self.new_bytes / (1 << 20):.1f} MiB new, "
            f"{self.seconds_behind:.0f} s after the last change."
        )


class Checkpoints:
    """The script's checkpoint folder and its generations in the bucket."""

    def __init__(
        self, folder: Path, generations: Generations, facts: Callable[[], Mapping[str, object]]
    ) -> None:
        self._folder = folder
        self._generations = generations
        self._facts = facts
        self._saved: dict[str, tuple[Look, SavedFile]] = {}
        self._lock = threading.Lock()

    def restore(self, say: Callable[[str], None]) -> int | None:
        """Put the newest generation that is whole into the folder; its number, None if there is none.

        Every content is checked against its digest; a generation that isn't whole is passed over.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in self._generations.look():
            files = self._generations.read(number)
            if files is not None and self._fetch(files):
                self._remember(files)
                return number
            say(f"Checkpoint generation {number} isn't whole; trying the one before.")
        return None

    def save(self, *, only_settled: bool, stopped: threading.Event) -> Saved | None:
        """Save what changed as a new generation; None if nothing changed.

        With `only_settled`, a file that is being written stays as it was saved last, if it ever was; nothing
        is saved once `stopped` is set.
        """
        with self._lock:
            looks, unsettled = self._settle(stopped) if only_settled else (self._look(), set[str]())
            if only_settled and stopped.is_set():
                return None
            kept = {path: self._saved[path] for path in unsettled if path in self._saved}
            found = parallel.each(lambda item: self._entry(*item), looks.items())
            entries = kept | {
                path: entry for path, entry in zip(looks, found, strict=True) if entry is not None
            }
            # An emptied folder is nothing to go on from: what was saved stays the newest.
            if not entries or self._contents(entries) == self._contents(self._saved):
                self._saved = entries
                return None
            before = self._contents(self._saved).values()
            files = [saved for _, saved in entries.values()]
            number = self._generations.write(files, self._facts())
            self._saved = entries
            self._generations.prune()
            last_change = max(item.mtime_ns for item in files) / 1e9
            new = {item.sha256: item.size for item in files if item.sha256 not in before}
            return Saved(number, sum(new.values()), max(time.time() - last_change, 0))

    def _settle(self, stopped: threading.Event) -> tuple[dict[str, Look], set[str]]:
        """What isn't being written, and the paths of what is; waits some seconds for a still folder.

        A checkpoint is several files and a list of them; only a still folder has all of one and no part of
        the next. What was removed between the last two looks counts as being written.
        """
        looks = self._look()
        before = {path: look for path, (look, _) in self._saved.items()}
        for _ in range(_LOOKS):
            if looks == before or stopped.wait(_SETTLE_SECONDS):
                break
            before, looks = looks, self._look()
        settled = {path: look for path, look in looks.items() if before.get(path) == look}
        return settled, (looks.keys() | before.keys()) - settled.keys()

    @staticmethod
    def _contents(entries: Mapping[str, tuple[Look, SavedFile]]) -> dict[str, str]:
        return {path: saved.sha256 for path, (_, saved) in entries.items()}

    def _look(self) -> dict[str, Look]:
        looks = {}
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                try:
                    stat = path.stat()
                except OSError:
                    continue  # Removed or renamed since the folder was listed.
                if path.is_file():
                    looks[path.relative_to(self._folder).as_posix()] = (
                        stat.st_size, stat.st_mtime_ns, stat.st_ino,
                    )  # fmt: skip
        return looks

    def _entry(self, path: str, look: Look) -> tuple[Look, SavedFile] | None:
        """The file, uploaded if it is new; as last saved, if ever, if it changes meanwhile.

        FileNotFoundError if it is gone: the folder as a whole was moving on, and has to be looked at again.
        """
        known = self._saved.get(path)
        if known and known[0] == look:
            return known
        # A copy: what is uploaded is what was hashed, whatever the script does meanwhile.
        with tempfile.NamedTemporaryFile(dir=self._folder.parent, prefix=".saving-") as copy:
            digest = hashlib.sha256()
            with Path(self._folder, path).open("rb") as source:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    copy.write(chunk)
            copy.flush()
            if self._look_at(path) != look:
                return known
            self._generations.add_object(Path(copy.name), digest.hexdigest())
        return look, SavedFile(path, digest.hexdigest(), look[0], look[1])

    def _look_at(self, path: str) -> Look:
        stat = Path(self._folder, path).stat()
        return stat.st_size, stat.st_mtime_ns, stat.st_ino

    def _fetch(self, files: tuple[SavedFile, ...]) -> bool:
        """Fetch and check all files beside the folder, then move them in; False if one isn't whole."""
        with tempfile.TemporaryDirectory(dir=self._folder.parent, prefix=".restoring-") as staging:
            try:
                good = all(parallel.each(lambda item: self._fetch_one(item, Path(staging)), files))
            except MissingError:
                return False
            if not good:
                return False
            for item in files:
                target = self._folder / item.path
                target.parent.mkdir(parents=True, exist_ok=True)
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

    def _remember(self, files: tuple[SavedFile, ...]) -> None:
        self._saved = {item.path: (self._look_at(item.path), item) for item in files}


class Saver:
    """A thread that saves every `seconds` until it is stopped; a failure is said, and tried again."""

    def __init__(self, checkpoints: Checkpoints, seconds: float, say: Callable[[str], None]) -> None:
        self._checkpoints = checkpoints
        self._seconds = seconds
        self._say = say
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
        self._save(only_settled=False)

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._save(only_settled=True)

    def _save(self, *, only_settled: bool) -> None:
        try:
            saved = self._checkpoints.save(only_settled=only_settled, stopped=self._stopped)
        except (EndError, OSError) as error:
            self._say(f"Checkpoints could not be saved: {error}")
        else:
            if saved:
                self.has_saved = True
                self._say(str(saved))
