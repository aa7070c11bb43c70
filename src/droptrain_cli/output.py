"""What a command writes: JSON for programs, and text that is plain unless a terminal shows it."""

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import IO, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from droptrain.formatting import clean

STYLES = {
    "SUCCEEDED": "bold green",
    "FAILED": "bold red",
    "REJECTED": "bold red",
    "CANCELLED": "bold yellow",
    "RUNNING": "bold cyan",
}
_UNBOUNDED = 10_000  # columns; who reads a pipe folds lines as it likes


def console(*, stderr: bool = False) -> Console:
    """A console on stdout or stderr, without control characters where that is no terminal."""
    stream: IO[str] = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(stderr=stderr, highlight=False)
    return Console(stderr=stderr, highlight=False, force_terminal=False, color_system=None, width=_UNBOUNDED)


def write_json(document: Any) -> None:
    """One JSON document on a line of its own."""
    click.echo(json.dumps(document))


def styled(status: str) -> Text:
    """A run's status in its colour."""
    return Text(status, style=STYLES.get(status, ""))


def cell(value: str | Text) -> Text:
    """What stands in a table: never markup, never a control character."""
    return value if isinstance(value, Text) else Text(clean(value))


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str | Text]], *, folded: Collection[str] | None = None
) -> Table:
    """Columns under headers, without lines around them.

    Columns with a header of `folded`, by default all but the first, are folded where there is little room.
    """
    whole = headers[:1] if folded is None else [header for header in headers if header not in folded]
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header in headers:
        made.add_column(header, overflow="fold", no_wrap=header in whole)
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    return made


def fits(target: Console, made: Table) -> bool:
    """Whether a table is as wide as the console at most."""
    unbounded = target.options.update(max_width=_UNBOUNDED)
    return target.measure(made, options=unbounded).maximum <= target.width


def first_that_fits(target: Console, tables: Iterable[Table]) -> Table:
    """The first table that fits the console, else the last one, which is then folded."""
    made: Table | None = None
    for made in tables:
        if fits(target, made):
            break
    assert made, "there is always one"
    return made


def show(target: Console, what: Table | Text) -> None:
    """Print a table or a line, without blanks at the ends of lines."""
    if target.is_terminal:
        target.print(what, soft_wrap=isinstance(what, Text))
        return
    with target.capture() as captured:
        target.print(what, soft_wrap=isinstance(what, Text))
    for line in captured.get().splitlines():
        target.file.write(line.rstrip() + "\n")
    target.file.flush()
