"""Projects of a soak that train again: by a cooldown and a schedule, some on all their datasets together."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

from chaos.soak.observations import SeenRun, items, queue_url, send
from chaos.soak.verdict_words import named
from chaos.soak.versions import Versions, project_of
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.retrain_table import RetrainTable, retrain_key
from droptrain_core.aws.run_record import made
from droptrain_core.domain import times
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.runs.retraining import Retraining, cooldown_message, schedule_message
from support.table_changes import table_changes

from droptrain_local.cloud import LaptopCloud

_PREFIX = "again-"
_RETRAIN = 'retrain: {cooldown: 1m, schedule: "*/15 * * * *"}\n'
_SPAN = "inputs: {training: '*/train.csv', testing: test.csv}\nspan: all\n"
_MOST_LATE_SECONDS = 10
_REPEATED = 0.3


def projects(count: int) -> list[str]:
    return [f"{_PREFIX}{number}" for number in range(count)]


def trains_again(project: str) -> bool:
    """Whether it is one of these projects: not each of its drops has a run of its own."""
    return project.startswith(_PREFIX)


def recipe(project: str) -> str:
    """The part of a recipe by which a project trains again."""
    number = int(project.removeprefix(_PREFIX))
    return _RETRAIN + (_SPAN if number % 2 else "")


class ScheduleTimes:
    """The times of schedules that came during a soak: messages as EventBridge Scheduler sends them."""

    def __init__(self, cloud: LaptopCloud, names: list[str], chance: Random, counted: Counter[str]) -> None:
        self._cloud, self._names, self._chance, self._counted = cloud, names, chance, counted
        self._table = RetrainTable(cloud.client("dynamodb"), cloud.ready.table)
        self.sent: dict[str, set[str]] = defaultdict(set)

    def come_due(self) -> bool:
        """Let the time of a project's schedule come; its message may be repeated or late."""
        if not self._names:
            return False
        project = self._chance.choice(self._names)
        if self._table.read(project).schedule is None:
            return False
        due_at = times.to_text(datetime.now(UTC))
        message = schedule_message(project)
        message["detail"]["due_at"] = due_at
        self.sent[project].add(due_at)
        for _ in range(1 + (self._chance.random() < _REPEATED)):
            send(self._cloud, queue_url(self._cloud, "UploadsQueue"), message,
                 self._chance.randrange(_MOST_LATE_SECONDS))  # fmt: skip
        self._counted["times of schedules"] += 1
        return True


@dataclass
class SeenProject:
    """A project that trains again: the states of its item in their order, its datasets, its runs.

    `dropped_at` has the time at which each set of versions was complete, `asked` the times of its schedule.
    """

    project: str
    changes: list[Retraining] = field(default_factory=list)
    datasets: dict[str, DatasetRecord] = field(default_factory=dict)
    runs: list[SeenRun] = field(default_factory=list)
    dropped_at: dict[Versions, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    @property
    def superseded(self) -> list[str]:
        """The datasets without a run of their own: a later launch answers them."""
        return [_dataset_of(each) for each in self.dropped_at if not self._is_trained(each)]

    @property
    def unanswered(self) -> list[str]:
        """The datasets whose last files were neither trained nor superseded by a later launch."""
        return [
            _dataset_of(versions)
            for versions, at in self.dropped_at.items()
            if not (self._is_trained(versions) or self._is_superseded(_dataset_of(versions), at))
        ]

    def _is_trained(self, versions: Versions) -> bool:
        return any(versions <= run.inputs for run in self.runs)

    def _is_superseded(self, dataset: str, at: str) -> bool:
        record = self.datasets.get(dataset)
        return any(record and run.run_id == record.run_id and run.created_at >= at for run in self.runs)


def seen_projects(
    cloud: LaptopCloud,
    names: list[str],
    runs: list[SeenRun],
    dropped_at: Mapping[Versions, str],
    sent: Mapping[str, set[str]],
) -> list[SeenProject]:
    """Everything that is seen of these projects."""
    table = DatasetTable(cloud.client("dynamodb"), cloud.ready.table)
    found = {name: SeenProject(name, asked=sent.get(name, set())) for name in names}
    for run in runs:
        if run.project in found:
            found[run.project].runs.append(run)
    for versions, at in dropped_at.items():
        project, dataset = project_of(versions), _dataset_of(versions)
        if project in found:
            found[project].dropped_at[versions] = at
            found[project].datasets[dataset] = table.read(project, dataset)
    by_pk = {retrain_key(name)["pk"]["S"]: name for name in names}
    for _, values in table_changes(cloud):
        if name := by_pk.get(str(values.get("pk"))):
            found[name].changes.append(made(Retraining, {**values, "project": name}))
    return list(found.values())


def end_cooldowns(cloud: LaptopCloud) -> None:
    """Let the cooldowns that last be over at once, as if their time had passed."""
    now = times.to_text(datetime.now(UTC))
    dynamodb = cloud.client("dynamodb")
    for item in items(cloud, "begins_with(pk, :value)", retrain_key("")["pk"]["S"]):
        until = item.get("cooldown_until", {}).get("S", "")
        if until <= now:
            continue
        dynamodb.update_item(
            TableName=cloud.ready.table,
            Key={"pk": item["pk"]},
            UpdateExpression="SET cooldown_until = :now",
            ExpressionAttributeValues={":now": {"S": now}},
        )
        project = item["pk"]["S"].removeprefix(retrain_key("")["pk"]["S"])
        send(cloud, queue_url(cloud, "UploadsQueue"), cooldown_message(project))


def broken(seen: SeenProject) -> Iterator[str]:
    """Each promise that doesn't hold for the project, in words."""
    waiting = [name for name, record in seen.datasets.items() if record.arrived_at or record.since]
    yield from named(f"datasets of {seen.project} wait", waiting)
    yield from named(f"datasets of {seen.project} have no answer", seen.unanswered)
    yield from _cooldowns(seen)
    yield from _schedule(seen)


def _cooldowns(seen: SeenProject) -> Iterator[str]:
    """A launch by uploads begins a cooldown, and there is none before its end."""
    began = set()
    for before, after in pairwise([Retraining(project=seen.project), *seen.changes]):
        if after.launched_run != before.launched_run:
            began.add(after.launched_run)
            if before.cooldown_until and str(after.launched_at) < before.cooldown_until:
                yield f"{after.launched_run} was launched in the cooldown until {before.cooldown_until}"
    launched = {
        each.run_id for each in seen.runs if each.launched_by == "upload" and each.status != "REJECTED"
    }
    yield from named(f"runs of {seen.project} began no cooldown", launched - began)


def _schedule(seen: SeenProject) -> Iterator[str]:
    """Each time of the schedule has one answer, and each run by schedule is the answer to a time."""
    answers = set()
    for before, after in pairwise([Retraining(project=seen.project), *seen.changes]):
        if after.covered_until == before.covered_until:
            continue
        if before.covered_until and str(after.due_at) <= before.covered_until:
            yield f"the time {after.due_at} of {seen.project} was answered twice"
        if after.outcome in ("launched", "rejected"):
            answers.add(after.run_id)
    covered = max((each.covered_until or "" for each in seen.changes), default="")
    yield from named(f"times of {seen.project} have no answer", {at for at in seen.asked if at > covered})
    scheduled = {each.run_id for each in seen.runs if each.launched_by == "schedule"}
    yield from named(f"runs of {seen.project} are of no time", scheduled - answers)
    yield from named(f"times of {seen.project} name no run", map(str, answers - scheduled))


def _dataset_of(versions: Versions) -> str:
    key, _ = min(versions)
    return key.split("/")[3]
