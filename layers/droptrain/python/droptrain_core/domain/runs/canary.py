"""The canary: a project whose daily run shows that everything works, and whose runs expire."""

from datetime import timedelta

from droptrain_core.domain import times
from droptrain_core.domain.runs.run import Run

PROJECT = "droptrain-canary"
_KEPT = timedelta(days=30)


def succeeded(run: Run) -> bool:
    """Whether this is a canary's run that succeeded."""
    return run.project == PROJECT and run.status == "SUCCEEDED"


def expires_at(run: Run) -> int | None:
    """When the run's record expires, in epoch seconds; None for runs of other projects."""
    if run.project != PROJECT:
        return None
    return int((times.from_text(run.created_at) + _KEPT).timestamp())
