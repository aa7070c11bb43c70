"""The columns of a table of runs: what each shows to people, and its plain value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from droptrain import formatting
from droptrain.run_values import VALUES, Value, metrics_of, value_of
from droptrain_cli import output

Run = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column; `value` is for CSV and sorting, `text` for people. `name` is the value's, with its unit."""

    header: str
    name: str
    value: Callable[[Run, datetime], Value]
    text: Callable[[Run, datetime], str | Text]


def _column(
    key: str, header: str, name: str, text: Callable[[Run, datetime], str | Text] | None = None
) -> Column:
    value = VALUES[key]

    def plain(run: Run, now: datetime) -> str:
        found = value(run, now)
        return "" if found is None else str(found)

    return Column(header, name, value, text or plain)


COLUMNS: Mapping[str, Column] = {
    "run": _column("run", "RUN", "run_id"),
    "id": _column("id", "ID", "id"),
    "project": _column("project", "PROJECT", "project"),
    "dataset": _column("dataset", "DATASET", "dataset"),
    "status": _column("status", "STATUS", "status", lambda run, now: output.styled(run["status"])),
    "created": _column("created", "CREATED", "created_at"),
    "age": _column("age", "AGE", "created_at", lambda run, now: formatting.age(run["created_at"], now)),
    "took": _column("took", "TOOK", "took_seconds", formatting.took),
    "metric": _column("metric", "METRIC", "metric", lambda run, now: formatting.headline(run)),
    "cost": _column("cost", "COST", "cost_usd", lambda run, now: formatting.price(run["cost"])),
    "why": _column("why", "WHY", "cause"),
    "attempts": _column("attempts", "ATTEMPTS", "attempts"),
    "by": _column("by", "BY", "launched_by"),
    "name": _column("name", "NAME", "name"),
    "note": _column("note", "NOTE", "note"),
    "tags": _column("tags", "TAGS", "tags"),
    "trial": _column("trial", "TRIAL", "trial"),
}
DEFAULT = ("run", "status", "created", "took", "metric", "cost", "why", "name", "tags")
NARROW = ("id", "project", "dataset", "status", "created", "metric", "cost", "why", "name", "tags")
LEAST_IMPORTANT = ("tags", "name", "why", "cost")  # left out on a narrow terminal, one after another
FOLDED = ("PROJECT", "DATASET", "METRIC", "WHY", "NAME", "NOTE", "TAGS")
_OF_CSV = (
    "run",
    "project",
    "dataset",
    "status",
    "created",
    "took",
    "cost",
    "why",
    "attempts",
    "by",
    "name",
    "tags",
)


def column(name: str) -> Column:
    """The column of that name; any other name is a metric's."""
    if name in COLUMNS:
        return COLUMNS[name]

    def text(run: Run, _now: datetime) -> str:
        return formatting.number(run["metrics"][name]) if name in run["metrics"] else ""

    return Column(name, name, value_of(name), text)


def of_csv(runs: Sequence[Run]) -> list[Column]:
    """The columns of CSV where none are named: all that a spreadsheet can use, and every metric."""
    return [column(name) for name in (*_OF_CSV, *metrics_of(runs))]
