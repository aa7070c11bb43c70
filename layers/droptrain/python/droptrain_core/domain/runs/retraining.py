"""When a project trains again: its item in the table, and the message that EventBridge Scheduler sends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from droptrain_core.domain import times
from droptrain_core.domain.frozen import frozen

SOURCE = "droptrain"
SCHEDULE_DUE = "Schedule Due"
COOLDOWN_OVER = "Cooldown Over"
# Scheduler replaces it with the time that the schedule is for.
_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"

Outcome = Literal["launched", "rejected", "unchanged", "nothing_to_train"]


@frozen(kw_only=True)
class Retraining:
    """A project's schedule as it is set in EventBridge Scheduler, what became of its last time, its cooldown.

    Every time before `covered_until` has its answer: the `outcome` of the time `due_at`, and its run.
    Uploads launched `launched_run` at `launched_at`; they launch no other run before `cooldown_until`.
    """

    project: str
    schedule: str | None = None
    time_zone: str | None = None
    covered_until: str | None = None
    due_at: str | None = None
    outcome: Outcome | None = None
    run_id: str | None = None
    launched_at: str | None = None
    launched_run: str | None = None
    cooldown_until: str | None = None

    def is_in_cooldown(self, now: datetime) -> bool:
        """Whether uploads have to wait."""
        return self.cooldown_until is not None and times.to_text(now) < self.cooldown_until

    def covers(self, due_at: str) -> bool:
        """Whether this time of the schedule has its answer."""
        return self.covered_until is not None and due_at <= self.covered_until


@frozen
class ScheduleClaim:
    """A time of a project's schedule to claim; with it, all times until `covered_until`."""

    project: str
    due_at: str
    covered_until: str

    @property
    def refusal(self) -> Literal["covered"]:
        """What came before: another run answers these times."""
        return "covered"


@frozen
class CooldownClaim:
    """A launch by uploads at the time `at`, unless the cooldown lasts; the next one lasts `until`."""

    project: str
    at: str
    until: str

    @property
    def refusal(self) -> Literal["too_soon"]:
        """What came before: the last cooldown isn't over."""
        return "too_soon"


RetrainClaim = ScheduleClaim | CooldownClaim


def cooldown_schedule(project: str, until: str) -> str:
    """The name of the one-time schedule of a cooldown that ends at `until`; no project's name has a dot.

    Each end has its own: EventBridge Scheduler deletes a schedule "shortly after" its time, when the next
    cooldown may have begun. Scheduler's names have 64 characters at most.
    """
    return f"{project}.cooldown.{int(times.from_text(until).timestamp())}"


def cooldown_message(project: str) -> dict[str, Any]:
    """The message that says that a project's cooldown is over."""
    return {"source": SOURCE, "detail-type": COOLDOWN_OVER, "detail": {"project": project}}


def is_cooldown_over(event: Mapping[str, Any]) -> bool:
    """Whether a message of the uploads queue is that of a cooldown's end."""
    return event.get("source") == SOURCE and event.get("detail-type") == COOLDOWN_OVER


def schedule_message(project: str) -> dict[str, Any]:
    """The message that the project's schedule sends to the uploads queue."""
    return {
        "source": SOURCE,
        "detail-type": SCHEDULE_DUE,
        "detail": {"project": project, "due_at": _SCHEDULED_TIME},
    }


def is_schedule_due(event: Mapping[str, Any]) -> bool:
    """Whether a message of the uploads queue is that of a schedule."""
    return event.get("source") == SOURCE and event.get("detail-type") == SCHEDULE_DUE
