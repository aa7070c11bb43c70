"""Keeps a folder for TensorBoard up to date: runs' metrics by step, and the event files that they left."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from droptrain_core.domain.runs.run import TERMINAL

from droptrain.api import Api, quoted
from droptrain.download import Download
from droptrain.find_run import find_runs
from droptrain.patience import Patience
from droptrain.run_files import RunFiles
from droptrain.scalars_file import ScalarsFile
from droptrain.stack import Stack

_EVENT_FILE = ".tfevents."


class TensorBoardLogs:
    """The runs that `names` mean, each in a folder of its own below `folder`.

    A run's event files come when it has ended: until then the container keeps them. Its metrics come while it
    trains, so that every run has curves, whatever its code writes.
    """

    def __init__(self, stack: Stack, folder: Path, names: tuple[str, ...], newest: int) -> None:
        self._stack = stack
        self._api = Api(stack)
        self._folder = folder
        self._names = names
        self._newest = newest
        self._runs: dict[str, _LoggedRun] = {}
        self._patience = Patience()

    def update(self) -> int:
        """Fetch what is new, also of runs that a project has had since; returns how many runs there are.

        DroptrainError if a name means no run.
        """
        with self._patience.attempt():
            for name in self._names:
                for record in find_runs(self._api, name, self._newest):
                    run_id = record["run_id"]
                    if run_id not in self._runs:
                        self._runs[run_id] = _LoggedRun(self._stack, self._api, record, self._folder)
            for run in self._runs.values():
                run.update()
        return len(self._runs)


class _LoggedRun:
    def __init__(self, stack: Stack, api: Api, record: dict[str, Any], folder: Path) -> None:
        self._run_id = record["run_id"]
        self._folder = folder / self._run_id
        self._files = RunFiles(stack, api, self._run_id)
        self._api = api
        started_at = record["started_at"]
        began = datetime.fromisoformat(started_at).timestamp() if started_at else time.time()
        self._scalars = ScalarsFile(self._folder, began)
        self._is_complete = False

    def update(self) -> None:
        if self._is_complete:
            return
        path = f"/runs/{quoted(self._run_id)}"
        has_ended = self._api.get(path)["status"] in TERMINAL
        self._scalars.add(self._api.get(f"{path}/metrics")["series"])
        if has_ended:
            left = [file for file in self._files.each() if _EVENT_FILE in file.path.rpartition("/")[2]]
            Download(self._files, self._folder, lambda count: None).run(left)
        self._is_complete = has_ended
