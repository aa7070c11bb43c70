"""Preflight's rules: each finds what it is named after, and none turns away what could train."""

import csv
import gzip
import io
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.datasets.finding import Finding, describe
from droptrain_core.domain.preflight.facts import MAX_COLUMNS, RANGE_BYTES, Piece, ranges
from droptrain_core.domain.preflight.reader import of_stream
from droptrain_core.domain.preflight.rules import BY_NAME, RULES
from droptrain_core.domain.recipes.rule_names import RULE_NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from droptrain_cli.preflight_page import rules_table

GOOD = b"size,label\n" + b"".join(b"%d,%s\n" % (n, (b"cat", b"dog")[n % 2]) for n in range(20))
WIDE = b"".join(b"%s,%s\n" % (b"1," * MAX_COLUMNS, label) for label in (b"cat", b"dog", b"cat"))
BODY = GOOD.removeprefix(b"size,label\n")
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
PAGE = Path(__file__).parents[3] / "docs/preflight.md"
Found = tuple[Finding, ...]


def whole(train: bytes, test: bytes | None = GOOD, name: str = "train.csv", **says: Any) -> Found:
    files = [(name, "training", train), *([("test.csv", "testing", test)] if test is not None else [])]
    return preflight.judge(
        [of_stream(name, channel, len(body), io.BytesIO(body), says) for name, channel, body in files], says
    )


def sampled(train: bytes, test: bytes | None = GOOD, name: str = "train.csv", **says: Any) -> Found:
    return launched({name: train} | ({"test.csv": test} if test is not None else {}), **says)


def launched(files: Mapping[str, bytes], **says: Any) -> Found:
    """What a launch finds; test.csv is the input `testing`, the others are `training`."""
    channels = {name: "testing" if name == "test.csv" else "training" for name in files}
    inputs = [Input(channels[name], ObjectVersion(name, "v", len(body), "e")) for name, body in files.items()]
    return preflight.judge(preflight.read(inputs, lambda item: pieces(files[item.key]), says), says, inputs)


def pieces(body: bytes) -> list[Piece]:
    return [Piece(start, body[start : start + length]) for start, length in ranges(len(body))]


def rules(found: Found) -> set[str]:
    return {finding.rule for finding in found}


def errors(found: Found) -> set[str]:
    return {finding.rule for finding in found if finding.level == "error"}


# By rule: train.csv, test.csv, what the recipe's csv says, and the row and column that are named.
CASES: Mapping[str, tuple[bytes, bytes, dict[str, Any], int | None, str | None]] = {
    "empty": (b"\n \n", GOOD, {}, None, None),
    "not_text": (b"PK\x03\x04" + bytes(range(256)), GOOD, {}, None, None),
    "stand_in": (LFS, GOOD, {}, None, None),
    "utf_16": (GOOD.decode().encode("utf-16"), GOOD, {}, None, None),
    "header_only": (b"size,label\n", GOOD, {"header": True}, 1, None),
    "long_row": (GOOD + b"1,cat,3\n", GOOD, {}, 22, None),
    "label_missing": (GOOD, GOOD, {"label": "species"}, 1, "species"),
    "columns_missing": (GOOD, GOOD, {"columns": ["size", "species"], "header": True}, 1, None),
    "column_count": (BODY, GOOD, {"columns": ["size", "label", "notes"], "header": False}, 1, None),
    "long_start": (GOOD.replace(b"size,label", b"size,label,notes"), GOOD, {}, 1, None),
    "short_row": (GOOD + b"1\n", GOOD, {}, 22, None),
    "irregular": (GOOD + b"1\n1,2,3\n" * 10, GOOD, {}, 22, None),
    "open_quote": (GOOD + b'1,"cat\n2,dog\n', GOOD, {}, 22, None),
    "byte_order_mark": (b"\xef\xbb\xbf" + GOOD, GOOD, {}, 1, None),
    "not_utf_8": (GOOD + b"1,\xe9t\xe9\n", GOOD, {}, 22, None),
    "cr_line_ends": (GOOD.replace(b"\n", b"\r"), GOOD, {}, None, None),
    "separator_line": (b"sep=,\n" + GOOD, GOOD, {}, 1, None),
    "empty_rows": (GOOD + b",\n" * 3, GOOD, {}, 22, None),
    "decimal_commas": (
        b"size;label\n" + b"1,5;cat\n2;dog\n" * 9,
        b"size;label\n" + b"1;cat\n" * 9,
        {},
        None,
        "size",
    ),
    "nul_bytes": (GOOD + b"1,c\0t\n", GOOD, {}, 22, None),
    "gzip": (gzip.compress(GOOD), GOOD, {}, None, None),
    "duplicate_columns": (GOOD.replace(b"size", b"label"), GOOD, {"header": True}, 1, "label"),
    "unnamed_column": (GOOD.replace(b"size", b""), GOOD, {"header": True}, 1, "1"),
    "label_constant": (GOOD.replace(b"dog", b"cat"), GOOD, {"label": "label"}, None, "label"),
    "empty_column": (b"a,b\n" + b"1,\n" * 9, b"a,b\n" + b"1,2\n" * 9, {}, None, "b"),
    "delimiter_differs": (GOOD, GOOD.replace(b",", b";"), {}, None, None),
    "header_differs": (GOOD, BODY, {}, 1, None),
    "columns_differ": (GOOD, GOOD.replace(b"size,label", b"size,kind"), {}, 1, None),
    "not_checked": (WIDE, GOOD, {}, None, None),
    "types_differ": (GOOD, GOOD.replace(b"cat", b"1").replace(b"dog", b"2"), {}, None, "label"),
}


@pytest.mark.parametrize("first", [b"sep=;", b"SEP=;", b'"sep=;"'])
def test_a_line_that_names_the_delimiter_for_excel_is_no_header_without_a_name(first: bytes) -> None:
    found = {each.rule for each in whole(first + b"\n" + GOOD.replace(b",", b";"), GOOD.replace(b",", b";"))}
    assert "separator_line" in found
    assert "unnamed_column" not in found


@pytest.mark.parametrize("rule", CASES)
@pytest.mark.parametrize("read", [whole, sampled])
def test_each_rule_says_where_and_what_to_do_and_can_be_turned_off(rule: str, read: Any) -> None:
    train, test, says, row, column = CASES[rule]
    found = next(each for each in read(train, test, **says) if each.rule == rule)
    assert (found.level, found.row, found.column) == (BY_NAME[rule].level, row, column)
    assert found.message and found.fix
    assert found.file == ("test.csv" if rule.endswith(("_differs", "_differ")) else "train.csv")
    assert rule not in rules(read(train, test, **says, ignore=[rule]))


def test_every_rule_has_a_case() -> None:
    assert {rule.name for rule in RULES} - set(CASES) == {
        "not_gzip",
        "empty_part",
        "format_changed",
        "drift",
        "broken",
        "unlike_name",
    }


@pytest.mark.parametrize("part", [b"", b"\n", b"size,label\n"], ids=["0 bytes", "a blank line", "a header"])
@pytest.mark.parametrize("says", [{}, {"header": True}, {"label": "label"}])
def test_a_part_without_rows_is_warned_of_beside_parts_with_rows(part: bytes, says: dict[str, Any]) -> None:
    parts = {"part-00000.csv": part, "part-00001.csv": GOOD, "part-00002.csv": part}
    found = [each for each in launched(parts, **says) if each.level == "error" or each.rule == "empty_part"]
    assert [(each.rule, each.file) for each in found] == [
        ("empty_part", "part-00000.csv"), ("empty_part", "part-00002.csv"),
    ]  # fmt: skip
    assert "columns_differ" not in rules(launched(parts, **says))
    assert errors(launched({"part-0.csv": part, "part-1.csv": part}, **says)), "nothing to train on"


def test_parts_without_rows_are_no_error_while_other_parts_were_not_looked_into() -> None:
    parts = {f"part-{number:03}.csv": b"size,label\n" for number in range(preflight.FILES_SAMPLED)}
    assert errors(launched(parts)) == {"header_only"}
    assert errors(launched({**parts, "part-999.csv": GOOD})) == set()


def test_a_channel_with_empty_files_alone_is_rejected_before_files_are_read() -> None:
    def inputs(**sizes: int) -> list[Input]:
        return [Input(name[0], ObjectVersion(f"{name}.csv", "v", size, "e")) for name, size in sizes.items()]

    assert preflight.check(inputs(a1=0, a2=5, b=1), {}) is None
    cause = preflight.check(inputs(a1=0, a2=0, b=1), {})
    assert cause and cause.message == "a1.csv, a2.csv are empty (0 bytes)"
    assert preflight.check(inputs(a1=0), {"ignore": ["empty"]}) is None
    assert [item.object.key for item in preflight.to_sample(inputs(a1=0, a2=5))] == ["a2.csv", "a1.csv"]


@pytest.mark.parametrize(("place", "row"), [(0, 1), (19, 3), (64 * 1024 + 7, None), (70_000, None)])
def test_a_byte_that_is_not_utf_8_is_named_with_its_place_and_row(place: int, row: int | None) -> None:
    body = bytearray("größe,label\n".encode() + "1,ä\n".encode() * 20_000)
    while body[place] not in b"1,":
        place += 1
    body[place] = 0xE9
    before = len(body[:place].decode().splitlines())
    row = before if not body[:place].endswith(b"\n") and before else before + 1
    for read in (whole, sampled):
        (found,) = (each for each in read(bytes(body), None) if each.rule == "not_utf_8")
        assert found.message == f"it isn't UTF-8, the first time at byte {place}"
        assert found.row == row


def test_rows_are_counted_over_quotes_and_blank_lines_and_a_byte_order_mark() -> None:
    body = b'\xef\xbb\xbfsize,label\n1,"a\nb\nc"\n\n2,"d\n\xe9"\n3,\0\n'
    by_rule = {found.rule: found for found in whole(body, None)}
    assert (by_rule["not_utf_8"].row, by_rule["nul_bytes"].row) == (3, 4)
    assert f"byte {body.index(0xE9)}" in by_rule["not_utf_8"].message


def test_a_bad_byte_of_a_range_is_named_without_a_row_where_rows_are_not_counted() -> None:
    body = bytearray(GOOD + BODY * 10_000)
    body[len(body) // 2] = 0xE9
    (found,) = (each for each in sampled(bytes(body), None) if each.rule == "not_utf_8")
    assert (found.row, found.message) == (None, f"it isn't UTF-8, the first time at byte {len(body) // 2}")
    (found,) = (each for each in whole(bytes(body), None) if each.rule == "not_utf_8")
    assert found.row == bytes(body[: len(body) // 2]).count(b"\n") + 1


def test_a_large_file_with_cr_line_ends_is_read_by_its_rows() -> None:
    body = GOOD.replace(b"\n", b"\r") + BODY.replace(b"\n", b"\r") * 5000 + b"1,cat,3\r"
    for read in (whole, sampled):
        assert rules(read(body, None)) == {"cr_line_ends", "long_row"}


def test_a_name_that_says_gzip_is_taken_at_its_word() -> None:
    assert rules(whole(gzip.compress(GOOD), name="train.csv.gz")) == set()
    assert rules(whole(GOOD, name="train.csv.gz")) == {"not_gzip"}


@pytest.mark.parametrize("content", [
    LFS,
    b".git/annex/objects/W3/x/SHA256E-s3--ab.csv/SHA256E-s3--ab.csv\n",
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>a, b, c</body></html>\n",
    b"\xef\xbb\xbf\n<HTML>\n<head><script>var a=1,b=2;</script></head></HTML>\n",
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>\n',
    b"{\\rtf1\\ansi size,label\\par 1,cat}\n",
    b"404: Not Found",
])  # fmt: skip
@pytest.mark.parametrize("read", [whole, sampled])
def test_a_document_that_stands_where_the_data_should_be_is_the_one_finding(
    read: Any, content: bytes
) -> None:
    assert [(each.rule, each.level) for each in read(content)] == [("stand_in", "error")]


@pytest.mark.parametrize(("train", "test"), [
    (b"size,label\n", GOOD),
    (b"size,label\n", b"size,label\n"),
    (b"size,kind\n", GOOD),
    (b"size,label\n", None),
])  # fmt: skip
@pytest.mark.parametrize("read", [whole, sampled])
def test_a_header_alone_is_seen_whatever_the_other_file_and_the_recipe_say(
    read: Any, train: bytes, test: bytes | None
) -> None:
    assert "header_only" in errors(read(train, test))
    assert "header_only" not in errors(read(train, test, header=False))


def test_a_field_longer_than_a_csv_reader_takes_is_no_open_quote_and_hides_nothing() -> None:
    body = GOOD + b'1,"' + b"x" * 150_000 + b'"\n' + b"1,cat,3\n"
    (found,) = (each for each in whole(body) if each.level == "error" or each.rule == "open_quote")
    assert (found.rule, found.row) == ("long_row", 23)
    lone = GOOD + b'1,"cat\n' + BODY * 2000
    assert next(each for each in whole(lone) if each.rule == "open_quote").row == 22


@pytest.mark.parametrize(("train", "test", "says"), [
    (GOOD, GOOD, {}),
    (b"id,name,price,notes\n" + b"0,n0,0.5\n" * 9, GOOD, {}),
    (b"id,name,price,notes\n" + b"0,n0,0.5\n" * 9 + b"1,n1,0.5,late\n", GOOD, {"label": "notes"}),
    (b"0,n0,0.5\n" * 9, GOOD, {"header": False, "columns": ["id", "name", "price", "notes"]}),
    (b"PAR1,PAR2\n1,2\n3,4\n", GOOD, {}),
    (b"page,label\n" + b"<html><head></head></html>,1\n" * 9, GOOD, {}),
    (b"<html><head></head></html>,1\n" * 9, GOOD, {}),
    (b"a\x02b,c\n\x02,1\n" * 9, GOOD, {}),
    (GOOD.decode().encode("utf-16-le"), GOOD, {}),
    (BODY, BODY, {}),
    (BODY, BODY, {"header": False, "label": 1}),
    (BODY, BODY, {"header": False, "columns": ["size", "label"], "label": "label"}),
    (b"120,4,setosa,versicolor,virginica\n" + b"6.4,2.8,5.6,2.2,2\n5.0,2.3,3.3,1.0,1\n" * 9, GOOD, {}),
    (GOOD, b"size\n" + b"1\n2\n" * 9, {"label": "label"}),
    (b"5,cat\n", b"6,dog\n", {}),
    (b"a text to learn from\n", b"and another\n", {}),
    (b"text\n" + b'"a, b\nc, d, e"\n' * 30, None, {}),
    (b"a:b\n" + b"1:x\n" * 30 + b"2:x,y\n", None, {}),
    (b"id\ttext\n" + b'1\tsaid "so"\n2\t5" pipe\n3\t"odd\n' * 10, None, {}),
    (b"1,5;2,5\n" * 30, None, {}),
    ("größe,label\n1,ä\n".encode("latin-1") * 9, None, {}),
])  # fmt: skip
def test_what_could_train_is_never_turned_away(
    train: bytes, test: bytes | None, says: dict[str, Any]
) -> None:
    assert errors(whole(train, test, **says)) == set()
    assert errors(sampled(train, test, **says)) == set()


def test_a_large_file_is_read_in_three_ranges_and_its_end_is_seen() -> None:
    assert ranges(10) == [(0, 10)]
    for size in (5 * 10**6, 5 * 10**9):
        read = ranges(size)
        assert [length for _, length in read] == [RANGE_BYTES] * 3
        assert sum(read[-1]) == size
    body = GOOD + BODY * 5000 + b"1,cat,3\n"
    (found,) = (each for each in sampled(body) if each.rule == "long_row")
    assert (found.row, f"near byte {ranges(len(body))[-1][0]}" in found.message) == (None, True)
    (found,) = (each for each in whole(body) if each.rule == "long_row")
    assert found.row == 1 + 20 * 5001 + 1


def test_the_cause_names_five_errors_and_how_to_go_on_all_the_same() -> None:
    fix = "Mend it."
    found = [Finding("long_row", "error", f"d/{n}.csv", n, None, "a row is long", fix) for n in range(1, 8)]
    cause = preflight.rejection(found)
    assert cause is not None
    assert cause.message.startswith("1.csv, row 1: a row is long; ")
    assert cause.message.endswith("5.csv, row 5: a row is long; and 2 more")
    assert "csv: {ignore: [long_row]}" in cause.fix
    assert preflight.rejection([Finding("gzip", "warning", "a.csv", None, "b", "so", fix)]) is None
    assert describe(Finding("x", "warning", "d/a.csv", 2, "b", "so", fix)) == "a.csv, row 2, column b: so"


def test_a_dataset_of_many_parts_is_sampled_across_its_channels() -> None:
    names = [("training", f"train/{n:03}.csv") for n in range(300)] + [("testing", "z.csv"), ("w", "a.txt")]
    chosen = preflight.to_sample([Input(channel, ObjectVersion(key, "v", 1, "e")) for channel, key in names])
    assert len(chosen) == preflight.FILES_SAMPLED
    assert {item.channel for item in chosen} == {"training", "testing"}


def test_names_of_any_number_of_columns_are_checked_and_values_of_the_first_two_thousand() -> None:
    header = b",".join(b"gene%d" % number for number in range(3000)) + b",label\n"
    body = header + (b"1," * 3000 + b"cat\n") * 5
    found = sampled(body, None, label="label", header=True)
    assert [(each.rule, each.level) for each in found] == [("not_checked", "warning")]
    assert found[0].message == "values of columns after the first 2,000 are not checked"
    assert errors(sampled(body, None, label="species", header=True)) == {"label_missing"}


def test_a_first_line_longer_than_what_a_launch_reads_of_a_file_is_said_so() -> None:
    body = b",".join(b"gene%06d" % number for number in range(10_000)) + b"\n" + (b"1," * 9999 + b"1\n") * 9
    (found,) = sampled(body, None)
    assert found.message == "rows are not checked, because a row is too long"
    (found,) = whole(body, None)
    assert found.message == "values of columns after the first 2,000 are not checked"


def test_a_launch_stops_at_so_much_work_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "STEPS", 100_000)
    files = {f"part-{number}.csv": b"1\n" * 4500 for number in range(preflight.FILES_SAMPLED)}
    inputs = [Input("training", ObjectVersion(name, "v", 9000, "e")) for name in files]
    facts = preflight.read(inputs, lambda item: pieces(files[item.key]), {})
    assert sum(file.steps for file in facts) < 1.1 * preflight.STEPS
    assert min(file.rows for file in facts) > 0.9 * max(file.rows for file in facts), "each has its share"
    (found,) = preflight.judge(facts, {})
    rows = facts[0].rows
    assert (
        found.message == f"rows after row {rows:,} are not checked, because the dataset has too many values"
    )
    assert launched(dict(list(files.items())[:3])) == (), "three such files are not too much"


def test_a_rule_names_ten_places_in_a_file_and_says_that_there_are_more() -> None:
    body = b",".join(b"c%d" % number for number in range(500)) + b"\n" + (b"1" + b"," * 499 + b"\n") * 9
    found = [each for each in sampled(body, None) if each.rule == "empty_column"]
    assert [each.column for each in found] == [f"c{number}" for number in range(1, 11)] + [None]
    assert found[-1].message == "and more of the same"


def test_text_of_a_file_or_recipe_makes_no_long_or_broken_message() -> None:
    name = "é\n" * 500
    body = f'"{name}","{name}"\n1,2\n'.encode("latin-1")
    for found in (*sampled(body, None, header=True), *sampled(body, None, label=name, header=True)):
        assert len(found.message) < 301 and len(found.column or "") < 301
        assert (found.message + (found.column or "")).isprintable()
        assert f"{found}".encode()


@pytest.mark.parametrize("shape", [
    lambda n: b"a," * n + b"a\n" + b"1," * n + b"1\n",
    lambda n: b",".join(b"c%d" % each for each in range(n)) + b"\n" + (b"1" + b"," * (n - 1) + b"\n") * 3,
    lambda n: "".join(map(chr, range(0x2000, 0x2000 + n))).encode() + b"\n" + b"a,b\n" * n + b"1,2,3\n",
    lambda n: b"," * n + b"\n",
    lambda n: b"1\n" * n,
    lambda n: b"\n" * n + b"1\n",
    lambda n: b'"",' * n + b'""\n',
    lambda n: b'a\n"' + b"\n" * n,
    lambda n: b'a\n"' + b"x" * 140_000 + b'"\n' + b"1\n" * n,
    lambda n: b"a,b\n" + b"".join(b"1,2" + b"," * (each % 90) + b"\n" for each in range(n)),
], ids=["one name", "empty columns", "symbols", "delimiters", "rows", "blank lines", "quotes",
        "an open quote", "a long field", "many widths"])  # fmt: skip
@pytest.mark.parametrize("says", [{}, {"header": True, "label": "z", "columns": ["x", "y"] * 50}])
def test_calls_grow_no_faster_than_the_file(shape: Callable[[int], bytes], says: dict[str, Any]) -> None:
    small, large = (calls(partial(whole, body, body, **says)) for body in (shape(4000), shape(16_000)))
    assert large < 4.2 * small + 1000


def calls(act: Callable[[], object]) -> int:
    """How many functions are called, Python's own included."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


@given(
    body=st.binary(max_size=400), says=st.sampled_from(({}, {"label": "a"}, {"label": 1, "header": False}))
)
def test_no_bytes_break_preflight(body: bytes, says: dict[str, Any]) -> None:
    for read in (whole, sampled):
        assert all(found.fix for found in read(body, body[: len(body) // 2], **says))


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('\n,;\t|"'), max_size=12)


@settings(max_examples=60)
@given(data=st.data(), delimiter=st.sampled_from(",;\t|:^"), width=st.integers(2, 5))
def test_what_csv_writer_writes_is_never_turned_away(data: st.DataObject, delimiter: str, width: int) -> None:
    row = st.lists(CELLS, min_size=width, max_size=width)
    quoting = data.draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)))
    end = data.draw(st.sampled_from(("\n", "\r\n")))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow([f"c{number}" for number in range(width)])
    rows = data.draw(st.lists(row, min_size=1, max_size=25))
    writer.writerows(rows)
    at_least = data.draw(st.sampled_from((0, 4 * RANGE_BYTES)))
    while text.tell() < at_least:
        writer.writerows(rows)
    body = text.getvalue().encode()
    read = whole(body, body)
    assert errors(read) == set()
    seen = sampled(body, body)
    assert errors(seen) == set()
    about_parts = {"label_constant", "empty_column", "types_differ"}
    assert rules(seen) - about_parts <= rules(read)


def test_the_page_shows_the_table_of_rules() -> None:
    assert rules_table() in PAGE.read_text("utf-8")


def test_the_recipe_knows_every_rule_by_its_name() -> None:
    assert tuple(BY_NAME) == RULE_NAMES
