"""Every legal change of a sweep's record, on one page.

A sweep is made with its reservation (`SweepTable.create`). From then on it changes only by these.
"""

from collections.abc import Mapping

from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.values import Scalar
from droptrain_core.domain.runs.change import Change
from droptrain_core.domain.runs.conditions import (
    Absent,
    AbsentOrLess,
    Condition,
    Ended,
    Equals,
    NotEnded,
)
from droptrain_core.domain.sweeps.sweep import Standing, Sweep, SweepStatus


@frozen(kw_only=True)
class SweepTransition(Change):
    """One conditional change of a sweep's record."""

    sweep_id: str


_STARTS_TRIALS: tuple[Condition, ...] = (NotEnded(), Absent("stop"), Absent("cancelled_by"))


def drawn(sweep: Sweep, parameters: Mapping[str, Scalar], at: str) -> SweepTransition:
    """The next trial gets its parameters; its run is to be launched with exactly these."""
    return SweepTransition(
        sweep_id=sweep.sweep_id,
        requires=(*_STARTS_TRIALS, *_unchanged(sweep)),
        set={"launched": sweep.launched + 1, "draw": dict(parameters), "updated_at": at},
        remove=("woken_at",),
    )


def launched(sweep_id: str, number: int, at: str) -> SweepTransition:
    """The trial's run is recorded; written in the transaction of the run's claim."""
    return SweepTransition(
        sweep_id=sweep_id,
        requires=(*_STARTS_TRIALS, Equals("launched", number), Equals("recorded", number - 1)),
        set={"recorded": number, "updated_at": at},
    )


def withdrawn(sweep: Sweep, at: str) -> SweepTransition:
    """The sweep was stopped before the run of its last drawn trial was recorded: there is no such trial."""
    return SweepTransition(
        sweep_id=sweep.sweep_id,
        requires=(NotEnded(), *_unchanged(sweep)),
        set={"launched": sweep.recorded, "updated_at": at},
        remove=("woken_at",),
    )


def stopped(sweep: Sweep, cause: Cause, at: str) -> SweepTransition:
    """No more trials start; the sweep ends when those that run have ended."""
    return SweepTransition(
        sweep_id=sweep.sweep_id,
        requires=(NotEnded(), Absent("stop")),
        set={"stop": cause, "updated_at": at},
        remove=("woken_at",),
    )


def cancel_requested(sweep_id: str, by: str, at: str) -> SweepTransition:
    """A user cancels the sweep."""
    return SweepTransition(
        sweep_id=sweep_id,
        requires=(NotEnded(),),
        set={"updated_at": at, "woken_at": at},
        set_once={"cancelled_by": by},
    )


def seen(sweep: Sweep, standing: Standing, at: str) -> SweepTransition:
    """What the trials have reached; an older look never replaces a newer one."""
    return SweepTransition(
        sweep_id=sweep.sweep_id,
        requires=(NotEnded(), AbsentOrLess("seen", standing.ended + 1)),
        set={"standing": standing, "seen": standing.ended, "updated_at": at},
        remove=("woken_at",),
    )


def woken(sweep_id: str, at: str) -> SweepTransition:
    """The sweep is to be looked at again, because an event was lost."""
    return SweepTransition(sweep_id=sweep_id, requires=(NotEnded(),), set={"woken_at": at, "updated_at": at})


def ended(
    sweep: Sweep, status: SweepStatus, standing: Standing, cause: Cause | None, at: str
) -> SweepTransition:
    """All trials have ended, and no more can start."""
    return SweepTransition(
        sweep_id=sweep.sweep_id,
        requires=(NotEnded(), *_unchanged(sweep)),
        set={"status": status, "standing": standing, "ended_at": at, "updated_at": at}
        | ({"stop": cause} if cause else {}),
        remove=("woken_at",),
    )


def notified(sweep: Sweep, at: str) -> SweepTransition:
    """The notice was sent: the sweep leaves the index of active sweeps."""
    return SweepTransition(
        sweep_id=sweep.sweep_id,
        requires=(Absent("notified_at"), Ended()),
        set={"notified_at": at},
        remove=("active",),
    )


def _unchanged(sweep: Sweep) -> tuple[Condition, ...]:
    """No trial was drawn, recorded or withdrawn since the sweep was read."""
    return Equals("launched", sweep.launched), Equals("recorded", sweep.recorded)
