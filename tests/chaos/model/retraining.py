"""In memory: when projects train again, and their schedules in EventBridge Scheduler."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chaos.model.memory import DYNAMODB, MemoryTable
from chaos.model.rules import obeys
from chaos.model.world import Scheduler, outside
from droptrain_core.aws.retrain_table import RetrainTable
from droptrain_core.domain.runs.retraining import (
    Outcome,
    Retraining,
    ScheduleClaim,
    cooldown_message,
    cooldown_schedule,
)
from droptrain_core.domain.times import from_text, to_text

from droptrain_local.stored_schedules import next_time


@obeys(RetrainTable(DYNAMODB, "runs"))
class MemoryRetrainTable:
    """When projects train again; a claim of the runs' table writes these items as well."""

    def __init__(self, world: Scheduler, table: MemoryTable) -> None:
        self.world = world
        self._table = table

    @outside
    def read(self, project: str) -> Retraining:
        return self._table.retraining(project)

    @outside
    def keep_schedule(self, project: str, schedule: str, time_zone: str) -> None:
        self._put(replace(self._table.retraining(project), schedule=schedule, time_zone=time_zone))

    @outside
    def forget_schedule(self, project: str) -> None:
        self._put(replace(self._table.retraining(project), schedule=None, time_zone=None))

    @outside
    def answer(self, claim: ScheduleClaim, outcome: Outcome, run_id: str | None) -> bool:
        return self._table.cover(claim, outcome, run_id)

    @outside
    def move_cooldown(self, known: Retraining, until: str) -> bool:
        now = self._table.retraining(known.project)
        if now.launched_at != known.launched_at:
            return False
        self._put(replace(now, cooldown_until=until))
        return True

    def _put(self, retraining: Retraining) -> None:
        self._table.retrainings[retraining.project] = retraining


@dataclass(frozen=True)
class Scheduled:
    """A schedule in EventBridge Scheduler: all its times until `until` have come."""

    expression: str
    timezone: str
    message: Mapping[str, Any]
    until: datetime

    def next_time(self) -> datetime | None:
        """When it comes next; None after its last time."""
        described = {"ScheduleExpression": self.expression, "ScheduleExpressionTimezone": self.timezone}
        return next_time(described, self.until)

    def message_of(self, due_at: datetime) -> dict[str, Any]:
        """What it sends for one of its times."""
        text = json.dumps(self.message).replace("<aws.scheduler.scheduled-time>", to_text(due_at))
        return dict(json.loads(text))


class MemorySchedules:
    """The schedules of the stack's group, by name."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.kept: dict[str, Scheduled] = {}

    def come_due(self) -> list[Mapping[str, Any]]:
        """The messages of all times that have come since the last look; a one-time schedule is gone then."""
        messages: list[Mapping[str, Any]] = []
        for name, schedule in list(self.kept.items()):
            while (at := schedule.next_time()) and at <= self.world.clock():
                messages.append(schedule.message_of(at))
                schedule = replace(schedule, until=at)  # noqa: PLW2901
            self.kept[name] = schedule
            if at is None:
                del self.kept[name]
        return messages

    @outside
    def put(self, name: str, expression: str, timezone: str, message: Mapping[str, Any]) -> None:
        self.kept[name] = Scheduled(expression, timezone, message, self.world.clock())

    @outside
    def put_cooldown(self, project: str, until: str) -> None:
        now = self.world.clock()
        assert from_text(until) > now, "a one-time schedule of the past never comes"
        expression = f"at({until.removesuffix('Z')})"
        name = cooldown_schedule(project, until)
        self.kept.setdefault(name, Scheduled(expression, "UTC", cooldown_message(project), now))

    @outside
    def remove(self, name: str) -> None:
        self.kept.pop(name, None)
