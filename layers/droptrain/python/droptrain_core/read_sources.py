"""Read sources: the recipe and the code that a run trained with, file by file."""

from dataclasses import asdict

from droptrain_core import cursors
from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.answer_size import how_many_fit
from droptrain_core.domain.errors import ChangedPlanError, NotFoundError, existing
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import sources
from droptrain_core.domain.runs.sources import Source, Unshown


@frozen
class SourceListing:
    """A run's sources by path, and the cursor of the next page; None after the last one."""

    sources: tuple[Source, ...]
    cursor: str | None


@frozen
class SourceText:
    """The text of a source; None, with the reason, if it can't be shown."""

    source: Source
    text: str | None
    unshown: Unshown | None = None


class ReadSources:
    """Reads what runs were trained by. NotFoundError for an unknown run, or one without a plan."""

    def __init__(self, table: RunTable, bucket: Bucket) -> None:
        self._table = table
        self._bucket = bucket

    def list(self, run_id: str, *, limit: int, cursor: str | None = None) -> SourceListing:
        """At most `limit` sources; ChangedPlanError, BadCursorError for a cursor of another list."""
        after = _path(cursor, run_id) if cursor else ""
        found = [source for source in self._sources(run_id) if source.path > after]
        page = tuple(found[: min(limit, how_many_fit(map(asdict, found[:limit])))])
        more = len(page) < len(found)
        return SourceListing(page, cursors.encode([run_id, page[-1].path]) if more else None)

    def text(self, run_id: str, path: str) -> SourceText:
        """One source, in the version that the run trained with; NotFoundError, ChangedPlanError."""
        source = next((each for each in self._sources(run_id) if each.path == path), None)
        if source is None:
            raise NotFoundError(f"{run_id} was trained without a file {path!r}")
        if source.is_large:
            return SourceText(source, None, "large")
        body = self._bucket.content(source.key, source.version_id, sources.MAX_SHOWN_BYTES)
        if body is None:
            return SourceText(source, None, "gone")
        text = sources.shown(body)
        return SourceText(source, text, "binary" if text is None else None)

    def _sources(self, run_id: str) -> tuple[Source, ...]:
        run = existing(self._table.get(run_id), "run", run_id)
        plan = self._bucket.plan(run.project, run_id) if run.job else None
        if plan is None:
            raise NotFoundError(f"{run_id} has no plan, so it isn't known what it trained with")
        # Training code can write there: a changed plan could name any file of the project.
        if plan.sha256 != run.plan_sha256:
            raise ChangedPlanError(f"The plan of {run_id} has been changed since its launch")
        return sources.sources_of(plan.document)


def _path(cursor: str, run_id: str) -> str:
    match cursors.decode(cursor):
        case [str(owner), str(path)] if owner == run_id:
            return path
    raise cursors.refused()
