"""Shows a run or a sweep while somebody waits for it: in a notebook itself, on a terminal its states."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console


@contextmanager
def shown(run: Any, result: Callable[[], str], *, show: bool) -> Iterator[Callable[[], None]]:
    """Show a run or a sweep as long as the block lasts; yields what to call when it has changed.

    `result` says in few words what has come of it.
    """
    if not show:
        yield lambda: None
    elif _in_notebook():
        yield _Cell(run).update
    else:
        console = Console(stderr=True, highlight=False)
        if not console.is_terminal:
            yield lambda: None
            return
        with console.status(run.id) as status:
            yield _Lines(run, result, console, status).update


class _Cell:
    """A notebook's output, which is replaced when the run changes."""

    def __init__(self, run: Any) -> None:
        from IPython.display import display  # noqa: PLC0415  only a notebook has it

        self._run = run
        self._handle = display(run, display_id=True)

    def update(self) -> None:
        self._handle.update(self._run)


class _Lines:
    """A line for each state, and a moving one for the present."""

    def __init__(self, run: Any, result: Callable[[], str], console: Console, status: Any) -> None:
        self._run, self._result, self._console, self._status = run, result, console, status
        self._started = time.monotonic()
        self._state = ""

    def update(self) -> None:
        result = self._result()
        if self._run.status != self._state:
            self._state = self._run.status
            elapsed = time.monotonic() - self._started
            self._console.print(f"{elapsed:5.0f} s  {self._state:<10} {result}".rstrip(), markup=False)
        self._status.update(f"{self._run.id} is {self._state}  {result}".rstrip())


def _in_notebook() -> bool:
    """Whether this runs in a kernel of Jupyter: IPython on a terminal shows no HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
