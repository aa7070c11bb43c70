"""Query: read runs, one by one or in pages whose cost doesn't grow with the table."""

from dataclasses import dataclass

from droptrain import cursors
from droptrain.aws.bucket import Bucket
from droptrain.aws.dataset_table import DatasetTable
from droptrain.aws.run_table import KIND, Position, RunTable
from droptrain.domain.dataset import PROJECT_NAME
from droptrain.domain.dataset_record import DatasetRecord
from droptrain.domain.errors import NotFoundError
from droptrain.domain.run import Run

# How many pages one filtered request may read before it hands back what it has and a cursor.
_PAGES = 5
_LONGEST_FOLDER = 1024  # S3's longest key, in bytes


@dataclass(frozen=True)
class Listing:
    """Runs, newest first, and the cursor of the next page; None after the last one."""

    runs: tuple[Run, ...]
    cursor: str | None


@dataclass(frozen=True)
class Project:
    """A project, its newest run, and its datasets that lack files."""

    name: str
    latest_run: Run | None
    waiting: tuple[DatasetRecord, ...]


@dataclass(frozen=True)
class ProjectListing:
    """Projects by name, and the cursor of the next page; None after the last one."""

    projects: tuple[Project, ...]
    cursor: str | None


class Query:
    """Reads the table and the bucket for the API."""

    def __init__(self, table: RunTable, datasets: DatasetTable, bucket: Bucket) -> None:
        self._table = table
        self._datasets = datasets
        self._bucket = bucket

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
        return Listing(tuple(found), cursors.encode(_texts(position)) if position else None)

    def projects(self, *, limit: int, cursor: str | None = None) -> ProjectListing:
        """At most `limit` projects by name: those that have a folder in the bucket.

        BadCursorError for a cursor that this list didn't hand out.
        """
        after = cursors.decode(cursor) if cursor else None
        if cursor and not (isinstance(after, str) and 0 < len(after) <= _LONGEST_FOLDER and "/" not in after):
            raise cursors.refused()
        found: list[str] = []
        for _ in range(_PAGES):
            # Other folders lie there too; a page may end at one of them.
            names, more = self._bucket.projects(after, limit - len(found))
            found.extend(name for name in names if PROJECT_NAME.fullmatch(name))
            after = names[-1] if more else None
            if after is None or len(found) == limit:
                break
        listed = tuple(self._project(name) for name in found)
        return ProjectListing(listed, cursors.encode(after) if after else None)

    def _project(self, name: str) -> Project:
        page = self._table.page(project=name, status=None, limit=1, position=None)
        return Project(name, page.runs[0] if page.runs else None, self._datasets.of_project(name))


def _texts(position: Position) -> dict[str, str]:
    return {name: value["S"] for name, value in position.items()}


def _position(cursor: str, project: str | None) -> Position:
    owner, owned = ("project", project) if project else ("kind", KIND)
    values = cursors.decode(cursor)
    if not isinstance(values, dict) or set(values) != {"pk", "created_order", owner}:
        raise cursors.refused()
    if values[owner] != owned or not all(isinstance(value, str) and value for value in values.values()):
        raise cursors.refused()
    return {name: {"S": value} for name, value in values.items()}
