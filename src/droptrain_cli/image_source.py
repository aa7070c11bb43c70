"""What an image is built of, as one archive: droptrain/ and, for an image of the user's own, yours/."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from droptrain.errors import DroptrainError
from droptrain.project_folder import files_below

DOCKERFILE = "Dockerfile"
_PACKAGED, _CHECKED_OUT = (
    Path(__file__).parents[1] / "droptrain_image",
    Path(__file__).parents[2] / "image",
)
# What image/.dockerignore sends to the builder, and what calls the builder.
_OF_DROPTRAIN = (
    "Dockerfile", "requirements.txt", "requirements-gpu.txt", "requirements-cpu.txt", "install_tensorflow.sh",
    "publish.sh",
)  # fmt: skip
_PACKAGE = "droptrain_container"
_MOST_BYTES = 100 * 1024 * 1024
_SOME_DAY = (1980, 1, 1, 0, 0, 0)  # zip's first: the same files make the same archive


def archive(folder: Path | None) -> bytes:
    """A zip of droptrain's image, and of the one in `folder` on top; DroptrainError if that can't be one."""
    files = dict(_of_droptrain())
    if folder:
        files |= {f"yours/{name}": file for name, file in _of_user(folder).items()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, file in files.items():
            entry = zipfile.ZipInfo(name, _SOME_DAY)
            entry.external_attr = (0o755 if file.stat().st_mode & 0o100 else 0o644) << 16
            writer.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _of_droptrain() -> Iterator[tuple[str, Path]]:
    source = _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT
    for name in _OF_DROPTRAIN:
        yield f"droptrain/{name}", source / name
    for name, file in files_below(source / _PACKAGE):
        yield f"droptrain/{_PACKAGE}/{name}", file


def _of_user(folder: Path) -> dict[str, Path]:
    dockerfile = folder / DOCKERFILE
    if not dockerfile.is_file():
        raise DroptrainError(
            f"{folder} has no {DOCKERFILE}. Make one that begins with `FROM droptrain`: docs/image.md has an "
            "example."
        )
    files = dict(files_below(folder))
    size = sum(file.stat().st_size for file in files.values())
    if size > _MOST_BYTES:
        raise DroptrainError(
            f"{folder} holds {size / 1e6:.0f} MB, and an image's source may have {_MOST_BYTES / 1e6:.0f}. "
            "Data belongs into the bucket; name a folder that has only what the Dockerfile copies."
        )
    return files
