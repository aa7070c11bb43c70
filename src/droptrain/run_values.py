"""What a run has by the names that people sort and compare by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from droptrain import formatting
from droptrain.errors import DroptrainError

Record = Mapping[str, Any]
Value = str | float | int | None


def trained_seconds(run: Record, now: datetime) -> float | None:
    """How long a run has trained, in seconds; None if it hasn't started."""
    if not run["started_at"]:
        return None
    end = formatting.parsed(run["stopped_at"]) if run["stopped_at"] else now
    return (end - formatting.parsed(run["started_at"])).total_seconds()


VALUES: Mapping[str, Callable[[Record, datetime], Value]] = {
    "run": lambda run, now: run["run_id"],
    "id": lambda run, now: short_id(run["run_id"]),
    "project": lambda run, now: run["project"],
    "dataset": lambda run, now: run["dataset"],
    "status": lambda run, now: run["status"],
    "created": lambda run, now: run["created_at"],
    "age": lambda run, now: run["created_at"],
    "took": trained_seconds,
    "metric": lambda run, now: run["metrics"].get(run["metric"]),
    "cost": lambda run, now: run["cost"]["estimate_usd"] if run["cost"] else None,
    "why": lambda run, now: run["cause"]["code"] if run["cause"] else None,
    "attempts": lambda run, now: len(run["attempts"]),
    "by": lambda run, now: run["launched_by"],
    # A stack of before names, notes and tags sends none.
    "name": lambda run, now: run.get("name"),
    "note": lambda run, now: run.get("note"),
    "tags": lambda run, now: " ".join(run.get("tags", ())) or None,
    "trial": lambda run, now: run.get("trial"),
}


def short_id(run_id: str) -> str:
    """The last part of a run's id, which stands for the whole one."""
    return run_id.rpartition("-")[2]


def value_of(name: str) -> Callable[[Record, datetime], Value]:
    """What reads the value of that name; a name that isn't one of VALUES is a metric's."""
    return VALUES.get(name, lambda run, now: run["metrics"].get(name))


def metrics_of(runs: Iterable[Record]) -> list[str]:
    """The names of the runs' metrics."""
    return sorted({name for run in runs for name in run["metrics"]})


def sort(runs: Sequence[Record], by: str, now: datetime) -> list[Record]:
    """The runs by a value, from the highest on if it begins with `-`; those without one come last.

    DroptrainError if no run has a value of that name.
    """
    descends, name = by.startswith("-"), by.removeprefix("-")
    if runs and name not in VALUES and name not in metrics_of(runs):
        known = ", ".join((*VALUES, *metrics_of(runs)))
        raise DroptrainError(f"None of these runs has a metric {name!r}. They can be sorted by {known}.")
    value = value_of(name)
    having = [run for run in runs if value(run, now) is not None]
    lacking = [run for run in runs if value(run, now) is None]

    def key(run: Record) -> Any:
        return value(run, now)

    return [*sorted(having, key=key, reverse=descends), *lacking]
