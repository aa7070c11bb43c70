"""Move pointers: a run that succeeded becomes its project's latest model, and its best if its metric is."""

from collections.abc import Mapping

from droptrain_core.aws.model_pointers import ModelPointers
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.model_pointer import (
    Held,
    Name,
    Standing,
    metric_of,
    moves,
    pointer_of,
    replacing,
    summary,
)
from droptrain_core.domain.runs.run import Run

NAMES: tuple[Name, ...] = ("latest", "best")
_TRIES = 20

Moved = tuple[dict[Name, Standing], dict[Name, Held]]


class MovePointers:
    """Moves the pointers latest and best. The bucket decides; the remembered pointers only save reads."""

    def __init__(self, pointers: ModelPointers) -> None:
        self._pointers = pointers

    def run(self, run: Run, remembered: Mapping[Name, Held]) -> Moved:
        """Move the pointers to `run` where they have to: each pointer's change, and those to remember anew.

        `remembered` has the pointers as last seen, and saves a read where they are unchanged. A repeat moves
        nothing and answers the same. A trial that was stopped early has no model to point to. BusyError if
        other processes are faster each time.
        """
        if run.status != "SUCCEEDED" or run.stopped_early:
            return {}, {}
        names = NAMES if metric_of(run) else NAMES[:1]
        found = {name: self._move(name, run, remembered.get(name)) for name in names}
        return (
            {name: standing for name, (standing, _) in found.items()},
            {
                name: held
                for name, (_, held) in found.items()
                if held and held.pointer and held != remembered.get(name)
            },
        )

    def _move(self, name: Name, run: Run, seen: Held | None) -> tuple[Standing, Held | None]:
        new = pointer_of(run, self._pointers.bucket)
        # latest only moves forward, but people may have changed best.
        if seen and name == "best" and not moves(name, new, seen.pointer):
            seen = self._pointers.read(run.project, name)
        for _ in range(_TRIES):
            now = seen.pointer if seen else None
            if now and now.run_id == run.run_id:
                return Standing(moved=True, other=now.replaced), seen
            if not moves(name, new, now):
                return Standing(moved=False, other=summary(now) if now else None), seen
            held = self._pointers.replace(name, replacing(new, now), seen)
            if held:
                return Standing(moved=True, other=summary(now) if now else None), held
            seen = self._pointers.read(run.project, name)
        raise BusyError(f"The {name} model of {run.project} is being moved by other processes all the time")
