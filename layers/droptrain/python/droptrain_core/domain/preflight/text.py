"""A file's format and encoding by its bytes, before it is read as rows."""

import codecs
import re

# The first bytes of files that aren't text: zip and Excel, PNG, JPEG, PDF, SQLite, HDF5, NumPy, zstd, xz,
# old Office, Parquet (the first field of its first header), Arrow.
_MAGIC = (
    b"PK\x03\x04", b"\x89PNG\r\n", b"\xff\xd8\xff", b"%PDF-1.", b"SQLite format 3\0", b"\x89HDF\r\n",
    b"\x93NUMPY", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"\xd0\xcf\x11\xe0\xa1\xb1",
    b"PAR1\x15", b"ARROW1\0\0",
)  # fmt: skip
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
# Text documents that a download, a clone or a copy left in place of the data.
# (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md; git-annex's internals, "pointer file".)
_STAND_INS = (
    ("a Git LFS pointer", re.compile(rb"version https://(?:git-lfs|hawser)\.github\.com/spec/")),
    ("a git-annex pointer", re.compile(rb"(?:\.\./)*(?:\.git)?/annex/objects/")),
    ("an HTML page", re.compile(
        # Rows that each contain a page are data.
        rb"(?![^\n]*</html>[^\n<]*[,;\t|])(?:<\?xml[^>]*>\s*)?"
        rb"(?:<!doctype html|<html[^>]*>\s*<(?:head|body|!))",
        re.IGNORECASE,
    )),
    ("an XML document", re.compile(rb"<\?xml[ \t]+version|<Error>\s*<Code>")),
    ("an RTF document", re.compile(rb"\{\\rtf\d")),
    ("a web server's answer with its headers", re.compile(rb"HTTP/\d(?:\.\d)? \d{3}[ \r\n]")),
    ("the path of another file", re.compile(rb"[\w ./@+=-]{1,900}\.[ct]sv(?:\.gz)?\s*$")),
    ("what a web server answers for a missing file", re.compile(rb"(?:404: Not Found|Entry not found)\s*$")),
)  # fmt: skip
# Over several lines, or the error of an API.
_JSON = re.compile(rb"[\[{]\s*\n\s*[\"{\[]|\{\"(?:message|errors?|detail|status)\"\s*:[^\n]{0,900}\}\s*$")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x1a\x01\x1c\x1d\x1e\x1f\0"))
_BINARY_SHARE = 0.05
_STAND_IN_BYTES = 1024


def is_gzip(head: bytes) -> bool:
    """Whether the file is compressed by gzip (RFC 1952: its magic number and its one method)."""
    return head.startswith(b"\x1f\x8b\x08")


def encoding_of(head: bytes) -> str:
    """utf-16 or utf-8-sig by their byte order marks, else utf-8."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8"


def is_binary(head: bytes) -> bool:
    """Whether the file can't be text in any usual encoding: another format's beginning, or control bytes."""
    if head.startswith(_MAGIC) or _BZIP2.match(head):
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > _BINARY_SHARE * len(head) and not is_utf8(head)


def is_blank(data: bytes) -> bool:
    """Whether there are only blanks, ends of lines and NUL bytes."""
    return not data.removeprefix(codecs.BOM_UTF8).strip(b"\0 \t\r\n\f\v")


def stand_in(head: bytes) -> str | None:
    """The kind of document in place of the data; None if it may be data."""
    start = _start(head)
    return next((what for what, begins in _STAND_INS if begins.match(start)), None)


def json_document(head: bytes) -> str | None:
    """What stands in for a CSV, if it is JSON; one value in each line is data to some code."""
    return "a JSON document" if _JSON.match(_start(head)) else None


def _start(head: bytes) -> bytes:
    return head[:_STAND_IN_BYTES].removeprefix(codecs.BOM_UTF8).lstrip()


def is_utf8(head: bytes) -> bool:
    """Whether a file's first bytes are UTF-8, apart from a character that is cut off at their end."""
    return not_utf8_at(head, from_start=True, to_end=False) is None


def not_utf8_at(data: bytes, *, from_start: bool, to_end: bool) -> int | None:
    """The first byte that isn't UTF-8, apart from characters that are cut off at the beginning and end."""
    cut = 0
    if not from_start:
        cut = next((at for at, byte in enumerate(data[:3]) if byte & 0xC0 != 0x80), min(3, len(data)))
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[cut:], final=to_end)
    except UnicodeDecodeError as error:
        return cut + error.start
    return None
