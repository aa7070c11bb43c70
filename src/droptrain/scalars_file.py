"""A file of TensorBoard's that has metrics by step, written without TensorBoard.

The forms: TFRecord (tensorflow.org/tutorials/load_data/tfrecord) of Event messages (TensorFlow's event.proto
and summary.proto), with the checksums that TensorBoard compares.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY = 1, 2, 3, 5  # fields of Event
_VALUE = 1  # of Summary
_TAG, _SIMPLE_VALUE = 1, 2  # of Summary.Value
_CASTAGNOLI = 0x82F63B78
_MASK = 0xA282EAD8
_UINT64 = (1 << 64) - 1


class ScalarsFile:
    """One growing event file in `folder`, which is made if it isn't there.

    `wall_time`, in seconds since 1970, is that of all its points: the API knows no other.
    """

    def __init__(self, folder: Path, wall_time: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"events.out.tfevents.{int(wall_time)}.droptrain"
        self._wall_time = wall_time
        self._last_step: dict[str, int] = {}
        self._append([_field(_FILE_VERSION, _BYTES, b"brain.Event:2")])

    def add(self, series: Iterable[Mapping[str, Any]]) -> None:
        """Append the points of series, as the API gives them, that are behind the last one of their name."""
        by_step: dict[int, list[bytes]] = {}
        for each in series:
            name = each["name"]
            for point in each["points"]:
                step = int(point["step"])
                if step > self._last_step.get(name, step - 1):
                    self._last_step[name] = step
                    by_step.setdefault(step, []).append(_value(name, point["value"]))
        self._append(
            _field(_STEP, _VARINT, _varint(step & _UINT64)) + _field(_SUMMARY, _BYTES, b"".join(values))
            for step, values in sorted(by_step.items())
        )

    def _append(self, messages: Iterable[bytes]) -> None:
        at = _field(_WALL_TIME, _FIXED64, struct.pack("<d", self._wall_time))
        with self._path.open("ab") as stream:
            for message in messages:
                stream.writelines(_record(at + message))


def _record(message: bytes) -> Iterator[bytes]:
    length = struct.pack("<Q", len(message))
    yield length + _checksum(length)
    yield message + _checksum(message)


def _value(tag: str, value: float) -> bytes:
    number = _field(_SIMPLE_VALUE, _FIXED32, struct.pack("<f", value))
    return _field(_VALUE, _BYTES, _field(_TAG, _BYTES, tag.encode()) + number)


def _field(number: int, kind: int, content: bytes) -> bytes:
    size = _varint(len(content)) if kind == _BYTES else b""
    return _varint(number << 3 | kind) + size + content


def _varint(number: int) -> bytes:
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    low.append(number)
    return bytes(low)


def _checksum(content: bytes) -> bytes:
    """TFRecord's masked CRC-32C."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


def _table() -> tuple[int, ...]:
    made = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (_CASTAGNOLI if number & 1 else 0)  # noqa: PLW2901
        made.append(number)
    return tuple(made)


_TABLE = _table()
