"""One run: what it is now, its log, its metrics by step, its model."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from droptrain_core.domain.runs.run import TERMINAL

from droptrain import download, find_run, formatting, frames, progress, promotions
from droptrain.api import Api, quoted
from droptrain.aws_errors import explaining
from droptrain.errors import DroptrainError, RunFailedError
from droptrain.follow import LogTail, RunFollower
from droptrain.run_files import RunFiles, nothing_left
from droptrain.stack import Stack


class Run:
    """A run, as it was when it was read last: `refresh` and `wait` read it again. A notebook shows it.

    `record` is all that the API says of it. Its methods raise DroptrainError, whose text names the fix.
    """

    def __init__(self, stack: Stack, api: Api, record: Mapping[str, Any]) -> None:
        self.record = record
        self._stack = stack
        self._api = api

    @classmethod
    def find(cls, stack: Stack, name: str) -> "Run":
        """The run that `name` means: an id or its beginning, a project (its latest run), or `latest`."""
        with explaining():
            api = Api(stack)
            return cls(stack, api, find_run.find_run(api, name))

    def __repr__(self) -> str:
        return "  ".join(filter(None, ("<Run " + self.id, self.status, self._result()))) + ">"

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self.record["run_id"])

    @property
    def status(self) -> str:
        """CLAIMED, SUBMITTED, STARTING or RUNNING; in the end SUCCEEDED, FAILED, CANCELLED or REJECTED."""
        return str(self.record["status"])

    @property
    def has_ended(self) -> bool:
        """True once the run has SUCCEEDED, FAILED, or was CANCELLED or REJECTED."""
        return self.status in TERMINAL

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics that the training reported, by name: their last values."""
        return dict(self.record["metrics"])

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The hyperparameters that the run trains with, by name."""
        return dict(self.record["hyperparameters"] or {})

    @property
    def cost(self) -> float | None:
        """What the run has cost, in US dollars (an estimate by AWS's prices); None before it has ended."""
        cost = self.record["cost"]
        return float(cost["estimate_usd"]) if cost else None

    @property
    def cause(self) -> str | None:
        """Why the run didn't succeed, and what to do; None if it did, or may still."""
        cause = self.record["cause"]
        return f"{cause['message']} {cause['fix']}" if cause else None

    def refresh(self) -> "Run":
        """Read the run again; returns itself."""
        with explaining():
            self.record = self._api.get(self._path())
        return self

    def wait(self, *, check: bool = False, show: bool = True) -> "Run":
        """Wait until the run has ended; returns itself.

        With `show` a terminal shows its states (on stderr), and a notebook the run itself as it changes.
        With `check`, RunFailedError unless it SUCCEEDED. Ctrl-C stops waiting; the run continues.
        """
        with explaining(), progress.shown(self, self._result, show=show) as changed:
            for news in RunFollower(self._stack, self._api, self.id).news(with_log=False):
                self.record = news.run
                if news.changed:
                    changed()
        if check and self.status != "SUCCEEDED":
            raise RunFailedError(f"{self.id} is {self.status}. {self.cause or ''}".rstrip())
        return self

    def log(self) -> Iterator[str]:
        """The lines that the training has printed so far, oldest first, across attempts."""
        with explaining():
            tail = LogTail(self._api, self.id)
            while page := tail.page():
                yield from (formatting.clean(line.text) for line in page)

    def series(self) -> dict[str, list[tuple[float, float]]]:
        """The metrics by step: (step, value) by name; of long ones, 1,000 points."""
        with explaining():
            series = self._api.get(f"{self._path()}/metrics")["series"]
        return {
            each["name"]: [(point["step"], point["value"]) for point in each["points"]] for each in series
        }

    def history(self) -> Any:
        """`series` as a pandas DataFrame: a row for each step, a column for each metric."""
        columns = {name: dict(points) for name, points in self.series().items()}
        frame = frames.pandas().DataFrame(columns).sort_index()
        frame.index.name = "step"
        return frame

    def timing(self) -> dict[str, Any]:
        """How long each part of the run's last attempt took and usually takes, and which part it is in now.

        The keys are those of the API: `attempt`, `parts` (a list, in order) and `underway`.
        """
        with explaining():
            return dict(self._api.get(f"{self._path()}/timing"))

    def download(self, folder: str | Path | None = None, *, everything: bool = False) -> Path:
        """Fetch the exported model, or `everything` that the run left, into a folder; returns the folder.

        The folder is named by the run's id by default. DroptrainError if the run has left nothing.
        """
        target = Path(self.id if folder is None else folder)
        with explaining():
            files = RunFiles(self._stack, self._api, self.id)
            chosen = download.choose(files.each(), everything=everything)
            if not chosen:
                what = "files" if everything else "model"
                raise DroptrainError(nothing_left(self.record, what))
            download.Download(files, target, lambda count: None).run(chosen)
        return target

    def cancel(self) -> "Run":
        """Cancel the run in any state; returns itself."""
        with explaining():
            self.record = self._api.post(f"{self._path()}/cancel", repeatable=True).body
        return self

    def promote(self) -> "Run":
        """Make the run's model its project's current one; returns itself, read again."""
        with explaining():
            promotions.promote(self._api, self.id)
        return self.refresh()

    def _result(self) -> str:
        return formatting.result(self.record)

    def _path(self) -> str:
        return f"/runs/{quoted(self.id)}"

    def _repr_html_(self) -> str:
        from droptrain.notebook import run_html  # noqa: PLC0415  for notebooks alone

        return run_html(self.record, self.series() if self.record["started_at"] else {})
