"""The adapters in memory, each call one atomic effect: the methods and answers of `droptrain_core.aws`."""

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from chaos.model.dynamodb_rules import DynamodbRules
from chaos.model.notice_rules import NoticeRules
from chaos.model.rules import obeys
from chaos.model.world import Scheduler, outside
from droptrain_core.aws.accounts import Accounts
from droptrain_core.aws.bucket import PlanFile, RecipeFile
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.event_bus import EventBus
from droptrain_core.aws.model_files import Copied
from droptrain_core.aws.model_table import ModelTable, Promoted
from droptrain_core.aws.notices import NoticeTopic
from droptrain_core.aws.queue_watch import CLAIM_IS_OLD
from droptrain_core.aws.run_pages import Page, Ranked
from droptrain_core.aws.run_record import to_item
from droptrain_core.aws.run_table import History, RunTable, Written
from droptrain_core.aws.wake_ups import LONGEST_DELAY
from droptrain_core.domain import times
from droptrain_core.domain.costs.budget import Account, charge, over
from droptrain_core.domain.costs.pricing import PriceList
from droptrain_core.domain.costs.project_reading import ProjectReading
from droptrain_core.domain.datasets import fair_share
from droptrain_core.domain.datasets.dataset import (
    FILES_NAMED,
    Created,
    ObjectVersion,
    oldest_first,
    recipe_key,
)
from droptrain_core.domain.datasets.dataset_record import Answered, DatasetRecord
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.notices.events import Event
from droptrain_core.domain.notices.notice import Notice
from droptrain_core.domain.preflight.facts import Piece
from droptrain_core.domain.recipes import push as pushes
from droptrain_core.domain.recipes.push import Published, Push, push_key
from droptrain_core.domain.runs import batch_job, transitions
from droptrain_core.domain.runs.batch_job import JobState
from droptrain_core.domain.runs.claims import AnswerClaim, Claimed, DropClaim, RequestClaim
from droptrain_core.domain.runs.model_pointer import Held, Name, Pointer
from droptrain_core.domain.runs.plan import plan_digest
from droptrain_core.domain.runs.preparation import JobStep
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion
from droptrain_core.domain.runs.retraining import (
    CooldownClaim,
    Outcome,
    RetrainClaim,
    Retraining,
    ScheduleClaim,
    cooldown_message,
)
from droptrain_core.domain.runs.run import Reservation, Run, run_prefix, step_prefix
from droptrain_core.domain.runs.transitions import Transition
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.transitions import SweepTransition, launched
from support.template import properties

SPOT_QUEUE = "spot"
# Clients of boto3, as far as the real adapters use them.
DYNAMODB: Any = DynamodbRules()
NOTICES: Any = NoticeRules()
PRICES = PriceList({"g4dn.xlarge": 0.587, "m6i.xlarge": 0.2})
(_BY_ACTIVITY,) = (
    index
    for index in properties("RunsTable")["GlobalSecondaryIndexes"]
    if index["IndexName"] == "by_activity"
)
# What of a run the index has.
_INDEXED = {"created_order", *_BY_ACTIVITY["Projection"]["NonKeyAttributes"]} & {
    field.name for field in fields(Run)
}


class MemoryBucket:
    """Objects by key, each with its versions; None stands for a delete marker."""

    name = "data"

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.documents: dict[str | tuple[str, str], Any] = {}
        self._versions: dict[str, list[ObjectVersion | None]] = {}
        self._uploaded_at: dict[str, float] = {}

    def put(self, key: str, document: object = None) -> ObjectVersion:
        """Put a new version of an object; a recipe's or a push's `document` is what it says, parsed."""
        versions = self._versions.setdefault(key, [])
        version = ObjectVersion(key, f"v{len(versions)}", 10, "etag")
        versions.append(version)
        self._uploaded_at[key] = len(self._uploaded_at)
        self.documents[key] = self.documents[key, version.version_id] = document
        return version

    def delete(self, key: str) -> None:
        self._versions[key].append(None)

    def latest(self, key: str) -> ObjectVersion | None:
        versions = self._versions.get(key)
        return versions[-1] if versions else None

    @outside
    def push(self, project: str) -> Push:
        version = self.latest(push_key(project))
        if version is None:
            return Push()
        return pushes.read(project, self.documents[version.key], version.version_id)

    @outside
    def recipe(self, project: str, before: Published | None = None) -> RecipeFile:
        version = before.recipe if before else self.latest(recipe_key(project))
        if version is None:
            return RecipeFile(None, None)
        return RecipeFile(self.documents[version.key, version.version_id], version)

    @outside
    def folder(self, prefix: str, named: Iterable[str] = ()) -> tuple[ObjectVersion, ...]:
        listed = sorted(self._versions.items())  # as S3 lists
        files = (versions for key, versions in listed if key.startswith(prefix) and not key.endswith("/"))
        latest = (versions[-1] for versions in files)
        return oldest_first((version, self._uploaded_at[version.key]) for version in latest if version)

    @outside
    def link_of(self, upload: Created) -> str | None:
        return None

    @outside
    def sample(self, file: ObjectVersion) -> tuple[Piece, ...]:
        return (Piece(0, b"x" * file.size),)

    @outside
    def write_plan(self, plan: Mapping[str, Any]) -> str | None:
        key = run_prefix(plan["project"], plan["run_id"]) + "run.json"
        there = self.documents.setdefault(key, copy.deepcopy(plan))
        return None if there == plan else "etag"

    @outside
    def replace_plan(self, plan: Mapping[str, Any], etag: str) -> None:
        self.documents[run_prefix(plan["project"], plan["run_id"]) + "run.json"] = copy.deepcopy(plan)

    @outside
    def plan(self, project: str, run_id: str) -> PlanFile | None:
        plan = self.documents.get(run_prefix(project, run_id) + "run.json")
        return PlanFile(copy.deepcopy(plan), plan_digest(plan)) if plan else None

    @outside
    def outcome(self, project: str, run_id: str) -> object:
        return self.documents.get(run_prefix(project, run_id) + "outcome.json")

    @outside
    def last_checkpoint_at(self, project: str, run_id: str, step: JobStep = "train") -> datetime | None:
        return self.documents.get(step_prefix(project, run_id, step) + "checkpoints")

    @outside
    def lease_holder(self, project: str, run_id: str) -> str | None:
        return self.documents.get(run_prefix(project, run_id) + "lease")


@obeys(RunTable(DYNAMODB, "runs"))
class MemoryTable:
    """The runs' table. `ended` is called with each run that gets its outcome, as the stream tells of it."""

    def __init__(self, world: Scheduler, datasets: "MemoryDatasetTable") -> None:
        self.world = world
        self.runs: dict[str, Run] = {}
        self.sweeps: dict[str, Sweep] = {}
        self.drops: dict[str, str] = {}
        self.spans: dict[str, str] = {}
        self.holders: dict[tuple[str, str], str] = {}
        self.accounts: dict[str, Account] = {}
        self.models: dict[str, dict[Name, Held]] = {}
        self.current: dict[str, CurrentModel] = {}
        self.promotions: dict[tuple[str, int], Promotion] = {}
        self.histories: dict[str, History] = {}
        self.summaries: dict[str, str] = {}
        self.stream: list[Mapping[str, Any]] = []
        self.answers: dict[str, Answered] = {}
        self.requests: dict[str, tuple[str, str]] = {}
        self.retrainings: dict[str, Retraining] = {}
        self.covered: list[ScheduleClaim] = []
        self._datasets = datasets
        datasets.cooldown_until = lambda project: self.retraining(project).cooldown_until

    @outside
    def claim(
        self,
        run: Run,
        drop: DropClaim | None = None,
        request: RequestClaim | None = None,
        previous: Run | None = None,
        answer: AnswerClaim | None = None,
        summary: str | None = None,
        holder: str | None = None,
        retraining: RetrainClaim | None = None,
    ) -> Claimed:
        if taken := self._taken(run, drop, request, previous, answer, holder):
            return taken
        if retraining and not self.take_times(retraining, run):
            return retraining.refusal
        for reservation in run.reservations:
            self.count(reservation, reservation.amount, 0)
        if previous:
            self._write(transitions.rerun(previous))
        if drop:
            self.take_drop(drop, run)
        if answer:
            self.answers[answer.answer_id] = Answered(
                run.run_id, answer.key, answer.version_id, answer.at, answer.at
            )
        if request:
            self.requests[request.key] = (run.run_id, request.body_digest)
        self.summaries |= {run.run_id: summary} if summary else {}
        if launch := self._launch_of(run):
            self.sweeps[launch.sweep_id] = launch.applied_to(self.sweeps[launch.sweep_id])
        self._put(run)
        self._take_turn(run)
        return "claimed"

    def take_drop(self, drop: DropClaim, run: Run) -> None:
        """Let the run stand for the drop."""
        self.drops[drop.drop_id] = run.run_id
        if drop.span_id:
            self.spans[drop.span_id] = run.run_id
        record = self._datasets.get(run.project, run.dataset)
        self._datasets.launched(record, run.run_id, drop.marker, drop.covered_until, accepted=not run.ended)

    def take_times(self, claim: RetrainClaim, run: Run) -> bool:
        """Let the run answer times of a schedule, or begin a cooldown; False if another run does."""
        if isinstance(claim, ScheduleClaim):
            return self.cover(claim, "rejected" if run.ended else "launched", run.run_id)
        return self._begin_cooldown(claim, run.run_id)

    def _launch_of(self, run: Run) -> SweepTransition | None:
        """What a trial's claim changes in its sweep."""
        if run.sweep is None or run.trial is None:
            return None
        return launched(run.sweep, run.trial, run.created_at)

    def retraining(self, project: str) -> Retraining:
        """When the project trains again, without a call."""
        return self.retrainings.get(project, Retraining(project=project))

    def cover(self, claim: ScheduleClaim, outcome: Outcome, run_id: str | None) -> bool:
        """What a launch by a schedule writes, without a call."""
        known = self.retraining(claim.project)
        if known.covers(claim.due_at):
            return False
        self.covered.append(claim)
        covers = {"covered_until": claim.covered_until, "due_at": claim.due_at}
        self.retrainings[claim.project] = replace(known, **covers, outcome=outcome, run_id=run_id)
        return True

    def _begin_cooldown(self, claim: CooldownClaim, run_id: str) -> bool:
        known = self.retraining(claim.project)
        if known.cooldown_until and known.cooldown_until > claim.at:
            return False
        self.retrainings[claim.project] = replace(
            known, launched_at=claim.at, launched_run=run_id, cooldown_until=claim.until
        )
        return True

    def _taken(
        self,
        run: Run,
        drop: DropClaim | None,
        request: RequestClaim | None,
        previous: Run | None,
        answer: AnswerClaim | None,
        holder: str | None,
    ) -> Claimed | None:
        """What another process has claimed before, or a cap without room."""
        if run.run_id in self.runs:
            return "run_taken"
        if drop and (drop.drop_id in self.drops or drop.span_id in self.spans):
            return "drop_taken"
        if request and request.key in self.requests:
            return "request_taken"
        if (launch := self._launch_of(run)) and not launch.holds(self.sweeps[launch.sweep_id]):
            return "trial_taken"
        if over(run.reservations, self.accounts):
            return "no_room"
        record = self._datasets.get(run.project, run.dataset)
        if drop and drop.due_at and record.due_at != drop.due_at:
            return "postponed"
        if answer and self.answers.get(answer.answer_id) != answer.earlier:
            return "answered"
        return None if self._has_its_turn(run, holder) else "holder_changed"

    @outside
    def find_holder(self, project: str, digest: str) -> str | None:
        return self.holders.get((project, digest))

    @outside
    def change_turn(self, transition: Transition, run: Run, holder: str | None) -> bool:
        after = transition.applied_to(run)
        if not self._has_its_turn(after, holder) or self._write(transition).outcome != "applied":
            return False
        self._take_turn(after)
        for was, now in zip(run.reservations, after.reservations, strict=True):
            self.count(was, now.amount - was.amount, 0)
        return True

    def _has_its_turn(self, run: Run, holder: str | None) -> bool:
        if run.preparation is None or run.ended or not run.is_preparing:
            return True
        if run.waits_for:
            return transitions.awaited(run.waits_for, run.run_id).holds(self.runs[run.waits_for])
        return self.holders.get((run.project, run.preparation.digest)) == holder

    def _take_turn(self, run: Run) -> None:
        if run.preparation is None or run.ended or not run.is_preparing:
            return
        if run.waits_for:
            self._write(transitions.awaited(run.waits_for, run.run_id))
        else:
            self.holders[run.project, run.preparation.digest] = run.run_id

    @outside
    def get(self, run_id: str) -> Run | None:
        return self.runs.get(run_id)

    @outside
    def summary(self, run_id: str) -> str | None:
        return self.summaries.get(run_id)

    @outside
    def find_answer(self, answer_id: str) -> Answered | None:
        return self.answers.get(answer_id)

    @outside
    def extend_answer(self, answer_id: str, at: str) -> None:
        self.answers[answer_id] = replace(self.answers[answer_id], last_at=at)

    @outside
    def find_drop(self, drop: str) -> str | None:
        return self.drops.get(drop) or self.spans.get(drop)

    @outside
    def find_request(self, key: str) -> tuple[str, str] | None:
        return self.requests.get(key)

    @outside
    def write(self, transition: Transition) -> Written:
        return self._write(transition)

    @outside
    def write_with_history(self, transition: Transition, history: History, at: str) -> Written:
        written = self._write(transition)
        if written.outcome == "applied":
            before = self.histories.get(history.project)
            summary = history.summary or (before.summary if before else None)
            self.histories[history.project] = replace(history, summary=summary)
        return Written(written.outcome, None if written.outcome == "applied" else written.run)

    def apply(self, transition: Transition) -> Written:
        """What a transaction of another adapter writes, without a call."""
        return self._write(transition)

    def _write(self, transition: Transition) -> Written:
        now = self.runs.get(transition.run_id)
        if now is None:
            return Written("unknown", None)
        if not transition.holds(now):
            return Written("stale", now)
        return Written("applied", self._put(transition.applied_to(now)))

    @outside
    def to_notify(self, run_id: str, project: str) -> tuple[Run | None, dict[Name, Held], CurrentModel]:
        now = self.current.get(project, CurrentModel())
        return self.runs.get(run_id), dict(self.models.get(project, {})), now

    @outside
    def mark_notified(self, run: Run, at: str, models: Mapping[Name, Held] | None = None) -> None:
        if self._write(transitions.notified(run, at)).outcome != "applied":
            return
        self.models[run.project] = {**self.models.get(run.project, {}), **(models or {})}
        for reservation in run.reservations:
            spent = charge(run, reservation)
            self.count(reservation, spent - reservation.amount, spent)

    @outside
    def page(
        self,
        *,
        project: str | None,
        where: Mapping[str, str],
        tag: str | None = None,
        limit: int,
        position: Any,
        ranked: Ranked | None = None,
    ) -> Page:
        found = sorted(self.runs.values(), key=lambda run: run.created_order, reverse=True)
        if ranked:
            listed = [run for run in found if run.ranking == ranked.ranking]
            found = sorted(listed, key=lambda run: run.headline or 0, reverse=not ranked.lowest_first)
        chosen = [
            run
            for run in found
            if project in (None, run.project)
            and (tag is None or tag in run.tags)
            and all(getattr(run, name) == value for name, value in where.items())
        ]
        return Page(tuple(chosen[:limit]), None)

    def active(self, after: str = "", until: str = "~") -> Iterator[tuple[Run, ...]]:
        yield self._active(after, until)

    @outside
    def _active(self, after: str, until: str) -> tuple[Run, ...]:
        every = sorted(self.runs.values(), key=lambda run: run.created_order)
        found = (run for run in every if not run.notified_at and after < run.created_order <= until)
        return tuple(Run(**{name: getattr(run, name) for name in _INDEXED}) for run in found)

    @outside
    def get_many(self, run_ids: Iterable[str]) -> tuple[Run, ...]:
        return tuple(self.runs[run_id] for run_id in run_ids if run_id in self.runs)

    def count(self, reservation: Reservation, change: int, spent: int) -> None:
        was = self.accounts.get(reservation.account, Account())
        self.accounts[reservation.account] = replace(
            was, committed=was.committed + change, spent=was.spent + spent
        )

    def _put(self, run: Run) -> Run:
        before = self.runs.get(run.run_id)
        self.runs[run.run_id] = run
        if run.ended and not (before and before.ended):
            self.stream.append(to_item(run))
        return run


@obeys(Accounts(DYNAMODB, "runs"))
class MemoryAccounts:
    """The accounts of the owner's caps, which the table's transactions write."""

    def __init__(self, world: Scheduler, table: MemoryTable) -> None:
        self.world = world
        self._table = table

    @outside
    def read(self, names: Iterable[str]) -> dict[str, Account]:
        return {name: self._table.accounts.get(name, Account()) for name in names}

    @outside
    def mark_refused(self, account: str) -> None:
        self._change(account, refused=True)

    @outside
    def mark_notified(self, account: str, levels: tuple[int, ...]) -> None:
        self._change(account, notified=(*self._of(account).notified, *levels))

    def _of(self, account: str) -> Account:
        return self._table.accounts.get(account, Account())

    def _change(self, account: str, **changes: Any) -> None:
        self._table.accounts[account] = replace(self._of(account), **changes)


class MemoryPriceTable:
    """Prices that nobody refreshes, and the histories that the runs' table keeps."""

    def __init__(self, world: Scheduler, table: MemoryTable) -> None:
        self.world = world
        self._table = table

    @outside
    def read(self, project: str, run_id: str | None = None, digest: str | None = None) -> ProjectReading:
        run = self._table.runs.get(run_id) if run_id else None
        history = self._table.histories.get(project, History(project, ()))
        summary = self._table.summaries.get(run_id) if run_id else None
        holder_id = self._table.holders.get((project, digest)) if digest else None
        return ProjectReading(
            PRICES, history.seconds, run, history.left_checkpoint, history.summary, summary, holder_id
        )

    @outside
    def current(self) -> PriceList:
        return PRICES


class MemoryQueueWatch:
    """When a job of each queue started or ended last, and which notices of stuck queues were sent."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.moves: dict[str, str] = {}
        self.claimed: dict[str, datetime] = {}
        self.notified: dict[str, str] = {}

    @outside
    def note_move(self, queue: str, at: str) -> None:
        self.moves[queue] = max(self.moves.get(queue, ""), at)

    @outside
    def last_move(self, queue: str) -> str | None:
        return self.moves.get(queue)

    @outside
    def claim_notice(self, cause: str, moved_at: str, now: datetime) -> bool:
        claimed_at = self.claimed.get(cause)
        if cause in self.notified and self.notified[cause] >= moved_at:
            return False
        if claimed_at and times.to_text(claimed_at) >= times.to_text(now - CLAIM_IS_OLD):
            raise BusyError(f"Another function publishes the notice of {cause}")
        self.claimed[cause] = now
        return True

    @outside
    def mark_notified(self, cause: str, at: str) -> None:
        self.notified[cause] = at


class MemoryPosition:
    """Where the reconciler's pass stands."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.place = ""

    @outside
    def read(self) -> str:
        return self.place

    @outside
    def write(self, place: str) -> None:
        self.place = place

    @outside
    def clear(self) -> None:
        self.place = ""


@obeys(DatasetTable(DYNAMODB, "runs"))
class MemoryDatasetTable:
    """The datasets' records, and whether the notice of one that waits is out."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.records: dict[tuple[str, str], DatasetRecord] = {}
        self.notified: dict[tuple[str, str], str] = {}
        self._loads: dict[tuple[str, str], float] = {}
        self._links_until: dict[tuple[str, str], str] = {}
        self._links: dict[tuple[str, str], str] = {}
        self._accepted: set[tuple[str, str]] = set()
        # Of the projects' items, which the runs' table keeps.
        self.cooldown_until: Callable[[str], str | None] = lambda project: None

    def get(self, project: str, dataset: str) -> DatasetRecord:
        """The record, without a call."""
        return self.records.get((project, dataset), DatasetRecord(project=project, dataset=dataset))

    @outside
    def read(self, project: str, dataset: str) -> DatasetRecord:
        return self.get(project, dataset)

    @outside
    def read_with_load(self, project: str, dataset: str, now: datetime) -> tuple[DatasetRecord, float]:
        this, last = (self._loads.get((project, minute), 0) for minute in fair_share.minutes(now))
        record = replace(
            self.get(project, dataset),
            links_until=self._links_until.get((project, dataset)),
            cooldown_until=self.cooldown_until(project),
        )
        return record, fair_share.recent(this, last, now)

    @outside
    def expect_links(self, project: str, dataset: str, until: datetime) -> None:
        self._links_until[project, dataset] = times.to_text(until)

    @outside
    def use_link(self, link: str, upload: Created, now: datetime) -> bool:
        return self._links.setdefault((upload.key, link), upload.version_id) == upload.version_id

    @outside
    def add_load(self, project: str, seconds: float, now: datetime) -> None:
        place = (project, fair_share.minutes(now)[0])
        self._loads[place] = self._loads.get(place, 0) + seconds

    @outside
    def wait(
        self, record: DatasetRecord, missing: Iterable[str], present: Iterable[str], now: datetime
    ) -> bool:
        found = self.get(record.project, record.dataset)
        if found.due_at != record.due_at:
            return False
        since = found.since or times.to_text(now)
        self._put(
            replace(
                found,
                missing=tuple(missing),
                present=tuple(present),
                since=since,
                rests_since=None,
                due_at=None,
                wake_up=None,
                wake_up_at=None,
                arrived_at=None,
            )
        )
        return True

    @outside
    def hold(
        self, record: DatasetRecord, files: Collection[str], until: str, arrived_at: str, now: datetime
    ) -> None:
        found = self.get(record.project, record.dataset)
        if found.covers(times.from_text(arrived_at)):
            return
        self.notified.pop((record.project, record.dataset), None)
        self._put(
            replace(
                found,
                missing=(),
                present=tuple(sorted({*found.present, *files})[:FILES_NAMED]),
                since=found.since or times.to_text(now),
                rests_since=None,
                due_at=until,
                wake_up=None,
                wake_up_at=None,
                arrived_at=arrived_at,
            )
        )

    @outside
    def rest(self, record: DatasetRecord, due_at: str, now: datetime) -> DatasetRecord:
        found = self.get(record.project, record.dataset)
        if found.due_at and found.due_at >= due_at:
            return replace(record, due_at=due_at)
        at = times.to_text(now)
        self._put(
            replace(
                found,
                missing=record.missing,
                present=record.present,
                due_at=due_at,
                since=found.since or at,
                rests_since=found.rests_since or at,
                arrived_at=None,
            )
        )
        return self.get(record.project, record.dataset)

    @outside
    def expect_wake_up(self, record: DatasetRecord, wake_up: str, at: str) -> bool:
        found = self.get(record.project, record.dataset)
        if found.due_at is None or found.wake_up != record.wake_up:
            return False
        self._put(replace(found, wake_up=wake_up, wake_up_at=at))
        return True

    @outside
    def settle(
        self,
        record: DatasetRecord,
        run_id: str,
        marker: str | None,
        covered_until: str,
    ) -> bool:
        if self.get(record.project, record.dataset).due_at != record.due_at:
            return False
        self.launched(record, run_id, marker, covered_until, accepted=None)
        return True

    @outside
    def accepted(self, project: str, datasets: Iterable[str]) -> set[str]:
        return {name for name in datasets if (project, name) in self._accepted}

    @outside
    def accept(self, record: DatasetRecord) -> None:
        found = self.get(record.project, record.dataset)
        if (found.due_at, found.arrived_at) == (record.due_at, record.arrived_at):
            self._accepted.add((record.project, record.dataset))
            self._put(replace(found, checked_at=found.arrived_at))

    def launched(
        self,
        record: DatasetRecord,
        run_id: str,
        marker: str | None,
        covered_until: str,
        *,
        accepted: bool | None,
    ) -> None:
        """What a launch writes, without a call."""
        place = (record.project, record.dataset)
        if accepted is not None:
            (self._accepted.add if accepted else self._accepted.discard)(place)
        self.notified.pop(place, None)
        self.records[place] = DatasetRecord(
            project=record.project,
            dataset=record.dataset,
            run_id=run_id,
            marker=marker or self.get(*place).marker,
            covered_until=covered_until,
        )

    @outside
    def of_project(self, project: str) -> tuple[DatasetRecord, ...]:
        return tuple(each for each in self.records.values() if each.project == project and each.since)

    def held(self, project: str) -> list[DatasetRecord]:
        return [each for each in self.of_project(project) if each.arrived_at]

    def waiting(self, before: datetime, *, notified: bool) -> Iterator[DatasetRecord]:
        yield from self._waiting(times.to_text(before), notified)

    @outside
    def _waiting(self, before: str, notified: bool) -> list[DatasetRecord]:
        return [
            each
            for place, each in self.records.items()
            if each.since
            and (place in self.notified) == notified
            and self.notified.get(place, each.due_at if each.arrived_at and each.due_at else each.since)
            < before
        ]

    @outside
    def mark_notified(self, record: DatasetRecord, now: datetime) -> None:
        if self.get(record.project, record.dataset).since:
            self.notified[record.project, record.dataset] = times.to_text(now)

    @outside
    def forget(self, record: DatasetRecord) -> None:
        known = self.records.get((record.project, record.dataset))
        if known and known.due_at not in (None, record.due_at):
            return
        self.records.pop((record.project, record.dataset), None)
        self.notified.pop((record.project, record.dataset), None)

    def _put(self, record: DatasetRecord) -> None:
        self.records[record.project, record.dataset] = record


@dataclass(frozen=True)
class WakeUp:
    """A wake-up message, and when it arrives."""

    project: str
    dataset: str
    wake_up: str
    arrives_at: datetime


class MemoryWakeUps:
    """The wake-ups and the postponed uploads that were sent and not delivered yet."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.messages: list[WakeUp] = []
        self.postponed: list[Created] = []
        self.cooldowns_over: list[Mapping[str, Any]] = []
        self._numbers = count()

    @outside
    def send(self, project: str, dataset: str, delay_seconds: int) -> str:
        assert 0 <= delay_seconds <= LONGEST_DELAY
        name = f"wake-up-{next(self._numbers)}"
        arrives_at = self.world.clock() + timedelta(seconds=delay_seconds)
        self.messages.append(WakeUp(project, dataset, name, arrives_at))
        return name

    @outside
    def end_cooldown(self, project: str) -> None:
        self.cooldowns_over.append(cooldown_message(project))

    @outside
    def postpone(self, upload: Created, delay_seconds: int) -> None:
        assert 0 <= delay_seconds <= LONGEST_DELAY
        self.postponed.append(upload)


@dataclass
class Job:
    """A Batch job: its detail as AWS Batch tells of it."""

    detail: dict[str, Any]

    @property
    def job_id(self) -> str:
        return str(self.detail["jobId"])

    @property
    def ended(self) -> bool:
        return self.detail["status"] in ("SUCCEEDED", "FAILED")


class MemoryJobQueue:
    """AWS Batch: jobs that the world moves, and the change events that come of it."""

    definition = "arn:aws:batch:eu-west-1:123456789012:job-definition/training:1"

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.jobs: dict[str, Job] = {}
        self.events: list[dict[str, Any]] = []

    @outside
    def submit(self, run: Run, environment: Mapping[str, str]) -> str:
        assert run.job_now is not None
        assert environment["DROPTRAIN_RUN"].endswith(f"/{run.run_id}/")
        assert run.preparation is None or run.is_preparing or run.prepared, "a training without its data"
        detail: dict[str, Any] = {
            "step": run.step, "prepared": environment.get("DROPTRAIN_PREPARED"),
            "jobName": run.job_name, "jobId": f"job-{len(self.jobs)}", "status": "SUBMITTED", "attempts": [],
            "jobQueue": SPOT_QUEUE if run.is_on_spot(run.job_number) else "on-demand",
            "retryStrategy": {"attempts": run.job_now.attempts}, "tags": {"droptrain:project": run.project},
            "container": {},
        }  # fmt: skip
        job = Job(detail)
        self.jobs[job.job_id] = job
        self._tell(job)
        return job.job_id

    @outside
    def find(self, run: Run) -> str | None:
        named = (job.job_id for job in self.jobs.values() if job.detail["jobName"] == run.job_name)
        return next(named, None)

    @outside
    def describe(self, job_ids: Iterable[str]) -> dict[str, JobState]:
        states = (batch_job.read(self.jobs[job_id].detail) for job_id in job_ids if job_id in self.jobs)
        return {state.job_id: state for state in states if state}

    @outside
    def first(self, queue: str) -> tuple[str, datetime] | None:
        waiting = (job for job in self.jobs.values() if job.detail["status"] == "RUNNABLE")
        ids = (job.job_id for job in waiting if job.detail["jobQueue"] == queue)
        return next(((job_id, self.world.clock() - timedelta(hours=1)) for job_id in ids), None)

    @outside
    def end(self, job_id: str, reason: str) -> None:
        job = self.jobs.get(job_id)
        if job and not job.ended:
            self.move(job, "FAILED", statusReason=reason, isTerminated=True)

    def move(self, job: Job, status: str, **changes: Any) -> None:
        """Move a job to a state; the event of it waits to be delivered."""
        job.detail = {**job.detail, "status": status, **changes}
        self._tell(job)

    def _tell(self, job: Job) -> None:
        self.events.append(copy.deepcopy(job.detail))


class MemoryPointers:
    """The pointers to models, by project and name."""

    bucket = "data"

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.held: dict[tuple[str, Name], Held] = {}
        self._etags = count()

    @outside
    def read(self, project: str, name: Name) -> Held | None:
        return self.held.get((project, name))

    @outside
    def replace(self, name: Name, pointer: Pointer, seen: Held | None) -> Held | None:
        now = self.held.get((pointer.project, name))
        if (now and now.etag) != (seen and seen.etag):
            return None
        self.held[pointer.project, name] = held = Held(pointer, f"etag-{next(self._etags)}")
        return held


@obeys(ModelTable(DYNAMODB, "runs"))
class MemoryModelTable:
    """The registry of promoted models, which is in the runs' table."""

    def __init__(self, world: Scheduler, table: MemoryTable) -> None:
        self.world = world
        self._table = table

    @outside
    def current(self, project: str) -> CurrentModel:
        return self._table.current.get(project, CurrentModel())

    @outside
    def promotions(self, project: str, numbers: range) -> tuple[Promotion, ...]:
        found = (self._table.promotions.get((project, number)) for number in numbers)
        return tuple(each for each in found if each)

    @outside
    def promote(self, promotion: Promotion, now: CurrentModel, run: Transition | None) -> Promoted:
        project = promotion.project
        there = self._table.current.get(project, CurrentModel())
        if there.number != now.number:
            return "model_changed"
        if run and self._table.apply(run).outcome != "applied":
            return "run_changed"
        self._table.current[project] = CurrentModel(promotion, is_published=False, kept=there.kept)
        self._table.promotions[project, promotion.number] = promotion
        return "promoted"

    @outside
    def mark_published(self, promotion: Promotion, kept: tuple[str, ...]) -> bool:
        there = self._table.current[promotion.project]
        if there.number != promotion.number:
            return False
        self._mark(CurrentModel(replace(promotion, missing_at=None), kept=kept))
        return True

    @outside
    def mark_missing(self, promotion: Promotion, at: str) -> bool:
        there = self._table.current[promotion.project]
        if there.number != promotion.number or there.is_published or there.is_missing:
            return False
        self._mark(CurrentModel(replace(promotion, missing_at=at), is_published=False, kept=there.kept))
        return True

    def _mark(self, now: CurrentModel) -> None:
        assert now.promotion
        self._table.current[now.promotion.project] = now
        self._table.promotions[now.promotion.project, now.number] = now.promotion

    def unpublished(self, before: datetime) -> Iterator[str]:
        yield from self._unpublished(times.to_text(before))

    @outside
    def _unpublished(self, before: str) -> list[str]:
        found = self._table.current.items()
        return [
            project
            for project, each in found
            if each.promotion and not each.is_published and not each.is_missing and each.promotion.at < before
        ]


class MemoryModelFiles:
    """The promoted models in the bucket: runs have exports until they are deleted; `current` is
    `current.json`.
    """

    bucket = "data"

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.copied: dict[str, set[str]] = {}
        self.current: dict[str, Promotion] = {}
        self.deleted: set[str] = set()

    @outside
    def has_export(self, project: str, run_id: str) -> bool:
        return run_id not in self.deleted

    @outside
    def copy_export(self, project: str, run_id: str, has_time: Callable[[], bool]) -> Copied:
        if run_id in self.deleted:
            return "missing"
        if not has_time():
            return "unfinished"
        self.copied.setdefault(project, set()).add(run_id)
        return "complete"

    @outside
    def named(self, project: str) -> tuple[int, str] | None:
        now = self.current.get(project)
        return (now.number, now.run_id) if now else None

    @outside
    def point(self, promotion: Promotion, is_current: Callable[[], bool]) -> bool:
        # No table is restored here: a later number is that of a later promotion.
        now = self.current.get(promotion.project)
        if now and now.number > promotion.number:
            return False
        assert promotion.run_id in self.copied[promotion.project], "readers would find no model"
        self.current[promotion.project] = promotion
        return True

    @outside
    def copies(self, project: str) -> set[str]:
        return set(self.copied.get(project, ()))

    @outside
    def delete_copies(self, project: str, run_ids: Iterable[str]) -> None:
        self.copied[project] -= set(run_ids)


@obeys(EventBus(NOTICES, "stack"))
class MemoryBus:
    """The events that were put on the bus."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.events: list[Event] = []

    @outside
    def put(self, event: Event) -> None:
        self.events.append(event)


@obeys(NoticeTopic(NOTICES, "topic"))
class MemoryTopic:
    """The notices that were published."""

    def __init__(self, world: Scheduler) -> None:
        self.world = world
        self.published: list[Notice] = []

    @outside
    def publish(self, notice: Notice) -> None:
        self.published.append(notice)

    @outside
    def confirmed(self) -> int:
        return 1
