"""Runs in a list, which turns into a DataFrame."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, overload

from droptrain import frames, run_values
from droptrain.api import Api
from droptrain.run_values import Record

if TYPE_CHECKING:
    from droptrain.runs import Run

SORTED = 1000  # newest runs
_PAGE = 100  # runs; the API's limit
_PLAIN = ("run", "project", "dataset", "status", "created", "took", "cost", "why", "by", "name", "tags")


class RunList(Sequence["Run"]):
    """Runs in an order. A notebook shows them as a table."""

    def __init__(self, runs: Iterable["Run"]) -> None:
        self._runs = tuple(runs)

    @overload
    def __getitem__(self, index: int) -> "Run": ...
    @overload
    def __getitem__(self, index: slice) -> "RunList": ...
    def __getitem__(self, index: int | slice) -> "Run | RunList":
        """The run at an index, or those of a slice."""
        return RunList(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._runs)) or "No runs."

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each run as plain values: `took` in seconds, `cost` in US dollars, `metrics.NAME`,
        `settings.NAME` (a hyperparameter).
        """
        now = datetime.now(UTC)
        for run in self._runs:
            yield {
                **{name: run_values.VALUES[name](run.record, now) for name in _PLAIN},
                **{f"metrics.{name}": value for name, value in run.metrics.items()},
                **{f"settings.{name}": value for name, value in run.hyperparameters.items()},
            }

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each run; DroptrainError if pandas isn't there."""
        return frames.pandas().DataFrame(list(self.rows()))

    def _repr_html_(self) -> str:
        from droptrain.notebook import runs_html  # noqa: PLC0415  for notebooks alone

        return runs_html([run.record for run in self._runs])


def read_runs(api: Api, project: str | None, *, limit: int, **where: str | None) -> list[Record]:
    """The newest runs, at most `limit`, of a project or of all, as the API gives them.

    `where` they have a `status`, a `tag` or a `sweep`.
    """
    runs: list[Record] = []
    for page in api.pages("/runs", project=project, **where, limit=min(limit, _PAGE)):
        runs.extend(page["runs"])
        if len(runs) >= limit:
            break
    return runs[:limit]
