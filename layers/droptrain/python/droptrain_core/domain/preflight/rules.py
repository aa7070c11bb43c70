"""The rules of preflight, in one table: each rule's finding, its level and its fix.

An error means that no reader of CSVs can train on the file; a problem that some code handles is a warning.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from droptrain_core.domain.datasets.data_file import is_named_gzip
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.preflight import headers
from droptrain_core.domain.preflight.dataset import Dataset, Spot
from droptrain_core.domain.preflight.facts import MAX_COLUMNS, FileFacts, OddRow
from droptrain_core.domain.text import plain

_NAME_CHARACTERS = 60
_LEADING_ROWS = 2

Check = Callable[[FileFacts, Dataset], Iterator[Spot]]


@frozen
class Rule:
    """A rule; `about` describes its findings, for the docs."""

    name: str
    level: Literal["error", "warning"]
    about: str
    fix: str
    check: Check


def _empty(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.blank and facts.whole and not dataset.has_rows_beside(facts):
        yield Spot("it has no rows")


def _empty_part(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if dataset.has_rows_beside(facts) and ((facts.blank and facts.whole) or dataset.is_header_alone(facts)):
        yield Spot("it has no rows, and other files of its input have")


def _not_text(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.binary:
        yield Spot("it isn't text, although its name says CSV")


def _stand_in(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.stand_in:
        yield Spot(f"it is {facts.stand_in}, not the data")


def _broken(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.broken:
        yield Spot(facts.broken)


def _unlike_name(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.unlike_name:
        yield Spot(facts.unlike_name)


def _utf_16(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.encoding == "utf-16":
        yield Spot("it is UTF-16 or UTF-32, which TensorFlow and most readers read as NUL bytes")


def _byte_order_mark(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.encoding == "utf-8-sig" and facts.is_text:
        yield Spot(
            "it begins with a byte order mark, which some readers treat as part of the first name", row=1
        )


def _not_utf_8(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if bad := facts.not_utf8:
        yield Spot(f"it isn't UTF-8, the first time at byte {bad.byte}", row=bad.row)


def _nul_bytes(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if (nul := facts.nul) and not (facts.blank and facts.whole) and not facts.binary:
        yield Spot(f"it has NUL bytes, as UTF-16 has, the first seen at byte {nul.byte}", row=nul.row)


def _cr_line_ends(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.is_text and facts.line_end == "\r":
        yield Spot("its lines end with CR alone, which TensorFlow and most tools take for one line")


def _gzip(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.gzip and not is_named_gzip(facts.name) and not facts.other:
        yield Spot("it is compressed by gzip, but its name doesn't say so")


def _not_gzip(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if is_named_gzip(facts.name) and not facts.gzip and not facts.stand_in and facts.size:
        yield Spot("its name says gzip, but it isn't compressed")


def _header_only(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if dataset.is_header_alone(facts) and not dataset.has_rows_beside(facts):
        yield Spot("it has a header and no row below it", row=1)


def _long_row(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.regular and facts.long_row:
        yield _odd(facts, facts.long_row)


def _short_row(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.regular and facts.short_row:
        yield _odd(facts, facts.short_row)


def _irregular(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if not facts.regular:
        yield Spot("its rows have different numbers of fields, the first time here", row=facts.odd_row)


def _long_start(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.regular and facts.rows > _LEADING_ROWS and facts.lead > facts.width > 1:
        is_first = len(facts.first) == facts.lead
        effect = (
            "pandas leaves the last columns empty, and TensorFlow's reader stops"
            if is_first
            else "pandas takes the first columns for an index"
        )
        yield Spot(
            f"the row has {facts.lead} fields, and the others have {facts.width}: {effect}",
            row=1 if is_first else 2,
        )


def _empty_rows(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.empty_rows:
        rows = "one row has" if facts.empty_rows == 1 else f"{facts.empty_rows:,} rows have"
        yield Spot(f"{rows} delimiters and no value", row=facts.empty_row)


def _decimal_commas(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if not facts.regular:
        return
    for place, column in enumerate(facts.columns):
        if column.commas > column.texts and column.comma:
            yield Spot(
                f"numbers are written as {_short(column.comma)!r}: most readers take them for text",
                column=headers.name_of(facts, dataset, place),
            )


def _odd(facts: FileFacts, odd: OddRow) -> Spot:
    near = "" if odd.row else f"near byte {odd.near}, "
    message = f"{near}a row has {odd.fields} field{'s' if odd.fields > 1 else ''}, and the others have"
    return Spot(f"{message} {facts.width}", row=odd.row)


def _open_quote(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.open_quote:
        yield Spot("a quote is opened but not closed", row=facts.open_quote)


def _duplicate_columns(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if dataset.has_header(facts):
        for name, count in facts.name_counts.items():
            if name and count > 1:
                yield Spot(f"{count} columns have the name {_short(name)!r}", row=1, column=name)


def _separator_line(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if _is_separator_line(facts):
        yield Spot("the first line only names the delimiter for Excel; other readers take it as data", row=1)


def _is_separator_line(facts: FileFacts) -> bool:
    # sep=; is one field, or two if it was read with this delimiter: https://github.com/pandas-dev/pandas/issues/47303
    first, *others = facts.names[:3] or [""]
    return first.lower().startswith("sep=") and len(first) <= len("sep=;") and others in ([], [""])


def _unnamed_column(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if dataset.has_header(facts) and "" in facts.name_counts and not _is_separator_line(facts):
        yield Spot("a column has no name", row=1, column=str(facts.names.index("") + 1))


def _label_missing(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    label = dataset.says.get("label")
    if label is None or not facts.first or not dataset.trains_on(facts):
        return
    if isinstance(label, int):
        if facts.regular and label >= max(facts.width, facts.lead):
            yield Spot(
                f"it has {facts.width} columns, and the recipe's csv.label is {label}", column=str(label)
            )
    elif label in dataset.says.get("columns", ()) or not headers.may_have_names(facts, dataset):
        return
    elif label not in facts.name_counts:
        yield Spot(
            f"its first line has no {_short(label)}, which the recipe's csv.label names", row=1, column=label
        )


def _columns_missing(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    columns = dataset.says.get("columns", [])
    if not dataset.trains_on(facts) or not dataset.has_header(facts):
        return
    if absent := [name for name in columns if name not in facts.name_counts]:
        named = ", ".join(map(_short, absent[:5]))
        yield Spot(f"its first line has no {named}, which the recipe's csv.columns names", row=1)


def _column_count(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    columns = dataset.says.get("columns", [])
    if not columns or not facts.first or not dataset.trains_on(facts) or dataset.has_header(facts):
        return
    if facts.regular and facts.width != len(columns):
        yield Spot(f"it has {facts.width} columns, and the recipe's csv.columns names {len(columns)}", row=1)


def _label_constant(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    place = headers.label_place(facts, dataset)
    if place is not None and facts.regular and place < len(facts.columns) and dataset.trains_on(facts):
        column = facts.columns[place]
        if len(column.values) == 1 and column.numbers + column.texts > 1:
            where = "" if facts.whole else " in the parts that were read"
            yield Spot(
                f"the label is {_short(next(iter(column.values)))!r} in every row{where}",
                column=headers.name_of(facts, dataset, place),
            )


def _empty_column(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if not facts.regular:
        return
    where = "" if facts.whole else " in the parts that were read"
    for place, column in enumerate(facts.columns):
        if column.empty > 1 and not column.numbers + column.texts:
            yield Spot(f"the column is empty{where}", column=headers.name_of(facts, dataset, place))


def _delimiter_differs(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    other = dataset.other(facts)
    if other and min(facts.width, other.width) > 1 and facts.delimiter != other.delimiter:
        yield Spot(f"its delimiter is {facts.delimiter!r}, and that of {other.short} is {other.delimiter!r}")


def _header_differs(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    other = dataset.other(facts)
    if other is None or facts.width != other.width:
        return
    has, others = dataset.has_header(facts), dataset.has_header(other)
    if None not in (has, others) and has != others:
        difference = "a header, and {} has none" if has else "no header, and {} has one"
        yield Spot(f"it has {difference.format(other.short)}", row=1)


def _columns_differ(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    other = dataset.other(facts)
    if other is None or facts.delimiter != other.delimiter or not (facts.regular and other.regular):
        return
    if facts.width != other.width:
        yield Spot(f"it has {facts.width} columns, and {other.short} has {other.width}")
    elif dataset.has_header(facts) and dataset.has_header(other):
        absent = next((name for name in other.names if name not in facts.name_counts), None)
        if absent is not None:
            yield Spot(f"it has no column {_short(absent)!r}, and {other.short} has", row=1)
        elif facts.names != other.names and facts.name_counts == other.name_counts:
            yield Spot(f"its columns are in another order than those of {other.short}", row=1)


def _types_differ(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    other = dataset.other(facts)
    if other is None or facts.width != other.width or not (facts.regular and other.regular):
        return
    for place, (mine, theirs) in enumerate(zip(facts.columns, other.columns, strict=True)):
        if mine.kind and theirs.kind and mine.kind != theirs.kind:
            yield Spot(
                f"the column has {mine.kind}, and in {other.short} {theirs.kind}",
                column=headers.name_of(facts, dataset, place),
            )


def _format_changed(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts is dataset.first_trained_on:
        yield from dataset.unlike_last


def _drift(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts is dataset.first_trained_on:
        yield from dataset.drifted


def _not_checked(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.width > MAX_COLUMNS and facts is _first(dataset, lambda file: file.width > MAX_COLUMNS):
        yield Spot(f"values of columns after the first {MAX_COLUMNS:,} are not checked")
    if facts.stopped and facts is _first(dataset, lambda file: file.stopped == facts.stopped):
        why = "a row is too long" if facts.stopped == "long row" else "the dataset has too many values"
        which = f"rows after row {facts.rows:,}" if facts.rows else "rows"
        yield Spot(f"{which} are not checked, because {why}")


def _first(dataset: Dataset, is_one: Callable[[FileFacts], bool]) -> FileFacts:
    """One file stands for all that have the same limit."""
    return next(file for file in dataset.files if is_one(file))


def _short(name: str) -> str:
    return plain(name, _NAME_CHARACTERS)


_SAVE = "Save it as CSV, as UTF-8 and without a byte order mark, and upload it again."
_ROW = "Fix the row. Put fields that hold the delimiter in quotes, or set csv.delimiter in train.yaml."
_ALIKE = "Write both files in the same format, unless the code expects the difference."
_RECIPE = "Correct the file, or csv in train.yaml."

RULES = (
    Rule("empty", "error", "Nothing but blank lines or NUL bytes, and no other file of its input has rows.",
         "Export it again, with rows.", _empty),
    Rule("not_text", "error", "Another format under a CSV's name: Excel, Parquet, an image.", _SAVE,
         _not_text),
    Rule("stand_in", "error",
         "A document where the data should be: a Git LFS or git-annex pointer, an HTML page, XML, JSON, RTF, "
         "the path of another file, a web server's answer.",
         "Get the file itself (git lfs pull, or download it again), check it, and upload it.", _stand_in),
    Rule("broken", "error", "A Parquet, TFRecord or zip file that no reader can open.",
         "Write or upload it again: it was cut off, or is of another format.", _broken),
    Rule("utf_16", "error", "Written as UTF-16 or UTF-32, as Excel's Unicode text is.", _SAVE, _utf_16),
    Rule("header_only", "error", "A header, no row below it, and no other file of its input has rows.",
         "Export it again, with rows.", _header_only),
    Rule("long_row", "error",
         "A row with more fields than the others and than the first two, in every reading.", _ROW, _long_row),
    Rule("label_missing", "error", "The column in csv.label is missing.", _RECIPE, _label_missing),
    Rule("columns_missing", "error", "Columns in csv.columns are missing.", _RECIPE,
         _columns_missing),
    Rule("column_count", "warning", "A file without a header has another number of columns than csv.columns.",
         _RECIPE, _column_count),
    Rule("empty_part", "warning", "No rows, but other files of the same input have rows.",
         "Leave the file out, unless the code handles it.", _empty_part),
    Rule("long_start", "warning", "The first or second row has more fields than the others, as Excel writes "
         "if the last column is empty.", _ROW, _long_start),
    Rule("short_row", "warning", "A row with fewer fields than the others.", _ROW, _short_row),
    Rule("irregular", "warning", "More than a tenth of the rows have another number of fields.", _ROW,
         _irregular),
    Rule("open_quote", "warning", "A quote that isn't closed before the file's end.", _ROW, _open_quote),
    Rule("byte_order_mark", "warning", "UTF-8 with a byte order mark.", _SAVE, _byte_order_mark),
    Rule("not_utf_8", "warning", "Text that isn't UTF-8, such as Latin-1.", _SAVE, _not_utf_8),
    Rule("cr_line_ends", "warning", "Lines that end with only CR, as old Mac programs write.",
         "Save it with LF or CRLF line ends, and upload it again.", _cr_line_ends),
    Rule("separator_line", "warning", "A first line such as sep=; which only Excel understands.",
         "Delete the line, or skip it in the code (in pandas: skiprows=1).", _separator_line),
    Rule("empty_rows", "warning", "Rows with only delimiters, for example at the end of a spreadsheet.",
         "Delete these rows.", _empty_rows),
    Rule("decimal_commas", "warning", "Numbers with a decimal comma or with separators of thousands.",
         "Write them as 1234.5, or set their notation in the code (in pandas: decimal=',', thousands='.').",
         _decimal_commas),
    Rule("nul_bytes", "warning", "NUL bytes, for example after a broken copy.", _SAVE, _nul_bytes),
    Rule("gzip", "warning", "gzip by its content but not by its name; its rows aren't checked.",
         "Name it .csv.gz and let the code expect that, or upload it uncompressed.", _gzip),
    Rule("not_gzip", "warning", "Named .gz and not compressed.", "Name it .csv, or compress it.", _not_gzip),
    Rule("unlike_name", "warning", "The name of an image or of JSON lines, but other content.",
         "Check the file.", _unlike_name),
    Rule("duplicate_columns", "warning", "Columns with the same name.", "Give each column its own name.",
         _duplicate_columns),
    Rule("unnamed_column", "warning", "A header with an empty name, as pandas writes for its index.",
         "Name the column, or leave it out (in pandas: index=False).", _unnamed_column),
    Rule("label_constant", "warning", "The label is the same in every row.",
         "Check whether the rows were filtered or sorted by the label.", _label_constant),
    Rule("empty_column", "warning", "A column without a value.", "Leave the column out, or fill it.",
         _empty_column),
    Rule("delimiter_differs", "warning", "Another delimiter than the first file's.", _ALIKE,
         _delimiter_differs),
    Rule("header_differs", "warning", "One file has a header and the other none.", _ALIKE, _header_differs),
    Rule("columns_differ", "warning", "Other columns than the first file's, or in another order.", _ALIKE,
         _columns_differ),
    Rule("types_differ", "warning", "Numbers where the first file has text, or the reverse.", _ALIKE,
         _types_differ),
    Rule("format_changed", "warning", "Another delimiter, other columns or types, or more than ten times as "
         "many or as few rows as the dataset of the project's last successful run.",
         "Check whether the export has changed.", _format_changed),
    Rule("drift", "warning", "Values that are unlike those of the project's last successful run: another "
         "median, or other shares of frequent and of empty values. An error with csv: {drift: reject}.",
         "Check whether the data is right.", _drift),
    Rule("not_checked", "warning", "More columns, rows or values than are checked, or a very long row.",
         "Make sure that the rest is like what was checked.", _not_checked),
)  # fmt: skip
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
__all__ = ["BY_NAME", "RULES", "Dataset", "Rule", "Spot"]
