"""Zip files that have the same bytes whenever and wherever they are made of the same files."""

import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

# The first moment that a zip file can name: 1980-01-01T00:00:00Z.
_FIRST_EPOCH = 315_532_800


def pack(folder: Path, files: Iterable[Path], target: Path, epoch: int) -> None:
    """Zip `files` below `folder`, in the order of their names, all last changed at `epoch` (Unix seconds)."""
    at = time.gmtime(max(epoch, _FIRST_EPOCH))[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), at)
            # Of the permissions only whether it can be run: the rest depends on who checked it out.
            mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            entry.create_system = 3
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
