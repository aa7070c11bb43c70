"""What preflight rejects, pandas can't read either, or finds no row in."""

import gzip
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import pandas
import pytest
from droptrain_core.domain import preflight
from droptrain_core.domain.preflight.reader import of_stream
from droptrain_core.domain.preflight.rules import RULES
from hypothesis import given, settings
from hypothesis import strategies as st

GOOD = b"size,label\n" + b"".join(b"%d,%s\n" % (n, (b"cat", b"dog")[n % 2]) for n in range(20))
ERRORS = {rule.name for rule in RULES if rule.level == "error"}


def errors(body: bytes, says: Mapping[str, Any]) -> set[str]:
    """The errors of a training file."""
    facts = of_stream("train.csv", "training", len(body), io.BytesIO(body), says)
    return {found.rule for found in preflight.judge([facts], says) if found.level == "error"}


def rows_in_pandas(body: bytes, says: Mapping[str, Any]) -> int:
    """How many rows with a value pandas finds, with the delimiter and the header that preflight goes by.

    pandas' errors come through. A column that the recipe names must be there.
    """
    delimiter = of_stream("train.csv", "training", len(body), io.BytesIO(body), says).delimiter
    header: Any = None if says.get("header") is False else 0
    frame = pandas.read_csv(io.BytesIO(body), sep=delimiter, header=header)
    for column in (*says.get("columns", ()), *([says["label"]] if "label" in says else ())):
        if isinstance(column, int):
            frame.iloc[:, column]
        elif header == 0:
            frame[column]
    texts = frame.astype(object).fillna("").astype(str).map(lambda value: value.strip("\0 \t\v\f"))
    return int((texts != "").any(axis=1).sum())


def trains(body: bytes, says: Mapping[str, Any]) -> bool:
    """Whether pandas reads rows from it."""
    try:
        return rows_in_pandas(body, says) > 0
    except (pandas.errors.EmptyDataError, pandas.errors.ParserError, UnicodeDecodeError, LookupError):
        return False


def zipped(body: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", body)
    return content.getvalue()


REJECTED: Mapping[str, list[tuple[bytes, dict[str, Any]]]] = {
    "empty": [(b"\n \n", {}), (b"", {}), (b"\xef\xbb\xbf\r\n", {}), (b"\0" * 5000, {}), (b"\t\n \0\n", {})],
    "not_text": [
        (zipped(GOOD), {}),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89", {}),
        (b"PAR1\x15\x04\x15\x10\x15\x14L\x15\x02\x15\0\x12\0\0\x08\x1c\xff\xe8PAR1", {}),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\n", {}),
        (b"\x28\xb5\x2f\xfd\x04\x58" + GOOD, {}),
        (bytes(range(256)) * 9, {}),
    ],
    "utf_16": [(GOOD.decode().encode("utf-16"), {}), (b"\xfe\xff" + GOOD.decode().encode("utf-16-be"), {})],
    "header_only": [(b"a,b\n", {}), (b"a;b", {"header": True}), (b"size\n\n", {"label": "size"})],
    "long_row": [
        (GOOD + b"1,cat,3\n", {}),
        (b"id,name,price,notes\n" + b"0,n0,0.5\n" * 20 + b"1,n1,0.5,x,y\n", {}),
        (GOOD.replace(b",", b";") + b"1;cat;3\n", {"delimiter": ";"}),
        (GOOD + b"1,cat,\n", {}),
    ],
    "label_missing": [(GOOD, {"label": "species"}), (GOOD, {"label": 2})],
    "columns_missing": [(GOOD, {"columns": ["size", "species"], "header": True})],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "body", "says"), [(rule, *case) for rule, cases in REJECTED.items() for case in cases]
)
def test_pandas_reads_no_row_of_what_is_rejected(rule: str, body: bytes, says: dict[str, Any]) -> None:
    assert rule in errors(body, says)
    assert not trains(body, says)


def test_every_error_is_tried() -> None:
    assert set(REJECTED) == ERRORS - {"stand_in", "broken"}


@pytest.mark.parametrize("body", [
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n",
    b"/annex/objects/SHA256E-s3--ab.csv\n",
    b"<!DOCTYPE html>\n<html>\n<body>\n<p>Sign in, please</p>\n</body>\n</html>\n",
    b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>\n',
    b"404: Not Found",
])  # fmt: skip
def test_pandas_reads_no_table_where_a_document_stands_in(body: bytes) -> None:
    assert errors(body, {}) == {"stand_in"}
    try:
        frame = pandas.read_csv(io.BytesIO(body))
    except pandas.errors.ParserError:
        return
    assert frame.shape[1] == 1 and frame.shape[0] < 3, "the document's own lines"


@pytest.mark.parametrize(("body", "says"), [
    (b"id,name,price,notes\n" + b"".join(b"%d,n%d,0.5\n" % (n, n) for n in range(9)), {}),
    (b"id,name,price\n" + b"0,n0,0.5,x\n" + b"0,n0,0.5\n" * 9, {}),
    (GOOD.replace(b"\n", b"\r"), {}),
    (GOOD + b",\n" * 5, {}),
    (b"a;b\n" + b"1,5;2\n" * 9, {}),
    (GOOD.decode().encode("utf-16-le"), {}),
    (b"PAR1,PAR2\n1,2\n", {}),
])  # fmt: skip
def test_what_pandas_reads_is_not_rejected(body: bytes, says: dict[str, Any]) -> None:
    assert trains(body, says)
    assert errors(body, says) == set()


PIECES = st.sampled_from((
    b"1", b"2.5", b"cat", b"a b", b"", b" ", b'"x"', b'"a,b"', b'"', b"\\", b"'q'", b"\0", b"\x02", b"\xe9",
    "é".encode(), b"1,5", b"<html>", b"#", b"NA",
))  # fmt: skip
DELIMITERS = st.sampled_from((b",", b",", b";", b"\t", b"|", b":"))


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Rows of about the same number of fields, some of them odd, written as people and programs do."""
    delimiter, end = draw(DELIMITERS), draw(st.sampled_from((b"\n", b"\n", b"\r\n", b"\r")))
    width = draw(st.integers(1, 4))
    usual = delimiter.join(draw(st.lists(PIECES, min_size=width, max_size=width)))
    lines = [usual] * draw(st.sampled_from((0, 1, 2, 12)))
    for _ in range(draw(st.integers(0, 4))):
        odd = delimiter.join(draw(st.lists(PIECES, max_size=6)))
        lines.insert(draw(st.integers(0, len(lines))), odd)
    head = draw(st.sampled_from((b"", b"", b"\xef\xbb\xbf", b"\n", b"size,label\n", b"\xff\xfe", b"PAR1")))
    return head + end.join(lines) + draw(st.sampled_from((end, b"", b"\x1a")))


@settings(max_examples=400)
@given(
    body=tables(),
    says=st.sampled_from((
        {}, {}, {"header": True}, {"header": False}, {"label": "label"}, {"label": 2}, {"columns": ["size"]},
    )),
)  # fmt: skip
def test_pandas_trains_on_no_table_that_is_rejected(body: bytes, says: dict[str, Any]) -> None:
    if found := errors(body, says):
        assert not trains(body, says), found


@given(body=st.binary(max_size=300))
def test_pandas_trains_on_no_bytes_that_are_rejected(body: bytes) -> None:
    if found := errors(body, {}) - {"stand_in"}:
        assert not trains(body, {}), found


def test_gzip_under_a_csv_s_name_is_a_warning_because_code_may_expect_it() -> None:
    body = gzip.compress(GOOD)
    assert errors(body, {}) == set()
    assert len(pandas.read_csv(io.BytesIO(body), compression="gzip")) == 20
