"""Data are prepared once: a run uses those of an earlier run, waits for another run, or prepares its own.

The record of a digest names its holder: the run that prepares the data, or has prepared them.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from droptrain_core.domain import times
from droptrain_core.domain.runs.preparation import Prepared
from droptrain_core.domain.runs.run import Run, Step

Turn = Literal["uses", "waits", "prepares"]


def turn_of(run: Run, holder: Run | None, now: datetime, kept: timedelta) -> Turn:
    """What a claim does with `holder`, the run that holds its digest; data are used for as long as `kept`."""
    if holder is None or holder.run_id == run.run_id:
        return "prepares"
    if holder.prepared:
        return "uses" if _is_usable(holder.prepared, run, now, kept) else "prepares"
    return "prepares" if holder.ended else "waits"


def with_turn(run: Run, turn: Turn, holder: Run | None) -> Run:
    """A claim that isn't written yet, with its turn."""
    if holder is None or turn == "prepares":
        return run
    if turn == "waits":
        step = Step(run.created_at, "CLAIMED", f"It waits for the data that {holder.run_id} prepares.")
        return replace(run, waits_for=holder.run_id, history=(*run.history, step))
    assert holder.prepared is not None
    step = Step(run.created_at, "CLAIMED", reused(holder.prepared))
    return replace(using(run, holder.prepared), history=(*run.history, step))


def using(run: Run, prepared: Prepared) -> Run:
    """The run with data that an earlier run has prepared; its estimate is that of its training."""
    estimate = run.estimate.without_preparation() if run.estimate else None
    return replace(run, prepared=prepared, estimate=estimate)


def reused(prepared: Prepared) -> str:
    """The note of a run that uses data which an earlier run has prepared."""
    return f"Prepared data of {prepared.run_id} reused, {times.in_words(prepared.seconds)} saved."


def _is_usable(prepared: Prepared, run: Run, now: datetime, kept: timedelta) -> bool:
    if run.preparation and run.preparation.anew:
        # Times have seconds: data of the same second may be older than the launch.
        return prepared.at > run.created_at
    return now - times.from_text(prepared.at) < kept
