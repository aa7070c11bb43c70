"""Query: read single runs, or pages whose cost doesn't grow with the table."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from droptrain_core import cursors
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_pages import Position, Ranked, index_of, position_of
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.answer_size import Room, how_many_fit
from droptrain_core.domain.datasets.dataset import DATASET_NAME, PROJECT_NAME, ObjectVersion, data_prefix
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import NotFoundError, existing
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Run, ranking_of

if TYPE_CHECKING:
    from droptrain_core.domain.preflight.summary import Summary

# A filtered request reads at most this many pages of runs, and then answers with the runs found so far.
_PAGES = 5
_PAGE_RUNS = 100
_WAITING_BYTES = 500_000  # of a project, in an answer
_FILES_SHOWN, _RUNS_SHOWN, _RUNS_BYTES = 100, 20, 3_500_000  # of a dataset, in an answer
_LONGEST_FOLDER = 1024  # S3's longest key, in bytes


@frozen
class Listing:
    """Runs, newest first, and the cursor of the next page; None after the last one."""

    runs: tuple[Run, ...]
    cursor: str | None


@frozen
class Project:
    """A project, its newest run, and its datasets that lack files."""

    name: str
    latest_run: Run | None
    waiting: tuple[DatasetRecord, ...]


@frozen
class ProjectListing:
    """Projects by name, and the cursor of the next page; None after the last one."""

    projects: tuple[Project, ...]
    cursor: str | None


@frozen
class Dataset:
    """A dataset with files in the bucket, and its record while it waits for more."""

    name: str
    waiting: DatasetRecord | None


@frozen
class DatasetDetails:
    """A dataset: its current files with their upload times, its newest runs, and what its data look like.

    `has_all_files` is false where there are more. `summary` is of the newest run that has one.
    """

    name: str
    waiting: DatasetRecord | None
    files: tuple[tuple[ObjectVersion, datetime], ...]
    has_all_files: bool
    runs: tuple[Run, ...]
    summary: "Summary | None"


@frozen
class DatasetListing:
    """A project's datasets by name, and the cursor of the next page; None after the last one."""

    datasets: tuple[Dataset, ...]
    cursor: str | None


class Query:
    """Reads the table and the bucket for the API."""

    def __init__(self, table: RunTable, datasets: DatasetTable, bucket: Bucket) -> None:
        self._table = table
        self._datasets = datasets
        self._bucket = bucket

    def run(self, run_id: str) -> Run:
        """The run; NotFoundError."""
        return existing(self._table.get(run_id), "run", run_id)

    def runs(
        self,
        *,
        project: str | None = None,
        dataset: str | None = None,
        status: str | None = None,
        tag: str | None = None,
        versions: AbstractSet[str] = frozenset(),
        by_metric: bool = False,
        limit: int,
        cursor: str | None = None,
    ) -> Listing:
        """At most `limit` runs, newest first, and no more than an answer has room for.

        `by_metric` lists the project's runs that succeeded with the headline metric of its newest run, best
        first.

        `versions` are version ids of S3: only runs that have all of them among their inputs. A page of
        filtered runs may be short, or empty, and have a cursor.

        BadCursorError for a cursor that isn't from this query.
        """
        ranked = self._ranked(project) if by_metric and project else None
        if by_metric and not ranked:
            return Listing((), None)
        position = _position(cursor, project, ranked)
        where = {name: value for name, value in (("dataset", dataset), ("status", status)) if value}
        is_filtered = bool(where or tag or versions)
        found: list[Run] = []
        room = Room()
        for _ in range(_PAGES):
            size = _PAGE_RUNS if is_filtered else limit - len(found)
            page = self._table.page(
                project=project, where=where, tag=tag, limit=size, position=position, ranked=ranked
            )
            for run in page.runs:
                if not self._trains(run, versions):
                    continue
                if len(found) == limit or not room.takes(asdict(run)):
                    return Listing(tuple(found), cursors.of_position(position_of(found[-1], project, ranked)))
                found.append(run)
            position = page.position
            if position is None or len(found) == limit:
                break
        return Listing(tuple(found), cursors.of_position(position))

    def _ranked(self, project: str) -> Ranked | None:
        """The ranking by the headline metric of the project's newest run; None if it has none."""
        page = self._table.page(project=project, where={}, limit=1, position=None)
        run = page.runs[0] if page.runs else None
        if run is None or run.metric is None:
            return None
        return Ranked(ranking_of(project, run.metric), run.metric_goal == "minimize")

    def _trains(self, run: Run, versions: AbstractSet[str]) -> bool:
        """Whether these version ids are all among the run's inputs, of which the record has the first 100."""
        if versions <= {item.object.version_id for item in run.inputs}:
            return True
        if run.input_count <= len(run.inputs):
            return False
        plan = self._bucket.plan(run.project, run.run_id)
        return versions <= set(_version_ids(plan.document if plan else None))

    def projects(self, *, limit: int, cursor: str | None = None) -> ProjectListing:
        """At most `limit` projects by name: those that have a folder in the bucket.

        BadCursorError for a cursor that isn't from this list.
        """
        after = _folder(cursor)
        found: list[str] = []
        for _ in range(_PAGES):
            # There are other folders too; a page may end at one of them.
            names, more = self._bucket.projects(after, limit - len(found))
            found.extend(name for name in names if PROJECT_NAME.fullmatch(name))
            after = names[-1] if more else None
            if after is None or len(found) == limit:
                break
        listed: list[Project] = []
        room = Room()
        for name in found:
            project = self._project(name)
            if not room.takes(asdict(project)):
                return ProjectListing(tuple(listed), cursors.encode(listed[-1].name))
            listed.append(project)
        return ProjectListing(tuple(listed), cursors.encode(after) if after else None)

    def project(self, name: str) -> Project:
        """The project; NotFoundError if it has neither files nor runs."""
        project = self._project(name)
        if project.latest_run is None and not self._bucket.has_project(name):
            raise NotFoundError(f"There is no project {name!r}")
        return project

    def datasets(self, project: str, *, limit: int, cursor: str | None = None) -> DatasetListing:
        """At most `limit` datasets by name: those that have a folder in the bucket.

        BadCursorError for a cursor that isn't from this list, NotFoundError for an unknown project.
        """
        names, more = self._bucket.datasets(project, _folder(cursor), limit)
        if not names:
            self.project(project)
        waiting = {record.dataset: record for record in self._datasets.of_project(project)}
        found = tuple(Dataset(name, waiting.get(name)) for name in names if DATASET_NAME.fullmatch(name))
        shown = how_many_fit(map(asdict, found))
        if shown < len(found):
            return DatasetListing(found[:shown], cursors.encode(found[shown - 1].name))
        return DatasetListing(found, cursors.encode(names[-1]) if more else None)

    def dataset(self, project: str, name: str) -> DatasetDetails:
        """The dataset; NotFoundError if it has neither files nor runs."""
        files, has_all = self._bucket.first_files(data_prefix(project, name), _FILES_SHOWN)
        runs = self.runs(project=project, dataset=name, limit=_RUNS_SHOWN).runs
        if not files and not runs:
            raise NotFoundError(f"There is no dataset {name!r} of a project {project!r}")
        record = self._datasets.read(project, name)
        shown = how_many_fit(map(asdict, runs), _RUNS_BYTES)
        return DatasetDetails(
            name, record if record.since else None, tuple(files), has_all, runs[:shown], self._summary(runs)
        )

    def _summary(self, runs: Iterable[Run]) -> "Summary | None":
        from droptrain_core.domain.preflight.summary import from_text

        newest = next((run for run in runs if run.job), None)
        return from_text(self._table.summary(newest.run_id)) if newest else None

    def _project(self, name: str) -> Project:
        page = self._table.page(project=name, where={}, limit=1, position=None)
        waiting = self._datasets.of_project(name)
        shown = how_many_fit(map(asdict, waiting), _WAITING_BYTES)
        return Project(name, page.runs[0] if page.runs else None, waiting[:shown])


def _version_ids(plan: object) -> Iterator[str]:
    """The version ids of the inputs in a run.json, which training code can have changed."""
    match plan:
        case {"inputs": [*inputs]}:
            for item in inputs:
                match item:
                    case {"version_id": str(version_id)}:
                        yield version_id


def _folder(cursor: str | None) -> str | None:
    """The folder after which a list continues."""
    after = cursors.decode(cursor) if cursor else None
    if cursor and not (isinstance(after, str) and 0 < len(after) <= _LONGEST_FOLDER and "/" not in after):
        raise cursors.refused()
    return after


def _position(cursor: str | None, project: str | None, ranked: Ranked | None) -> Position | None:
    _, owner, owned = index_of(project, ranked)
    return cursors.position(cursor, owner, owned, "headline" if ranked else "created_order")
