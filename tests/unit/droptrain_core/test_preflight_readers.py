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
    b'{\n  "message": "Not Found"\n}\n',
    b'{"message":"' + b"Bad credentials. " * 50 + b'"}',
    b'[\n {\n  "size": 1,\n  "label": "cat"\n },\n {\n  "size": 2,\n  "label": "dog"\n }\n]\n',
    b"HTTP/1.1 200 OK\nContent-Type: text/csv\n\nsize,label\n1,cat\n",
    b"../../common/train.csv",
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


_PANDAS = "https://github.com/pandas-dev/pandas/issues/"
_DUCKDB = "https://github.com/duckdb/duckdb/issues/"
_POLARS = "https://github.com/pola-rs/polars/issues/"
REPORTED = {
    "https://github.com/NVIDIA/cudf/issues/2398": b'a,b,c\n1,/abc/def,200\n3,/images",500\n4,/abc,200\n',
    _PANDAS + "56690": b'"test";"columns"\n"This is a """TEST"""";"with """escaped""" quotes"\n"a";"b"\n',
    _PANDAS + "16559": b'c1,c2\r\n"test \x1a    test", test\r\n"x",y\r\n',
    _PANDAS + "2741": b"x,y\n \0\0\0,Reg\n \0\0\0,Reg\nI,Swp\nI,Swp\n",
    _PANDAS + "4793": b'\xef\xbb\xbf"name","n"\n"foo","1"\n"bar","2"\n',
    _PANDAS + "16393": b"+++123456789...\ncol1,col2,col3\n1,2,3\n",
    _DUCKDB + "16760": b',,\nx,y,"test\n123"\na,b,c\n1,2,3\n',
    _DUCKDB + "15576": b"Estrazione del 2025-01-06\nid;Gestore\n" + b"1;G1\n" * 9 + b'3;"A "B" C\n',
    _DUCKDB + "14648": b"a,b\n# a comment\n" + b"1,2\n" * 9,
    _DUCKDB + "25827": b"c0\nv0\na;b\n",
    _DUCKDB + "14883": b"id,name,lat\n" + b"1,Main St,1.5\n" * 9 + b'9,The "Old" Mill,1\n8,12" Pipe,1\n',
    _DUCKDB + "16251": b"id,value\n" + b"1,a\n" * 2047 + b'2048,""","\n',
    _DUCKDB + "14393": b"n;a;b\n" + b"Dummy;USD;123,45\n" * 9,
    _POLARS + "5729": b"Nr;A;B\r1;2;3\n4;5;6\n7;8;9\n",
    _POLARS + "15011": b'Index, "Item", "Cost"\n6, "Sunscreen, 8 oz", 6.68\n7, "Set, 18", 10\n9, 1, 2\n',
    _POLARS + "387": b'"a","b"\r\n5.1,"Setosa\r\n texts after"\r\n4.9,"Setosa"\r\n',
    _POLARS + "8402": b'"col\none",b\n1,2\n3,4\n',
    "https://github.com/haesleinhuepf/devbio-napari/issues/46": b"a;b\n" + b"1,5;2,5\n" * 9,
    "https://github.com/ryancramerdesign/ImportPagesCSV/pull/9": b"sep=;\na;b;c\n1,5;2;x\n2,5;3;y\n",
    "https://github.com/pandas-dev/pandas/pull/38587": b"a,b\n" + b"1,2,\n" * 9,
}  # fmt: skip


@pytest.mark.parametrize("source", REPORTED)
def test_odd_csvs_of_public_reports_are_not_rejected(source: str) -> None:
    assert trains(REPORTED[source], {})
    assert errors(REPORTED[source], {}) == set()


@pytest.mark.parametrize(("written", "most"), [
    ("1.234,50", 1234.5), ("1 234,50", 1234.5), ("1\u00a0234,50", 1234.5), ("1\u202f234 567", None),
    ("1\u202f234\u202f567", 1234567), ("1'234.50", 1234.5), ("-12,5", -12.5), ("0,5e3", 500),
    ("12 34,5", None), ("10.1.2.3", None),
])  # fmt: skip
def test_numbers_of_other_countries_are_numbers_that_most_readers_take_for_text(
    written: str, most: float | None
) -> None:
    body = b"a;b\n" + f"{written};x\n".encode() * 9
    facts = of_stream("train.csv", "training", len(body), io.BytesIO(body), {})
    found = {each.rule for each in preflight.judge([facts], {})}
    assert ("decimal_commas" in found) == (most is not None)
    assert facts.columns[0].most == most
    assert pandas.read_csv(io.BytesIO(body), sep=";")["a"].dtype.kind not in "if"


@pytest.mark.parametrize(("values", "named"), [
    (("1,5", "1.234,5", "2,5"), "'1,5'"), (("1,5", "2,5", "none"), "'1,5'"), (("1,5", "none"), None),
    (("none", "cat", "1,5"), None),
])  # fmt: skip
def test_most_texts_of_a_column_are_numbers_and_the_first_one_is_shown(values, named) -> None:
    body = ("a;b\n" + "".join(f"{value};x\n" for value in values)).encode()
    facts = of_stream("train.csv", "training", len(body), io.BytesIO(body), {})
    found = [each.message for each in preflight.judge([facts], {}) if each.rule == "decimal_commas"]
    assert [named in message for message in found] == ([True] if named else [])


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
