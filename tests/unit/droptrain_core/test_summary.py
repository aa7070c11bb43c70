"""The summary of training data: what it says, how large it gets, and which changes are warned of."""

import json
from typing import Any

import pytest
from droptrain_core.domain import preflight
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.preflight.facts import Piece, ranges
from droptrain_core.domain.preflight.summary import MAX_BYTES, Summary, from_text, to_text

ROWS = [f"{n},{n / 2},{('cat', 'dog')[n % 2]}," + ("" if n % 4 else "x") for n in range(40)]
GOOD = ("id,size,label,note\n" + "\n".join(ROWS) + "\n").encode()


def inputs_of(files: dict[str, bytes]) -> list[Input]:
    return [Input("training", ObjectVersion(name, "v", len(body), "e")) for name, body in files.items()]


def read(files: dict[str, bytes], says: dict[str, Any]) -> Any:
    def sample(item: ObjectVersion) -> list[Piece]:
        body = files[item.key]
        return [Piece(start, body[start : start + length]) for start, length in ranges(len(body))]

    return preflight.read(inputs_of(files), sample, says)


def summary(*bodies: bytes, **says: Any) -> Summary:
    files = {f"part-{number}.csv": body for number, body in enumerate(bodies)}
    found = preflight.summarize("monday", read(files, says), says, inputs_of(files))
    assert found
    return found


def changes(body: bytes, last: Summary, **says: Any) -> list[tuple[str | None, str]]:
    files = {"train.csv": body}
    found = preflight.judge(read(files, says), says, inputs_of(files), last)
    return [(each.column, each.message) for each in found if each.rule == "format_changed"]


def test_a_summary_says_rows_columns_types_delimiter_empty_share_and_ranges() -> None:
    found = summary(GOOD)
    assert (found.dataset, found.rows, found.delimiter, found.header, found.columns) == (
        "monday", 40, ",", True, 4,
    )  # fmt: skip
    id_, size, label, note = found.first
    assert (id_.name, id_.kind, id_.empty, id_.least, id_.most) == ("id", "numbers", 0, 0, 39)
    assert (size.least, size.most) == (0, 19.5)
    assert (label.kind, label.least) == ("text", None)
    assert note.empty == 0.75
    assert from_text(to_text(found)) == found


def test_rows_of_large_files_and_of_parts_that_were_not_read_are_estimated() -> None:
    body = b"a,b\n" + b"123,cat\n" * 100_000
    assert 90_000 < summary(body).rows < 110_000
    parts = [b"123,cat\n" * 100] * 60
    assert summary(*parts, header=False).rows == 6000


def test_infinity_and_nan_have_no_place_in_a_range() -> None:
    found = summary(b"a;b\n" + b"nan;1,5\ninf;2,5\n7;-3,5\n" * 9)
    assert [(column.least, column.most) for column in found.first] == [(7, 7), (-3.5, 2.5)]


def test_a_summary_has_a_bounded_size_whatever_the_file_has() -> None:
    names = ",".join(f'"\U0001f600é{number}{"x" * 300}"' for number in range(500))
    body = (names + "\n" + (("1e300," * 499) + "1\n") * 3).encode()
    text = to_text(summary(body))
    assert len(text.encode()) <= MAX_BYTES
    found = from_text(text)
    assert found and found.columns == 500 and len(found.first) >= 25
    assert from_text(json.dumps({"schema": 2})) is None, "a later release wrote it"
    assert from_text(None) is None


def test_nothing_to_train_on_has_no_summary() -> None:
    for body in (b"", b"\x1f\x8b\x08" + b"x" * 50, b"PK\x03\x04"):
        files = {"train.csv": body}
        assert preflight.summarize("d", read(files, {}), {}, inputs_of(files)) is None


@pytest.mark.parametrize(("body", "column", "message"), [
    (GOOD.replace(b",", b";"), None, "its delimiter is ';', and the last good dataset had ','"),
    (GOOD.replace(b"note", b"remark"), None,
     "it lacks the columns 'note', which the last good dataset had"),
    (GOOD.replace(b"note", b"remark"), None,
     "it has the columns 'remark', which the last good dataset didn't have"),
    (GOOD.replace(b"cat", b"1").replace(b"dog", b"2"), "label",
     "the column has numbers, and the last good dataset had text there"),
    (GOOD + GOOD.partition(b"\n")[2] * 10, None, "it has about 440 rows, and the last good dataset had 40"),
    (b"\n".join(GOOD.splitlines()[:4]), None, "it has about 3 rows, and the last good dataset had 40"),
])  # fmt: skip
def test_a_changed_format_is_warned_of(body: bytes, column: str | None, message: str) -> None:
    assert (column, message) in changes(body, summary(GOOD))


def test_without_headers_columns_are_compared_by_their_places() -> None:
    rows = GOOD.partition(b"\n")[2]
    last = summary(rows, header=False)
    assert changes(rows, last, header=False) == []
    fewer = b"".join(line.rpartition(b",")[0] + b"\n" for line in rows.splitlines())
    assert changes(fewer, last, header=False) == [(None, "it has 3 columns, and the last good dataset had 4")]


def test_the_same_format_with_other_values_and_order_is_no_change() -> None:
    again = b"size,id,label,note\n" + b"7.5,3,cow,\n1.5,4,cat,y\n" * 30
    assert changes(again, summary(GOOD)) == []
    assert changes(GOOD, summary(GOOD)) == []
    assert changes(GOOD.replace(b",", b";"), summary(GOOD), ignore=["format_changed"]) == []
