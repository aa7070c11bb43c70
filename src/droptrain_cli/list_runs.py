"""Lists runs in a table, once or again and again."""

import csv
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from droptrain import formatting, run_values
from droptrain.api import Api
from droptrain.find_sweep import find_sweep
from droptrain.patience import Patience
from droptrain.run_list import SORTED, read_runs
from droptrain.run_values import Record
from droptrain.stack import Stack
from droptrain_cli import output, run_columns
from droptrain_cli.list_projects import read

_LOOK_SECONDS = 3.0
_NONE = "No runs."


@dataclass(frozen=True)
class Query:
    """Which runs: of all projects or one, how many at most, and which `status`, `tag` or `sweep` they have.

    `sort` and `columns` are names of run_columns; without columns there are the usual ones.
    """

    project: str | None
    where: Mapping[str, str | None]
    limit: int
    sort: str | None = None
    columns: tuple[str, ...] = ()


def once(stack: Stack, query: Query, *, as_json: bool, as_csv: bool = False) -> None:
    """Print the runs as they are now; DroptrainError for a project or a metric that isn't there."""
    api, now = Api(stack), datetime.now(UTC)
    query = _with_sweep(api, query)
    runs = _list(api, query)
    if query.sort:
        runs = run_values.sort(runs, query.sort, now)[: query.limit]
    if query.project and not runs:
        read(api, query.project)
    screen = output.console()
    if as_json:
        output.write_json({"runs": runs})
    elif as_csv:
        _write_csv(runs, query, now)
    elif runs:
        output.show(screen, _table(runs, query, now, screen))
    else:
        output.show(output.console(stderr=True), Text(_NONE))


def _write_csv(runs: list[Record], query: Query, now: datetime) -> None:
    columns = [run_columns.column(name) for name in query.columns] or run_columns.of_csv(runs)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(formatting.clean(column.name) for column in columns)
    writer.writerows([column.value(run, now) for column in columns] for run in runs)
    click.echo(text.getvalue(), nl=False)


def watch(stack: Stack, query: Query, *, as_json: bool) -> None:
    """Show the runs and every change, until Ctrl-C."""
    api, screen = Api(stack), output.console()
    query = _with_sweep(api, query)
    if screen.is_terminal and not as_json:
        _watch_table(api, query, screen)
        return
    seen: dict[str, Any] = {}
    for runs in _lists(api, query):
        for run in reversed(runs):
            if seen.get(run["run_id"]) == run:
                continue
            seen[run["run_id"]] = run
            if as_json:
                output.write_json(run)
            else:
                now = datetime.now(UTC)
                cells = [column.text(run, now) for column in _columns(query, run_columns.DEFAULT)]
                output.show(screen, Text("  ").join(output.cell(cell) for cell in cells if cell))


def _watch_table(api: Api, query: Query, screen: Console) -> None:
    with Live(console=screen, auto_refresh=False, vertical_overflow="crop") as live:
        for runs in _lists(api, query):
            shown = _table(runs, query, datetime.now(UTC), screen) if runs else Text(_NONE)
            live.update(shown, refresh=True)


def _lists(api: Api, query: Query) -> Iterator[list[Record]]:
    """The runs as they are now, again and again."""
    runs = _list(api, query)
    patience = Patience()
    while True:
        yield runs
        time.sleep(_LOOK_SECONDS)
        with patience.attempt():
            runs = _list(api, query)


def _with_sweep(api: Api, query: Query) -> Query:
    """The query with the whole id of the sweep that it names."""
    if not (name := query.where.get("sweep")):
        return query
    return replace(query, where={**query.where, "sweep": find_sweep(api, name)["sweep_id"]})


def _list(api: Api, query: Query) -> list[Record]:
    wanted = SORTED if query.sort else query.limit
    return read_runs(api, query.project, limit=wanted, **query.where)


def _table(runs: list[Record], query: Query, now: datetime, screen: Console) -> Table:
    """The runs in columns: on a terminal with ages and without empty columns, if need be with short ids."""
    if not screen.is_terminal:
        return _of_columns(runs, _columns(query, run_columns.DEFAULT), now)
    widths = [run_columns.DEFAULT] if query.columns else _narrower(runs, query)
    return output.first_that_fits(screen, (_for_people(runs, query, names, now) for names in widths))


def _narrower(runs: list[Record], query: Query) -> Iterator[Sequence[str]]:
    """The usual columns, then fewer and fewer: a short id doesn't name the project, and one metric needs
    its name once.
    """
    yield run_columns.DEFAULT
    metrics = {run["metric"] for run in runs if run["metric"]}
    metric = metrics.pop() if len(metrics) == 1 else "metric"
    names = [metric if name == "metric" else name for name in run_columns.NARROW]
    if query.project or len({run["project"] for run in runs}) == 1:
        names.remove("project")
    yield names
    for left_out in run_columns.LEAST_IMPORTANT:
        names = [name for name in names if name != left_out]
        yield names


def _for_people(runs: list[Record], query: Query, usual: Sequence[str], now: datetime) -> Table:
    every = ("age" if name == "created" and not query.columns else name for name in usual)
    columns = _columns(query, list(every))
    having = [each for each in columns if query.columns or any(each.text(run, now) for run in runs)]
    return _of_columns(runs, having, now)


def _of_columns(runs: list[Record], columns: list[run_columns.Column], now: datetime) -> Table:
    rows = ([column.text(run, now) for column in columns] for run in runs)
    return output.table([column.header for column in columns], rows, folded=run_columns.FOLDED)


def _columns(query: Query, usual: Sequence[str]) -> list[run_columns.Column]:
    """The columns that are asked for; else the usual ones, with the metric that the runs are sorted by."""
    sorted_by = (query.sort or "").removeprefix("-")
    is_metric = sorted_by and sorted_by not in run_columns.COLUMNS
    usual = [sorted_by if is_metric and name == "metric" else name for name in usual]
    usual = ["trial", *usual] if query.where.get("sweep") else usual
    return [run_columns.column(name) for name in query.columns or usual]
