"""Read retraining: when a project trains again, and what became of the last time."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from droptrain_core.aws.retrain_table import RetrainTable
from droptrain_core.domain import times
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes import cron
from droptrain_core.domain.runs.retraining import Retraining


@frozen
class NextRetraining:
    """A project's schedule, and the next time of it; None without a schedule."""

    known: Retraining
    next_at: str | None


class ReadRetraining:
    """Reads the table for the API."""

    def __init__(self, retrainings: RetrainTable, clock: Callable[[], datetime]) -> None:
        self._retrainings = retrainings
        self._clock = clock

    def of(self, project: str) -> NextRetraining:
        """What is known of the project's schedule."""
        known = self._retrainings.read(project)
        if known.schedule is None or known.time_zone is None:
            return NextRetraining(known, None)
        schedule, zone = cron.parse(known.schedule), ZoneInfo(known.time_zone)
        next_at = cron.next_after(schedule, self._clock(), zone)
        return NextRetraining(known, times.to_text(next_at) if next_at else None)
