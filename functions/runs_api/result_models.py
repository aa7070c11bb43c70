"""What the API gives of a run's results, in the contract's words."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, Self

from droptrain_core.domain import times
from droptrain_core.domain.runs.sources import Unshown
from droptrain_core.domain.runs.timing import PartName
from models import View

if TYPE_CHECKING:
    from droptrain_core.domain.runs.series import Series
    from droptrain_core.domain.runs.sources import Source
    from droptrain_core.domain.runs.timing import Timing
    from droptrain_core.read_sources import SourceListing, SourceText
    from droptrain_core.results import LinkListing, LogListing


class LineView(View):
    """A line of the log; `at` and `attempt` are null where CloudWatch Logs has forgotten it."""

    at: str | None
    attempt: int | None
    text: str


class LogPage(View):
    """A page of the log, oldest first, and the cursor to go on with; null at the end of an ended run."""

    lines: list[LineView]
    cursor: str | None

    @classmethod
    def of(cls, listing: "LogListing") -> Self:
        """The page of a listing."""
        return cls(lines=[LineView(**asdict(line)) for line in listing.lines], cursor=listing.cursor)


class PointView(View):
    """One value of a metric."""

    step: float
    value: float


class SeriesView(View):
    """A metric: how many values it has, and at most 1,000 of them."""

    name: str
    count: int
    points: list[PointView]


class MetricSeries(View):
    """The metrics of a run by step."""

    series: list[SeriesView]

    @classmethod
    def of(cls, found: "Iterable[Series]") -> Self:
        """The views of series."""
        return cls(series=[SeriesView.model_validate(asdict(each)) for each in found])


class UsualView(View):
    """The median of what a part took in the last successful runs of the project, or of the stack."""

    seconds: int
    runs: int
    of: Literal["project", "stack"]


class PartView(View):
    """A part of a run that was over `at`, `seconds` after the end of the part `after`; null if unknown."""

    name: PartName
    at: str | None
    after: PartName | None
    seconds: int | None
    usual: UsualView | None


class UnderwayView(View):
    """The part in which a run is, `since` the end of the last part before it that is known."""

    name: PartName
    since: str
    usual: UsualView | None


class TimingView(View):
    """The parts of a run's last attempt, in order, and the one in which it is; null if it has ended."""

    attempt: int
    parts: list[PartView]
    underway: UnderwayView | None

    @classmethod
    def of(cls, found: "Timing") -> Self:
        """The view of a run's timing."""
        return cls.model_validate(asdict(found))


class ArtifactView(View):
    """A file of a run, `size` in bytes, and a link that fetches it until `expires_at`."""

    path: str
    size: int
    modified_at: str
    url: str
    expires_at: str


class ArtifactList(View):
    """A page of a run's files by path, and the cursor of the next page."""

    artifacts: list[ArtifactView]
    cursor: str | None

    @classmethod
    def of(cls, listing: "LinkListing") -> Self:
        """The page of a listing."""
        views = [
            ArtifactView(
                path=link.artifact.path,
                size=link.artifact.size,
                modified_at=times.to_text(link.artifact.modified_at),
                url=link.request.url,
                expires_at=times.to_text(link.expires_at),
            )
            for link in listing.links
        ]
        return cls(artifacts=views, cursor=listing.cursor)


class SourceView(View):
    """A file that a run trained with, `size` in bytes; `path` is relative to the project's folder."""

    path: str
    version_id: str
    size: int


class SourceList(View):
    """A page of a run's code and recipe by path, and the cursor of the next page."""

    files: list[SourceView]
    cursor: str | None

    @classmethod
    def of(cls, listing: "SourceListing") -> Self:
        """The page of a listing."""
        return cls(files=[SourceView(**_shown(each)) for each in listing.sources], cursor=listing.cursor)


class SourceTextView(SourceView):
    """Such a file with its text; where that is null, `unshown` says why."""

    text: str | None
    unshown: Unshown | None

    @classmethod
    def of(cls, found: "SourceText") -> Self:
        """The view of a text."""
        return cls(**_shown(found.source), text=found.text, unshown=found.unshown)


def _shown(source: "Source") -> dict[str, Any]:
    return {"path": source.path, "version_id": source.version_id, "size": source.size}
