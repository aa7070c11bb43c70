"""TensorBoard's event files: the scalars in them, read without TensorBoard, TensorFlow or protobuf.

The forms: TFRecord (tensorflow.org/tutorials/load_data/tfrecord) of Event messages (TensorFlow's event.proto,
summary.proto and tensor.proto). Checksums aren't compared.
"""

import math
import os
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from droptrain_container.folder import Folder, key_of, open_regular
from droptrain_container.points import Points

_MARK = ".tfevents."
_MAX_FILES = 50
_MAX_ENTRIES = 20_000
# Scalars are small; graphs, images and histograms are passed over unread.
_MAX_RECORD_BYTES = 1 << 14
_LOOK_RECORDS = 200_000
_LOOK_SECONDS = 3.0
_HEADER_BYTES, _FOOTER_BYTES = 12, 4
_FLOAT, _DOUBLE = 1, 2
_FORMATS = {_FLOAT: "<f", _DOUBLE: "<d"}

Scalar = tuple[int, str, float]


class EventFiles:
    """The event files below `folders`, read on from where the last look ended."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        self._folders = folders
        self._offsets: dict[Path, int] = {}
        self._points: dict[Path, Points] = {}
        self._lock = threading.Lock()

    def look(self) -> None:
        """Read what was added, for some seconds at most. What can't be read is left to the next look."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        end = time.monotonic() + _LOOK_SECONDS
        for path in self._find(end):
            if time.monotonic() > end:
                return
            try:
                found, self._offsets[path] = read_scalars(path, self._offsets.get(path, 0), end)
            except OSError:
                continue
            for step, tag, value in found:
                self._points.setdefault(path.parent, Points()).add(tag, step, value)

    def points(self) -> Points:
        """What was read so far. Keras's names become those of its progress lines: `loss`, `val_loss`."""
        points = Points()
        with self._lock:
            found = sorted(self._points.items())
        if not found:
            return points
        root = os.path.commonpath([folder for folder, _ in found])
        for folder, written in found:
            prefix = _prefix(folder.relative_to(root))
            for tag, step, value in written:
                points.add(prefix + tag.removeprefix("epoch_"), step, value)
            for tag, step in written.not_finite.items():
                points.add(prefix + tag.removeprefix("epoch_"), step, math.nan)
        return points

    def _find(self, end: float) -> list[Path]:
        found: list[Path] = []
        for folder in self._folders:
            for count, entry in enumerate(folder.entries()):
                if _MARK in entry.path.name:
                    found.append(entry.path)
                if count > _MAX_ENTRIES or time.monotonic() > end:
                    break
        return sorted(found)[:_MAX_FILES]


def read_scalars(path: Path, offset: int = 0, end_at: float = math.inf) -> tuple[list[Scalar], int]:
    """(scalars as (step, tag, value), offset to go on from) of the whole records from `offset` on; OSError.

    Ends at `end_at` of the monotonic clock, at a record that isn't complete yet, and for good at what is no
    record.
    """
    found: list[Scalar] = []
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        for _ in range(_LOOK_RECORDS):
            if time.monotonic() > end_at:
                break
            file.seek(offset)
            header = file.read(_HEADER_BYTES)
            if len(header) < _HEADER_BYTES:
                break
            length = struct.unpack_from("<Q", header)[0]
            end = offset + _HEADER_BYTES + length + _FOOTER_BYTES
            if end > size:
                break
            if length <= _MAX_RECORD_BYTES:
                found += _scalars(file.read(length))
            offset = end
    return found, offset


def _prefix(below: Path) -> str:
    """Distinguishes writers in several folders, with Keras's names for Keras."""
    if below.name in ("", "train"):
        return ""
    return "val_" if below.name == "validation" else f"{key_of(below.as_posix())}/"


def _scalars(event: bytes) -> Iterator[Scalar]:
    """The scalars of one Event; whatever isn't one is passed over."""
    try:
        fields = list(_fields(event))
        step = next((value for number, value in fields if number == 2 and isinstance(value, int)), 0)
        for number, summary in fields:
            if number == 5 and isinstance(summary, bytes):
                for inner, value in _fields(summary):
                    if inner == 1 and isinstance(value, bytes):
                        yield from _scalar(step, value)
    except (ValueError, IndexError, struct.error):
        return


def _scalar(step: int, content: bytes) -> Iterator[Scalar]:
    """Summary.Value: tag (1), simple_value (2) of TensorFlow 1 and others, tensor (8) of TensorFlow 2."""
    tag, value = "", None
    for number, field in _fields(content):
        if number == 1 and isinstance(field, bytes):
            tag = field.decode(errors="replace")
        elif number == 2 and isinstance(field, bytes) and len(field) == 4:
            value = struct.unpack("<f", field)[0]
        elif number == 8 and isinstance(field, bytes):
            value = _of_tensor(field)
    if tag and value is not None:
        yield step, tag, value


def _of_tensor(content: bytes) -> float | None:
    """The number of a tensor that is one: dtype (1), tensor_content (4), float_val (5), double_val (6)."""
    fields = dict(_fields(content))
    form = _FORMATS.get(kind) if isinstance(kind := fields.get(1), int) else None
    if form is None:
        return None
    number = fields.get(4) or fields.get(5 if kind == _FLOAT else 6)
    if not isinstance(number, bytes) or len(number) != struct.calcsize(form):
        return None
    return float(struct.unpack(form, number)[0])


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field of a protobuf message; ValueError or IndexError if it isn't one."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + length > len(message):
            raise ValueError("a field goes beyond its message")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at
    raise ValueError("a varint of more than ten bytes")
