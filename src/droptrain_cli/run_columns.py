"""The columns of a table of runs: what each shows to people, and its plain value."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from droptrain_cli import formatting, output

Run = Mapping[str, Any]
Value = str | float | int | None


@dataclass(frozen=True)
class Column:
    """A column; `value` is for CSV and sorting, `text` for people. `name` is the value's, with its unit."""

    header: str
    name: str
    value: Callable[[Run, datetime], Value]
    text: Callable[[Run, datetime], str | Text]


def _trained_seconds(run: Run, now: datetime) -> float | None:
    if not run["started_at"]:
        return None
    end = formatting.parsed(run["stopped_at"]) if run["stopped_at"] else now
    return (end - formatting.parsed(run["started_at"])).total_seconds()


def _plain(header: str, name: str, value: Callable[[Run], Value]) -> Column:
    def text(run: Run, _now: datetime) -> str:
        found = value(run)
        return "" if found is None else str(found)

    return Column(header, name, lambda run, now: value(run), text)


COLUMNS: Mapping[str, Column] = {
    "run": _plain("RUN", "run_id", lambda run: run["run_id"]),
    "id": _plain("ID", "id", lambda run: short_id(run["run_id"])),
    "project": _plain("PROJECT", "project", lambda run: run["project"]),
    "dataset": _plain("DATASET", "dataset", lambda run: run["dataset"]),
    "status": Column(
        "STATUS", "status", lambda run, now: run["status"], lambda run, now: output.styled(run["status"])
    ),
    "created": _plain("CREATED", "created_at", lambda run: run["created_at"]),
    "age": Column(
        "AGE",
        "created_at",
        lambda run, now: run["created_at"],
        lambda run, now: formatting.age(run["created_at"], now),
    ),
    "took": Column("TOOK", "took_seconds", _trained_seconds, formatting.took),
    "metric": Column(
        "METRIC",
        "metric",
        lambda run, now: run["metrics"].get(run["metric"]),
        lambda run, now: formatting.headline(run),
    ),
    "cost": Column(
        "COST",
        "cost_usd",
        lambda run, now: run["cost"]["estimate_usd"] if run["cost"] else None,
        lambda run, now: formatting.price(run["cost"]),
    ),
    "why": _plain("WHY", "cause", lambda run: run["cause"]["code"] if run["cause"] else None),
    "attempts": _plain("ATTEMPTS", "attempts", lambda run: len(run["attempts"])),
    "by": _plain("BY", "launched_by", lambda run: run["launched_by"]),
    # A stack of before names, notes and tags sends none.
    "name": _plain("NAME", "name", lambda run: run.get("name")),
    "note": _plain("NOTE", "note", lambda run: run.get("note")),
    "tags": _plain("TAGS", "tags", lambda run: " ".join(run.get("tags", ())) or None),
}
DEFAULT = ("run", "status", "created", "took", "metric", "cost", "why", "name", "tags")
NARROW = ("id", "dataset", "status", "created", "metric", "cost", "why", "name", "tags")
FOLDED = ("DATASET", "METRIC", "WHY", "NAME", "NOTE", "TAGS")
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


def short_id(run_id: str) -> str:
    """The last part of a run's id, which commands take for the whole one."""
    return run_id.rpartition("-")[2]


def column(name: str) -> Column:
    """The column of that name; any other name is a metric's."""
    if name in COLUMNS:
        return COLUMNS[name]

    def text(run: Run, _now: datetime) -> str:
        return formatting.number(run["metrics"][name]) if name in run["metrics"] else ""

    return Column(name, name, lambda run, now: run["metrics"].get(name), text)


def metrics_of(runs: Iterable[Run]) -> list[str]:
    """The names of the runs' metrics."""
    return sorted({name for run in runs for name in run["metrics"]})


def of_csv(runs: Sequence[Run]) -> list[Column]:
    """The columns of CSV where none are named: all that a spreadsheet can use, and every metric."""
    return [column(name) for name in (*_OF_CSV, *metrics_of(runs))]


def sort(runs: Sequence[Run], by: str, now: datetime) -> list[Run]:
    """The runs by a column, from the highest value on if it begins with `-`; those without one come last."""
    descends, value = by.startswith("-"), column(by.removeprefix("-")).value
    having = [run for run in runs if value(run, now) is not None]
    lacking = [run for run in runs if value(run, now) is None]

    def key(run: Run) -> Any:
        return value(run, now)

    return [*sorted(having, key=key, reverse=descends), *lacking]
