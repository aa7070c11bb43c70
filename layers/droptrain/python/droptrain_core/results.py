"""Results: a run's log, metrics and artifacts."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from droptrain_core import cursors
from droptrain_core.aws.logs import LogPage, TrainingLogs
from droptrain_core.aws.run_files import Artifact, RunFiles
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.signed_requests import LIFE, SignedRequest, SignedRequests
from droptrain_core.domain.answer_size import how_many_fit
from droptrain_core.domain.errors import existing
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import series
from droptrain_core.domain.runs.batch_job import count_preparing
from droptrain_core.domain.runs.log_line import LogLine
from droptrain_core.domain.runs.preparation import JobStep
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.runs.series import Series

# Of log.txt, for one page. A byte takes up to seven bytes in an answer, which has room for 6 MB.
_LOG_BYTES = 1 << 19
_MAX_PATH = 1024


@frozen
class LogListing:
    """Lines, oldest first, and the next cursor; None after the last line of an ended run."""

    lines: tuple[LogLine, ...]
    cursor: str | None


@frozen
class Link:
    """An artifact, and the request that downloads it until `expires_at`."""

    artifact: Artifact
    request: SignedRequest
    expires_at: datetime


@frozen
class LinkListing:
    """A run's artifacts by path, and the cursor of the next page; None after the last one."""

    links: tuple[Link, ...]
    cursor: str | None


@frozen
class _InStream:
    """A place in the log stream of attempt `number`, counted from 0."""

    number: int
    token: str | None


class Results:
    """Reads logs, metrics and artifacts of runs. Every method raises NotFoundError for an unknown run."""

    def __init__(
        self,
        table: RunTable,
        logs: TrainingLogs,
        files: RunFiles,
        signed: SignedRequests,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._logs = logs
        self._files = files
        self._signed = signed
        self._clock = clock

    def logs(
        self, run_id: str, *, limit: int, cursor: str | None = None, step: JobStep | None = None
    ) -> LogListing:
        """At most `limit` lines of all attempts, or of a step; of log.txt if CloudWatch Logs lost the run.

        A page ends where an answer has no more room.

        BadCursorError for a cursor that isn't from this run's log.
        """
        run = self._run(run_id)
        place = _log_place(cursor, run_id) if cursor else _InStream(0, None)
        if isinstance(place, int):
            return self._text(run, place, limit, step)
        streams, goes_on = _streams(run, step), not run.ended and step in (None, run.step)
        for number in range(place.number, len(streams)):
            token = place.token if number == place.number else None
            stream, attempt = streams[number]
            page = self._page(stream, attempt, token, limit)
            if page and page.token:
                return LogListing(page.lines, _log_cursor(run_id, _InStream(number, page.token)))
            is_last = number + 1 == len(streams)
            if goes_on and (is_last or page is None):
                # The end for now; or Batch has named a stream that is still empty.
                return LogListing((), _log_cursor(run_id, _InStream(number, token)))
            if page is None and is_last and not cursor:
                return self._text(run, 0, limit, step)
        return LogListing((), _log_cursor(run_id, place) if goes_on else None)

    def metrics(self, run_id: str) -> tuple[Series, ...]:
        """Every metric of the run by step."""
        run = self._run(run_id)
        return series.read(self._files.metrics_lines(run.project, run.run_id))

    def artifacts(self, run_id: str, *, limit: int, cursor: str | None = None) -> LinkListing:
        """At most `limit` of the run's artifacts, with links.

        Of a promoted run whose export was deleted or has expired, the copy of its model, while that is kept.
        BadCursorError for a cursor that isn't from this list.
        """
        run = self._run(run_id)
        after = _path(cursor, run_id) if cursor else ""
        found, more = self._files.artifacts(run.project, run_id, after, limit)
        if run.promoted_at and not self._files.has_export(run.project, run_id):
            copied, more_copied = self._files.copied(run.project, run_id, after, limit)
            both = sorted((*found, *copied), key=lambda each: each.path)
            found, more = both[:limit], more or more_copied or len(both) > limit
        expires_at = self._clock() + LIFE
        links = tuple(
            Link(each, self._signed.get(each.key, each.path.rpartition("/")[2]), expires_at) for each in found
        )
        return LinkListing(links, cursors.encode([run_id, found[-1].path]) if more else None)

    def _run(self, run_id: str) -> Run:
        return existing(self._table.get(run_id), "run", run_id)

    def _page(self, stream: str, attempt: int, token: str | None, limit: int) -> LogPage | None:
        """A page of a stream, read again with fewer lines if they don't fit into an answer."""
        while True:
            page = self._logs.page(stream, attempt, token, limit)
            if page is None:
                return None
            limit = how_many_fit(map(asdict, page.lines))
            if limit == len(page.lines):
                return page

    def _text(self, run: Run, offset: int, limit: int, step: JobStep | None) -> LogListing:
        """Lines of log.txt after `offset`; a page ends with a whole line, unless one line fills it."""
        content = self._files.log_text(run.project, run.run_id, offset, _LOG_BYTES, step or run.step)
        if not content:
            return LogListing((), None)
        lines = content.splitlines(keepends=True)
        if len(lines) > 1 and len(content) == _LOG_BYTES:
            lines.pop()
        taken = lines[:limit]
        after = [run.run_id, offset + sum(map(len, taken))]
        texts = (line.decode(errors="replace").rstrip("\r\n") for line in taken)
        return LogListing(tuple(LogLine(None, None, text) for text in texts), cursors.encode(after))


def _streams(run: Run, step: JobStep | None) -> list[tuple[str, int]]:
    """The log streams of the attempts, of all or of a step, in order, each with the attempt's number.

    The running attempt's is the last.
    """
    named = [attempt.log_stream for attempt in run.attempts] + [run.log_stream]
    found = {stream: number for number, stream in reversed([*enumerate(named, 1)]) if stream}
    streams = sorted(found.items(), key=lambda item: item[1])
    prepares = len(named) if run.is_preparing else count_preparing(run)
    return [item for item in streams if step is None or (item[1] <= prepares) == (step == "prepare")]


def _log_cursor(run_id: str, place: "_InStream") -> str:
    return cursors.encode([run_id, place.number, place.token])


def _log_place(cursor: str, run_id: str) -> "_InStream | int":
    """The position of a cursor: in a stream, or at a byte of log.txt."""
    match cursors.decode(cursor):
        case [str(owner), int(number), None | str() as token] if owner == run_id and number >= 0:
            return _InStream(number, token)
        case [str(owner), int(offset)] if owner == run_id and 0 <= offset < 1 << 40:
            return offset
    raise cursors.refused()


def _path(cursor: str, run_id: str) -> str:
    match cursors.decode(cursor):
        case [str(owner), str(path)] if owner == run_id and 0 < len(path) <= _MAX_PATH:
            return path
    raise cursors.refused()
