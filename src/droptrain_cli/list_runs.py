"""Lists runs in a table, once or again and again."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from droptrain_cli import formatting, output
from droptrain_cli.api import Api
from droptrain_cli.patience import Patience
from droptrain_cli.stack import Stack

_PAGE = 100  # runs; the API's limit
_LOOK_SECONDS = 3.0
_HEADERS = ("RUN", "STATUS", "CREATED", "TOOK", "METRIC", "COST", "WHY")
_CREATED = 2
_NONE = "No runs."


@dataclass(frozen=True)
class Query:
    """Which runs: of all projects or one, in any status or one, and how many at most."""

    project: str | None
    status: str | None
    limit: int


def once(stack: Stack, query: Query, *, as_json: bool) -> None:
    """Print the runs as they are now."""
    runs = _list(Api(stack), query)
    screen = output.console()
    if as_json:
        output.write_json({"runs": runs})
    elif runs:
        output.show(screen, _table(runs, datetime.now(UTC), relative=screen.is_terminal))
    else:
        output.show(output.console(stderr=True), Text(_NONE))


def watch(stack: Stack, query: Query, *, as_json: bool) -> None:
    """Show the runs and every change, until Ctrl-C."""
    api, screen = Api(stack), output.console()
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
                cells = _row(run, datetime.now(UTC), relative=False)
                output.show(screen, Text("  ").join(output.cell(cell) for cell in cells if cell))


def _watch_table(api: Api, query: Query, screen: Console) -> None:
    with Live(console=screen, auto_refresh=False, vertical_overflow="crop") as live:
        for runs in _lists(api, query):
            shown = _table(runs, datetime.now(UTC), relative=True) if runs else Text(_NONE)
            live.update(shown, refresh=True)


def _lists(api: Api, query: Query) -> Iterator[list[dict[str, Any]]]:
    """The runs as they are now, again and again."""
    runs = _list(api, query)
    patience = Patience()
    while True:
        yield runs
        time.sleep(_LOOK_SECONDS)
        with patience.attempt():
            runs = _list(api, query)


def _list(api: Api, query: Query) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    limit = min(query.limit, _PAGE)
    for page in api.pages("/runs", project=query.project, status=query.status, limit=limit):
        runs.extend(page["runs"])
        if len(runs) >= query.limit:
            break
    return runs[: query.limit]


def _table(runs: list[dict[str, Any]], now: datetime, *, relative: bool) -> Table:
    """The runs in columns; `relative` is for people: ages in place of times, and no empty columns."""
    rows = [_row(run, now, relative=relative) for run in runs]
    if not relative:
        return output.table(_HEADERS, rows)
    headers = [*_HEADERS[:_CREATED], "AGE", *_HEADERS[_CREATED + 1 :]]
    kept = [at for at in range(len(headers)) if any(row[at] for row in rows)]
    return output.table([headers[at] for at in kept], ([row[at] for at in kept] for row in rows))


def _row(run: Mapping[str, Any], now: datetime, *, relative: bool) -> tuple[str | Text, ...]:
    created = formatting.age(run["created_at"], now) if relative else run["created_at"]
    return (
        run["run_id"],
        output.styled(run["status"]),
        created,
        formatting.took(run, now),
        formatting.headline(run),
        formatting.price(run["cost"]),
        run["cause"]["code"] if run["cause"] else "",
    )
