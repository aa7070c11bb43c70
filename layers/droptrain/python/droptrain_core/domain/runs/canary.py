"""The canary: a project whose run once a day shows that everything works, and which nobody keeps."""

from datetime import timedelta

from droptrain_core.domain import times
from droptrain_core.domain.runs.run import Run

PROJECT = "droptrain-canary"
_KEPT = timedelta(days=30)


def succeeded(run: Run) -> bool:
    """Whether this is a canary's run that succeeded."""
    return run.project == PROJECT and run.status == "SUCCEEDED"


def expires_at(run: Run) -> int | None:
    """When the table may forget the run, in epoch seconds; None for those of other projects."""
    if run.project != PROJECT:
        return None
    return int((times.from_text(run.created_at) + _KEPT).timestamp())
