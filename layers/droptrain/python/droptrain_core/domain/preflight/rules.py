"""The rules of preflight, in one table: each rule's finding, its level and its fix.

An error means that no reader of CSVs can train on the file; a problem that some code handles is a warning.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from droptrain_core.domain.datasets.data_file import is_named_gzip
from droptrain_core.domain.preflight import headers
from droptrain_core.domain.preflight.dataset import Dataset, Spot
from droptrain_core.domain.preflight.facts import MAX_COLUMNS, FileFacts, OddRow
from droptrain_core.domain.text import plain

_NAME_CHARACTERS = 60

Check = Callable[[FileFacts, Dataset], Iterator[Spot]]


@dataclass(frozen=True)
class Rule:
    """A rule; `about` describes its findings, for the docs."""

    name: str
    level: Literal["error", "warning"]
    about: str
    fix: str
    check: Check


def _empty(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.blank and (facts.whole or facts.size == 0):
        yield Spot("it has no rows")


def _not_text(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.binary:
        yield Spot("it isn't text, although its name says CSV")


def _utf_16(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.encoding == "utf-16":
        yield Spot("it is UTF-16, which TensorFlow and most readers read as NUL bytes")


def _byte_order_mark(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.encoding == "utf-8-sig" and not facts.blank:
        yield Spot(
            "it begins with a byte order mark, which some readers treat as part of the first name", row=1
        )


def _not_utf_8(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.not_utf8_at is not None:
        yield Spot(f"it isn't UTF-8, near byte {facts.not_utf8_at}")


def _nul_bytes(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.nul_at is not None:
        yield Spot(f"it has NUL bytes, the first seen at byte {facts.nul_at}")


def _gzip(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.gzip and not is_named_gzip(facts.name):
        yield Spot("it is compressed by gzip, but its name doesn't say so")


def _not_gzip(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if is_named_gzip(facts.name) and not facts.gzip:
        yield Spot("its name says gzip, but it isn't compressed")


def _header_only(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.whole and facts.rows == 1 and facts.is_text and headers.is_certain(facts, dataset):
        yield Spot("it has a header and no row below it", row=1)


def _long_row(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.regular and facts.long_row:
        yield _odd(facts, facts.long_row)


def _short_row(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if facts.regular and facts.short_row:
        yield _odd(facts, facts.short_row)


def _irregular(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if not facts.regular:
        yield Spot("its rows have different numbers of fields")


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


def _unnamed_column(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    if dataset.has_header(facts) and "" in facts.name_counts:
        yield Spot("a column has no name", row=1, column=str(facts.names.index("") + 1))


def _label_missing(facts: FileFacts, dataset: Dataset) -> Iterator[Spot]:
    label = dataset.says.get("label")
    if label is None or not facts.first or not dataset.trains_on(facts):
        return
    if isinstance(label, int):
        if facts.regular and label >= facts.width:
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
    if not columns or not facts.first or not dataset.trains_on(facts):
        return
    if dataset.has_header(facts):
        if absent := [name for name in columns if name not in facts.name_counts]:
            named = ", ".join(map(_short, absent[:5]))
            yield Spot(f"its first line has no {named}, which the recipe's csv.columns names", row=1)
    elif facts.regular and facts.width != len(columns):
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
    Rule("empty", "error", "Nothing but blank lines.", "Export it again, with rows.", _empty),
    Rule("not_text", "error", "Another format under a CSV's name: Excel, Parquet, an image.", _SAVE,
         _not_text),
    Rule("utf_16", "error", "Written as UTF-16, as Excel's Unicode text is.", _SAVE, _utf_16),
    Rule("header_only", "error", "A header, and no row below it.", "Export it again, with rows.",
         _header_only),
    Rule("long_row", "error", "A row with more fields than the others, in every reading.", _ROW, _long_row),
    Rule("label_missing", "error", "The column in csv.label is missing.", _RECIPE, _label_missing),
    Rule("columns_missing", "error", "Columns in csv.columns are missing.", _RECIPE,
         _columns_missing),
    Rule("short_row", "warning", "A row with fewer fields than the others.", _ROW, _short_row),
    Rule("irregular", "warning", "More than a tenth of the rows have another number of fields.", _ROW,
         _irregular),
    Rule("open_quote", "warning", "A quote that isn't closed before the file's end.", _ROW, _open_quote),
    Rule("byte_order_mark", "warning", "UTF-8 with a byte order mark.", _SAVE, _byte_order_mark),
    Rule("not_utf_8", "warning", "Text that isn't UTF-8, such as Latin-1.", _SAVE, _not_utf_8),
    Rule("nul_bytes", "warning", "NUL bytes, for example after a broken copy.", _SAVE, _nul_bytes),
    Rule("gzip", "warning", "gzip by its content but not by its name; its rows aren't checked.",
         "Name it .csv.gz and let the code expect that, or upload it uncompressed.", _gzip),
    Rule("not_gzip", "warning", "Named .gz and not compressed.", "Name it .csv, or compress it.", _not_gzip),
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
    Rule("not_checked", "warning", "More columns, rows or values than are checked, or a very long row.",
         "Make sure that the rest is like what was checked.", _not_checked),
)  # fmt: skip
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
__all__ = ["BY_NAME", "RULES", "Dataset", "Rule", "Spot"]
