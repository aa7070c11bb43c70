"""Formats other than CSV: certain problems that a few bytes of a file show. Their rows aren't checked."""

import json
import re
from collections.abc import Iterable

from droptrain_core.domain.datasets.data_file import is_data_file, is_named_gzip
from droptrain_core.domain.preflight.facts import FileFacts, Piece
from droptrain_core.domain.preflight.text import is_gzip, stand_in

_PARQUET, _TFRECORD, _JSON_LINES = (".parquet", ".pq"), (".tfrecord", ".tfrecords"), (".jsonl", ".ndjson")
_ZIP = (".zip", ".npz", ".xlsx")
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
_LOOKED_INTO = (*_PARQUET, *_TFRECORD, *_JSON_LINES, *_ZIP, *_IMAGES, ".gz")
# The name of any image format is right for any image: decoders use the content.
_IMAGE = re.compile(
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8|BM|RIFF....WEBP|II[*+]\0|MM\0[*+]|....ftyp|\0\0\0\x0cJXL |\xff\x0a",
    re.DOTALL,
)
_HEAD_BYTES = 4096
# A zip's last record with the longest comment (APPNOTE.TXT, 4.3.16).
_ZIP_END_BYTES = 22 + 0xFFFF
_PARQUET_END_BYTES = 8


def is_other_format(name: str) -> bool:
    """Whether a file has, by its name, another format that preflight checks."""
    return not is_data_file(name) and name.lower().endswith(_LOOKED_INTO)


def ranges(name: str, size: int) -> list[tuple[int, int]]:
    """(first byte, number of bytes) to read: the start, and the end if the format has its index there."""
    lower = name.lower()
    end = _ZIP_END_BYTES if lower.endswith(_ZIP) else _PARQUET_END_BYTES if lower.endswith(_PARQUET) else 0
    if size <= _HEAD_BYTES + end:
        return [(0, size)] if size else []
    return [(0, _HEAD_BYTES), *([(size - end, end)] if end else [])]


def of_pieces(name: str, channel: str, size: int, pieces: Iterable[Piece]) -> FileFacts:
    """The facts of a file of another format, of which `ranges` were read."""
    facts = FileFacts(name, channel, size, whole=False, other=True)
    read = tuple(pieces)
    if read:
        head, end, lower = read[0].data, read[-1].data, name.lower()
        facts.gzip = is_gzip(head)
        facts.stand_in = stand_in(head)
        if not facts.stand_in and not is_named_gzip(name):
            facts.broken = _broken(lower, size, head, end)
            facts.unlike_name = _unlike_name(lower, head)
    return facts


def _broken(name: str, size: int, head: bytes, end: bytes) -> str | None:
    """Why no reader can read the file, if that is certain."""
    if name.endswith(_PARQUET):
        # https://parquet.apache.org/docs/file-format/: PAR1 at both ends, PARE with an encrypted footer.
        if end[-4:] not in (b"PAR1", b"PARE"):
            return "it isn't a whole Parquet file: it doesn't end with PAR1"
        footer = int.from_bytes(end[-8:-4], "little")
        return "its Parquet footer is longer than the file" if footer > size - 12 else None
    if name.endswith(_TFRECORD) and not (is_gzip(head) or _is_zlib(head)):
        return (
            None if _is_record(head) else "its first record has no right checksum, as a TFRecord file's has"
        )
    if name.endswith(_ZIP) and b"PK\x05\x06" not in end:
        return "it isn't a whole zip file: it has no end of central directory"
    return None


def _unlike_name(name: str, head: bytes) -> str | None:
    """How the content differs from the name's format, if some code may handle that."""
    if name.endswith(_IMAGES) and not _IMAGE.match(head):
        return "it doesn't begin as an image does"
    if name.endswith(_JSON_LINES) and not is_gzip(head):
        line, ends, _ = head.lstrip().partition(b"\n")
        if ends and not _is_json(line):
            return "its first line isn't JSON"
    return None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_zlib(head: bytes) -> bool:
    """Whether the file is compressed by zlib (RFC 1950, 2.2), as TFRecords may be."""
    return len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0


def _is_record(head: bytes) -> bool:
    """Whether the length of the first record has its checksum (tensorflow/core/lib/io/record_writer.h)."""
    if len(head) < 12:
        return False
    crc = _crc32c(head[:8])
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    return masked == int.from_bytes(head[8:12], "little")


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
