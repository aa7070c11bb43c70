"""Shows a run while somebody waits for it: in a notebook the run itself, on a terminal its states."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from droptrain import formatting


@contextmanager
def shown(run: Any, *, show: bool) -> Iterator[Callable[[], None]]:
    """Show `run` as long as the block lasts; it yields what to call when the run has changed."""
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
            yield _Lines(run, console, status).update


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

    def __init__(self, run: Any, console: Console, status: Any) -> None:
        self._run, self._console, self._status = run, console, status
        self._started = time.monotonic()
        self._state = ""

    def update(self) -> None:
        record = self._run.record
        result = "  ".join(filter(None, (formatting.headline(record), formatting.price(record["cost"]))))
        if record["status"] != self._state:
            self._state = record["status"]
            elapsed = time.monotonic() - self._started
            self._console.print(f"{elapsed:5.0f} s  {self._state:<10} {result}".rstrip(), markup=False)
        self._status.update(f"{record['run_id']} is {self._state}  {result}".rstrip())


def _in_notebook() -> bool:
    """Whether this runs in a kernel of Jupyter: IPython on a terminal shows no HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
