"""A file's format and encoding by its bytes, before it is read as rows."""

import codecs

# The first bytes of files that aren't text: zip and Excel, Parquet, PNG, JPEG, PDF, SQLite,
# Arrow, HDF5, NumPy, zstd, bzip2, xz, old Office.
_MAGIC = (
    b"PK\x03\x04", b"PAR1", b"\x89PNG\r\n", b"\xff\xd8\xff", b"%PDF-", b"SQLite format 3\0", b"ARROW1",
    b"\x89HDF\r\n", b"\x93NUMPY", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\0", b"\xd0\xcf\x11\xe0\xa1\xb1",
)  # fmt: skip
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x1a\x01\x1c\x1d\x1e\x1f\0"))
_BINARY_SHARE = 0.05


def is_gzip(head: bytes) -> bool:
    """Whether the file is compressed by gzip (RFC 1952: its magic number and its one method)."""
    return head.startswith(b"\x1f\x8b\x08")


def encoding_of(head: bytes) -> str:
    """utf-16 by its byte order mark or its NULs, utf-8-sig by its mark, else utf-8."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = head[:4096]
    half = len(start) // 2
    if half >= 4 and any(start[side::2].count(0) > 0.8 * half and start.count(0) <= half for side in (0, 1)):
        return "utf-16"
    return "utf-8"


def is_binary(head: bytes) -> bool:
    """Whether the file can't be text in any usual encoding: another format's beginning, or control bytes."""
    if head.startswith(_MAGIC):
        return True
    if head.count(0) > 0.9 * len(head):
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > _BINARY_SHARE * len(head)


def is_utf8(data: bytes, *, from_start: bool, to_end: bool) -> bool:
    """Whether bytes are UTF-8, apart from characters that are cut off at their beginning and end."""
    if not from_start:
        for cut in range(min(3, len(data))):
            if data[cut] & 0xC0 != 0x80:
                data = data[cut:]
                break
        else:
            data = data[3:]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=to_end)
    except UnicodeDecodeError:
        return False
    return True
