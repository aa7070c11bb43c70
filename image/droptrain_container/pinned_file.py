"""A pinned version on its way to its place."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from droptrain_container.plan import Pinned

MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class PinnedFile:
    """A version to fetch: first to `staged`, and to `path` once it is checked."""

    pinned: Pinned
    path: Path
    staged: Path

    @property
    def size(self) -> int:
        """The size that is expected, in bytes; 0 where the plan doesn't tell."""
        return self.pinned.size or 0

    def move(self, whole: Path) -> None:
        """Put what has come whole into its place."""
        if self.path.is_dir():  # shutil.move would put it in there.
            raise IsADirectoryError(f"{self.path}: a file and a folder have this name")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(whole, self.path)
