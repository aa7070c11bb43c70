"""Query: read runs, one by one or in pages whose cost doesn't grow with the table."""

import base64
import binascii
import json
from dataclasses import dataclass

from droptrain.aws.run_table import Position, RunTable
from droptrain.domain.errors import BadCursorError, NotFoundError
from droptrain.domain.run import Run

# How many pages one filtered request may read before it hands back what it has and a cursor.
_PAGES = 5
_MAX_CURSOR = 2000


@dataclass(frozen=True)
class Listing:
    """Runs, newest first, and the cursor of the next page; None after the last one."""

    runs: tuple[Run, ...]
    cursor: str | None


class Query:
    """Reads the table for the API."""

    def __init__(self, table: RunTable) -> None:
        self._table = table

    def run(self, run_id: str) -> Run:
        """The run; NotFoundError."""
        run = self._table.get(run_id)
        if run is None:
            raise NotFoundError(f"There is no run {run_id!r}")
        return run

    def runs(
        self, *, project: str | None = None, status: str | None = None, limit: int, cursor: str | None = None
    ) -> Listing:
        """At most `limit` runs, newest first; filtered by status, a page may be short and have a cursor.

        BadCursorError for a cursor that this query didn't hand out.
        """
        position = _position(cursor, project) if cursor else None
        found: list[Run] = []
        for _ in range(_PAGES):
            page = self._table.page(
                project=project, status=status, limit=limit - len(found), position=position
            )
            found.extend(page.runs)
            position = page.position
            if position is None or len(found) == limit:
                break
        return Listing(tuple(found), _cursor(position) if position else None)


def _cursor(position: Position) -> str:
    values = {name: value["S"] for name, value in position.items()}
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def _position(cursor: str, project: str | None) -> Position:
    owner = "project" if project else "kind"
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor)) if len(cursor) <= _MAX_CURSOR else None
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or set(values) != {"pk", "created_order", owner}:
        raise BadCursorError("The cursor isn't one that this list handed out")
    if not all(isinstance(value, str) and value for value in values.values()) or (
        project and values["project"] != project
    ):
        raise BadCursorError("The cursor belongs to another list")
    return {name: {"S": value} for name, value in values.items()}
