"""Pages of runs: the index that a list follows, and where its pages end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from droptrain_core.aws.run_record import KIND, run_pk, to_attributes
from droptrain_core.domain.errors import BadCursorError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Run

Position = dict[str, Any]


@frozen
class Ranked:
    """The ranking that a list follows, and whether the lowest value is the best."""

    ranking: str
    lowest_first: bool


@frozen
class Page:
    """Some runs, newest first, and where the next page starts; None after the last one."""

    runs: tuple[Run, ...]
    position: Position | None


def index_of(project: str | None, ranked: Ranked | None) -> tuple[str, str, str]:
    """(index, key, value) of a list of one project's runs, of all runs, or of a ranking."""
    if ranked:
        return "by_headline", "ranking", ranked.ranking
    return ("by_project", "project", project) if project else ("by_time", "kind", KIND)


def position_of(run: Run, project: str | None, ranked: Ranked | None = None) -> Position:
    """The position behind a run in the list of one project's runs, of all, or of a ranking."""
    if ranked:
        return to_attributes({
            "pk": run_pk(run.run_id), "headline": run.headline, "ranking": ranked.ranking,
        })  # fmt: skip
    owner = {"project": run.project} if project else {"kind": KIND}
    return to_attributes({"pk": run_pk(run.run_id), "created_order": run.created_order, **owner})


@contextmanager
def going_on_from(position: Position | None) -> Iterator[None]:
    """Raise BadCursorError where DynamoDB refuses a position, because no page of the list had it."""
    try:
        yield
    except ClientError as error:
        if position is None or error.response["Error"]["Code"] != "ValidationException":
            raise
        raise BadCursorError("No page of this list ends there; begin again without a cursor") from error
