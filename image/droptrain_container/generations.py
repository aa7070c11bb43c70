"""Generations of checkpoints in the bucket: content-addressed objects, and documents that name them.

`objects/<sha256>` holds a file's content; `generations/<n>.json` names the files of one generation and is
written after all of them, so that a generation is complete or not there.
"""

import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from droptrain_container.plan import stays_inside
from droptrain_container.s3 import Bucket, ConflictError, MissingError

_NAME = re.compile(r"generations/(\d{1,12})\.json$")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SavedFile:
    """One file of a generation: its path in CHECKPOINT_DIR, content, size in bytes and modification time."""

    path: str
    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class SavedLink:
    """One link of a generation: its path in CHECKPOINT_DIR, and what it leads to from its own folder."""

    path: str
    target: str


Saved = SavedFile | SavedLink


@dataclass
class Generations:
    """The generations below one prefix; `keep` newest stay when a new one is written.

    `_known` are the digests of the generations read or written here, `_objects` those that are in the bucket.
    """

    bucket: Bucket
    prefix: str
    keep: int
    _known: dict[int, frozenset[str]] = field(default_factory=dict)
    _objects: set[str] = field(default_factory=set)
    _numbers: set[int] = field(default_factory=set)

    def look(self) -> list[int]:
        """Find what is in the bucket; the generations' numbers, newest first."""
        for key in self.bucket.keys(self.prefix):
            name = key.removeprefix(self.prefix)
            if match := _NAME.fullmatch(name):
                self._numbers.add(int(match[1]))
            elif _SHA256.fullmatch(name.removeprefix("objects/")):
                self._objects.add(name.removeprefix("objects/"))
        return sorted(self._numbers, reverse=True)

    def read(self, number: int) -> tuple[Saved, ...] | None:
        """The files and links of a generation; None if its document isn't one or an object isn't there."""
        try:
            document = json.loads(self.bucket.get(self._key(number)))
            files = tuple(SavedFile(**item) for item in document["files"])
            links = tuple(SavedLink(**item) for item in document.get("links", []))
        except (MissingError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        if not all(map(_is_sound, files)) or not _are_sound(links, files):
            return None
        if not {item.sha256 for item in files} <= self._objects:
            return None
        self._known[number] = frozenset(item.sha256 for item in files)
        return files + links

    def add_object(self, content: Path | bytes, sha256: str) -> None:
        """Upload a content that has this digest, unless it is there; OSError if it is a file that is gone."""
        if sha256 in self._objects:
            return
        if isinstance(content, bytes):
            self.bucket.put(self.object_key(sha256), content)
        else:
            self.bucket.upload(content, self.object_key(sha256))
        self._objects.add(sha256)

    def drop_object(self, sha256: str) -> None:
        """Delete an object whose content turned out to be another."""
        self._objects.discard(sha256)
        self.bucket.delete([self.object_key(sha256)])

    def object_key(self, sha256: str) -> str:
        """Where the content with this digest lies."""
        return f"{self.prefix}objects/{sha256}"

    def write(self, saved: Iterable[Saved], facts: Mapping[str, object]) -> int:
        """Write the next generation, whose objects are all there; its number."""
        listed = sorted(saved, key=lambda item: item.path)
        files = [item for item in listed if isinstance(item, SavedFile)]
        number = max(self._numbers, default=0)
        while True:
            number += 1
            document = {
                "schema": 1,
                "generation": number,
                **facts,
                "files": [asdict(item) for item in files],
                "links": [asdict(item) for item in listed if isinstance(item, SavedLink)],
            }
            self._numbers.add(number)
            try:
                self.bucket.put_new(self._key(number), json.dumps(document).encode())
            except ConflictError:
                continue
            self._known[number] = frozenset(item.sha256 for item in files)
            return number

    def prune(self) -> None:
        """Delete all but the newest generations, then the objects that none of those names."""
        newest = sorted(self._numbers, reverse=True)
        kept, old = newest[: self.keep], newest[self.keep :]
        if not old:
            return
        for number in kept:
            if number not in self._known:
                self.read(number)
        self.bucket.delete([self._key(number) for number in old])
        self._numbers.difference_update(old)
        named = frozenset().union(*(self._known.get(number, frozenset()) for number in kept))
        unnamed = sorted(self._objects - named)
        self.bucket.delete([self.object_key(sha256) for sha256 in unnamed])
        self._objects.difference_update(unnamed)

    def _key(self, number: int) -> str:
        return f"{self.prefix}generations/{number:08d}.json"


def _is_sound(item: SavedFile) -> bool:
    return (
        isinstance(item.path, str)
        and stays_inside(item.path)
        and isinstance(item.sha256, str)
        and _SHA256.fullmatch(item.sha256) is not None
        and isinstance(item.size, int)
        and isinstance(item.mtime_ns, int)
    )


def _are_sound(links: Sequence[SavedLink], files: Sequence[SavedFile]) -> bool:
    """Whether each link stays inside, and nothing would be put behind one or in its place."""
    if not all(map(_stays, links)):
        return False
    paths = [item.path for item in files] + [link.path for link in links]
    of_links = {link.path for link in links}
    above = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    return len(set(paths)) == len(paths) and of_links.isdisjoint(above)


def _stays(link: SavedLink) -> bool:
    if not isinstance(link.path, str) or not isinstance(link.target, str) or not stays_inside(link.path):
        return False
    # Steps up come first or not at all: behind another link they would lead elsewhere.
    if posixpath.normpath(link.target) != link.target or "\0" in link.target:
        return False
    end = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
    return end == "." or stays_inside(end)
