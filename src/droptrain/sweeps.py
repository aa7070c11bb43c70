"""One sweep: a search over hyperparameters, its trials, its best one."""

from collections.abc import Mapping
from typing import Any

from droptrain import find_sweep, progress, sweep_words
from droptrain.api import Api, quoted
from droptrain.aws_errors import explaining
from droptrain.follow_sweep import ENDS, follow_sweep
from droptrain.run_list import RunList, read_runs
from droptrain.runs import Run
from droptrain.stack import Stack


class Sweep:
    """A sweep, as it was when it was read last: `refresh` and `wait` read it again. A notebook shows it.

    `record` is all that the API says of it. Its methods raise DroptrainError, whose text names the fix.
    """

    def __init__(self, stack: Stack, api: Api, record: Mapping[str, Any]) -> None:
        self.record = record
        self._stack = stack
        self._api = api

    def __repr__(self) -> str:
        return f"<Sweep {self.id}  {self.status}  {self._result()}>"

    @property
    def id(self) -> str:
        """The sweep's id."""
        return str(self.record["sweep_id"])

    @property
    def status(self) -> str:
        """RUNNING; in the end SUCCEEDED, FAILED or CANCELLED."""
        return str(self.record["status"])

    @property
    def has_ended(self) -> bool:
        """True once the sweep has SUCCEEDED, FAILED or was CANCELLED."""
        return self.status in ENDS

    @property
    def best(self) -> Run | None:
        """The run of the best trial so far, read now; None before a trial has a value."""
        best = self.record.get("best")
        if best is None:
            return None
        with explaining():
            return Run(self._stack, self._api, self._api.get(f"/runs/{quoted(best['run_id'])}"))

    @property
    def cost(self) -> float:
        """What the trials have cost so far, in US dollars (an estimate by AWS's prices)."""
        return float(self.record["cost_usd"])

    @property
    def reason(self) -> str | None:
        """Why the sweep ended as it did, if that needs words."""
        return next((text for title, text in sweep_words.facts(self.record) if title == "Reason"), None)

    def refresh(self) -> "Sweep":
        """Read the sweep again; returns itself."""
        with explaining():
            self.record = find_sweep.read_sweep(self._api, self.id)
        return self

    def wait(self, *, show: bool = True) -> "Sweep":
        """Wait until the sweep has ended; returns itself.

        With `show` a terminal shows how far it is (on stderr), and a notebook the sweep itself as it changes.
        Ctrl-C stops waiting; the sweep continues.
        """
        with explaining(), progress.shown(self, self._result, show=show) as changed:
            for record in follow_sweep(self._stack, self._api, self.id):
                self.record = record
                changed()
        return self

    def runs(self) -> RunList:
        """The runs of the trials, the newest first."""
        with explaining():
            found = read_runs(self._api, None, limit=int(self.record["trials"]), sweep=self.id)
            return RunList(Run(self._stack, self._api, record) for record in found)

    def cancel(self) -> "Sweep":
        """End the sweep and all of its trials; returns itself."""
        with explaining():
            self._api.post(f"/sweeps/{quoted(self.id)}/cancel", repeatable=True)
        return self.refresh()

    def _result(self) -> str:
        return sweep_words.result(self.record)

    def _repr_html_(self) -> str:
        from droptrain.notebook import sweep_html  # noqa: PLC0415  for notebooks alone

        return sweep_html(self.record)
