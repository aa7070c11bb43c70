"""In memory: when projects train again, and their schedules in EventBridge Scheduler."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    """A schedule in EventBridge Scheduler."""

    expression: str
    timezone: str
    message: Mapping[str, Any]


class MemorySchedules:
    """The schedules of the stack's group, by name."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.kept: dict[str, Scheduled] = {}

    @outside
    def put(self, name: str, expression: str, timezone: str, message: Mapping[str, Any]) -> None:
        self.kept[name] = Scheduled(expression, timezone, message)

    @outside
    def put_cooldown(self, project: str, until: str) -> None:
        self.kept[cooldown_schedule(project)] = Scheduled(until, "UTC", cooldown_message(project))

    @outside
    def remove(self, name: str) -> None:
        self.kept.pop(name, None)
