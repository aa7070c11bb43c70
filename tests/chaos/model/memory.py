"""The adapters in memory: the methods and answers of those of `droptrain.aws`, each one atomic effect."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from chaos.model.dynamodb_rules import DynamodbRules
from chaos.model.notice_rules import NoticeRules
from chaos.model.rules import obeys
from chaos.model.world import World, outside
from droptrain.aws.accounts import Accounts
from droptrain.aws.bucket import PlanFile, RecipeFile
from droptrain.aws.dataset_table import DatasetTable
from droptrain.aws.event_bus import EventBus
from droptrain.aws.notices import NoticeTopic
from droptrain.aws.price_table import Facts
from droptrain.aws.run_record import to_attributes, to_item
from droptrain.aws.run_table import RELEASED, Applied, History, Page, RunTable
from droptrain.aws.wake_ups import LONGEST_DELAY
from droptrain.domain import batch_job, times
from droptrain.domain import push as pushes
from droptrain.domain.batch_job import JobState, expected, submitted
from droptrain.domain.budget import Account, charge, over
from droptrain.domain.claims import AnswerClaim, Claimed, DropClaim, Request
from droptrain.domain.dataset import ObjectVersion, recipe_key
from droptrain.domain.dataset_record import Answered, DatasetRecord
from droptrain.domain.errors import Cause
from droptrain.domain.events import Event
from droptrain.domain.model_pointer import Held, Name, Pointer, to_document
from droptrain.domain.notice import Notice
from droptrain.domain.preflight.facts import Piece
from droptrain.domain.pricing import PriceList
from droptrain.domain.push import Published, Push, push_key
from droptrain.domain.run import Cost, GpuUse, Hold, Run, Rung, Step, plan_digest, run_prefix
from template import properties

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

    def __init__(self, world: World) -> None:
        self.world = world
        self.documents: dict[str | tuple[str, str], Any] = {}
        self._versions: dict[str, list[ObjectVersion | None]] = {}

    def put(self, key: str, document: object = None) -> ObjectVersion:
        """Put a new version of an object; a recipe's or a push's `document` is what it says, parsed."""
        versions = self._versions.setdefault(key, [])
        version = ObjectVersion(key, f"v{len(versions)}", 10, "etag")
        versions.append(version)
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
        return tuple(version for version in latest if version)

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
    def last_checkpoint_at(self, project: str, run_id: str) -> datetime | None:
        return self.documents.get(run_prefix(project, run_id) + "checkpoints")

    @outside
    def lease_holder(self, project: str, run_id: str) -> str | None:
        return self.documents.get(run_prefix(project, run_id) + "lease")


@obeys(RunTable(DynamodbRules(), "runs"))
class MemoryTable:
    """The runs' table. `ended` is called with each run that gets its outcome, as the stream tells of it."""

    def __init__(self, world: World, datasets: "MemoryDatasetTable") -> None:
        self.world = world
        self.runs: dict[str, Run] = {}
        self.drops: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}
        self.models: dict[str, dict[Name, Held]] = {}
        self.histories: dict[str, History] = {}
        self.stream: list[Mapping[str, Any]] = []
        self.answers: dict[str, Answered] = {}
        self._requests: dict[str, tuple[str, str]] = {}
        self._datasets = datasets

    @outside
    def claim(
        self,
        run: Run,
        drop: DropClaim | None = None,
        request: Request | None = None,
        previous: Run | None = None,
        answer: AnswerClaim | None = None,
    ) -> Claimed:
        if run.run_id in self.runs:
            return "run_taken"
        if drop and drop.drop_id in self.drops:
            return "drop_taken"
        if request and request.key in self._requests:
            return "request_taken"
        if previous and self.runs[previous.run_id].reruns != previous.reruns:
            return "run_taken"
        if over(run.holds, self.accounts):
            return "no_room"
        record = self._datasets.get(run.project, run.dataset)
        if drop and drop.due_at and record.due_at != drop.due_at:
            return "postponed"
        if answer and self.answers.get(answer.answer_id) != answer.earlier:
            return "answered"
        for hold in run.holds:
            self._count(hold, hold.amount, 0)
        if previous:
            self._put(replace(self.runs[previous.run_id], reruns=previous.reruns + 1))
        if drop:
            self.drops[drop.drop_id] = run.run_id
            self._datasets.launched(record, run.run_id, drop.marker, drop.covered_until)
        if answer:
            self.answers[answer.answer_id] = Answered(
                run.run_id, answer.key, answer.version_id, run.created_at
            )
        if request:
            self._requests[request.key] = (run.run_id, request.body_digest)
        self._put(run)
        return "claimed"

    @outside
    def get(self, run_id: str) -> Run | None:
        return self.runs.get(run_id)

    @outside
    def find_answer(self, answer_id: str) -> Answered | None:
        return self.answers.get(answer_id)

    @outside
    def extend_answer(self, answer_id: str, at: str) -> None:
        self.answers[answer_id] = replace(self.answers[answer_id], last_at=at)

    @outside
    def find_drop(self, drop: str) -> str | None:
        return self.drops.get(drop)

    @outside
    def find_request(self, key: str) -> tuple[str, str] | None:
        return self._requests.get(key)

    @outside
    def hold_claim(self, run: Run, at: str) -> Run | None:
        return self._set_claimed_at(run, at)

    @outside
    def release_claim(self, run: Run) -> None:
        self._set_claimed_at(run, RELEASED)

    def _set_claimed_at(self, run: Run, at: str) -> Run | None:
        now = self.runs.get(run.run_id)
        if now is None or not now.is_claim or now.claimed_at != run.claimed_at:
            return None
        return self._put(replace(now, claimed_at=at))

    @outside
    def record_job(self, run: Run, job_id: str, at: str) -> Run:
        now = self.runs[run.run_id]
        if not now.is_claim:
            return now
        return self._put(
            replace(
                now, status="SUBMITTED", batch_job_id=job_id, updated_at=at,
                progress=submitted(now.job_number), history=(*now.history, Step(at, "SUBMITTED")),
            )
        )  # fmt: skip

    @outside
    def climb(self, run: Run, rung: Rung, cost: Cost | None, at: str) -> Run | None:
        now = self.runs.get(run.run_id)
        if now is None or now.ended or now.cancelled_by or now.batch_job_id != rung.earlier_job_id:
            return None
        return self._put(
            replace(
                now, rung=rung, progress=expected(rung.number), status="CLAIMED", claimed_at=at,
                updated_at=at, attempts=rung.earlier_attempts, cost=cost or now.cost, batch_job_id=None,
                history=(*now.history, Step(at, "CLAIMED", rung.why)),
            )
        )  # fmt: skip

    @outside
    def apply(
        self,
        job: JobState,
        at: str,
        *,
        cause: Cause | None = None,
        metrics: Mapping[str, float] | None = None,
        cost: Cost | None = None,
        gpu: GpuUse | None = None,
        advice: Sequence[str] = (),
        history: History | None = None,
        models: Mapping[str, Any] | None = None,
    ) -> Applied:
        now = self.runs.get(job.run_id)
        if now is None:
            return "unknown"
        if now.ended or now.progress >= job.progress or now.batch_job_id not in (None, job.job_id):
            return "stale"
        if history:
            self.histories[history.project] = history
        self._put(
            replace(
                now,
                status=job.status,
                progress=job.progress,
                updated_at=at,
                batch_job_id=job.job_id,
                attempts=job.attempts or now.attempts,
                log_stream=job.log_stream or now.log_stream,
                started_at=now.started_at or job.started_at,
                stopped_at=(job.stopped_at if job.ended else None) or now.stopped_at,
                cause=cause or now.cause,
                metrics=dict(metrics or now.metrics),
                cost=cost or now.cost,
                gpu=gpu or now.gpu,
                advice=tuple(advice) or now.advice,
                history=(*now.history, Step(at, job.status, job.status_reason)),
            ),
            models,
        )
        return "applied"

    @outside
    def follow(self, run_id: str, superseded: str, job_id: str, job_number: int, at: str) -> bool:
        now = self.runs[run_id]
        if now.ended or now.batch_job_id != superseded:
            return False
        self._put(replace(now, batch_job_id=job_id, progress=submitted(job_number), updated_at=at))
        return True

    @outside
    def end(self, run: Run, status: Any, cause: Cause, at: str) -> bool:
        now = self.runs[run.run_id]
        if (now.status, now.updated_at) != (run.status, run.updated_at):
            return False
        step = Step(at, status, cause.message)
        self._put(replace(now, status=status, cause=cause, updated_at=at, history=(*now.history, step)))
        return True

    @outside
    def ask_to_cancel(self, run_id: str, caller: str, at: str) -> Run | None:
        now = self.runs.get(run_id)
        if now is None or now.ended:
            return None
        return self._put(replace(now, cancelled_by=now.cancelled_by or caller, updated_at=at))

    @outside
    def mark_told(self, run_id: str, cause: str) -> None:
        now = self.runs[run_id]
        if cause not in now.told:
            self._put(replace(now, told=(*now.told, cause)))

    @outside
    def to_announce(self, run_id: str, project: str) -> tuple[Run | None, dict[Name, Held]]:
        return self.runs.get(run_id), dict(self.models.get(project, {}))

    @outside
    def mark_announced(self, run: Run, at: str, models: Mapping[Name, Held] | None = None) -> None:
        now = self.runs[run.run_id]
        if now.announced_at:
            return
        self._put(replace(now, announced_at=at))
        self.models[run.project] = {**self.models.get(run.project, {}), **(models or {})}
        for hold in run.holds:
            spent = charge(run, hold)
            self._count(hold, spent - hold.amount, spent)

    @outside
    def page(self, *, project: str | None, status: str | None, limit: int, position: Any) -> Page:
        found = sorted(self.runs.values(), key=lambda run: run.created_order, reverse=True)
        chosen = [run for run in found if project in (None, run.project) and status in (None, run.status)]
        return Page(tuple(chosen[:limit]), None)

    def active(self) -> Iterator[tuple[Run, ...]]:
        yield self._active()

    @outside
    def _active(self) -> tuple[Run, ...]:
        found = (run for run in self.runs.values() if not run.announced_at)
        return tuple(Run(**{name: getattr(run, name) for name in _INDEXED}) for run in found)

    def _count(self, hold: Hold, change: int, spent: int) -> None:
        was = self.accounts.get(hold.account, Account())
        self.accounts[hold.account] = replace(was, held=was.held + change, spent=was.spent + spent)

    def _put(self, run: Run, models: Mapping[str, Any] | None = None) -> Run:
        before = self.runs.get(run.run_id)
        self.runs[run.run_id] = run
        if run.ended and not (before and before.ended):
            seen = {} if models is None else {"models_seen": models}
            self.stream.append({**to_item(run), **to_attributes(seen)})
        return run


@obeys(Accounts(DynamodbRules(), "runs"))
class MemoryAccounts:
    """The accounts of the owner's caps, which the table's transactions write."""

    def __init__(self, world: World, table: MemoryTable) -> None:
        self.world = world
        self._table = table

    @outside
    def read(self, names: Iterable[str]) -> dict[str, Account]:
        return {name: self._table.accounts.get(name, Account()) for name in names}

    @outside
    def mark_refused(self, account: str) -> None:
        self._change(account, refused=True)

    @outside
    def mark_told(self, account: str, levels: tuple[int, ...]) -> None:
        self._change(account, told=(*self._of(account).told, *levels))

    def _of(self, account: str) -> Account:
        return self._table.accounts.get(account, Account())

    def _change(self, account: str, **changes: Any) -> None:
        self._table.accounts[account] = replace(self._of(account), **changes)


class MemoryPriceTable:
    """Prices that nobody refreshes, and the histories that the runs' table keeps."""

    def __init__(self, world: World, table: MemoryTable) -> None:
        self.world = world
        self._table = table

    @outside
    def read(self, project: str, run_id: str | None = None) -> Facts:
        run = self._table.runs.get(run_id) if run_id else None
        history = self._table.histories.get(project, History(project, ()))
        models = {
            name: {"etag": held.etag, "pointer": to_document(held.pointer)}
            for name, held in self._table.models.get(project, {}).items()
            if held.pointer
        }
        prices = PriceList({"g4dn.xlarge": 0.587})
        return Facts(prices, history.seconds, run, history.left_checkpoint, models)


@obeys(DatasetTable(DynamodbRules(), "runs"))
class MemoryDatasetTable:
    """The datasets' records, and whether the notice of one that waits is out."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.records: dict[tuple[str, str], DatasetRecord] = {}
        self.notified: dict[tuple[str, str], str] = {}

    def get(self, project: str, dataset: str) -> DatasetRecord:
        """The record, without a call."""
        return self.records.get((project, dataset), DatasetRecord(project=project, dataset=dataset))

    @outside
    def read(self, project: str, dataset: str) -> DatasetRecord:
        return self.get(project, dataset)

    @outside
    def wait(
        self, record: DatasetRecord, missing: Iterable[str], present: Iterable[str], now: datetime
    ) -> bool:
        found = self.get(record.project, record.dataset)
        if found.due_at != record.due_at:
            return False
        since = found.since or times.to_text(now)
        changes = {"missing": tuple(missing), "present": tuple(present), "since": since}
        self._put(replace(found, **changes, due_at=None, wake_up=None, wake_up_at=None))
        return True

    @outside
    def rest(self, record: DatasetRecord, due_at: str, now: datetime) -> None:
        found = self.get(record.project, record.dataset)
        if found.due_at and found.due_at >= due_at:
            return
        changes = {"missing": record.missing, "present": record.present, "due_at": due_at}
        self._put(replace(found, **changes, since=found.since or times.to_text(now)))

    @outside
    def expect_wake_up(self, record: DatasetRecord, wake_up: str, at: str) -> bool:
        found = self.get(record.project, record.dataset)
        if found.due_at is None or found.wake_up != record.wake_up:
            return False
        self._put(replace(found, wake_up=wake_up, wake_up_at=at))
        return True

    @outside
    def settle(self, record: DatasetRecord, run_id: str, marker: str | None, covered_until: str) -> None:
        if self.get(record.project, record.dataset).due_at == record.due_at:
            self.launched(record, run_id, marker, covered_until)

    def launched(self, record: DatasetRecord, run_id: str, marker: str | None, covered_until: str) -> None:
        """What a launch writes, without a call."""
        place = (record.project, record.dataset)
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

    def waiting(self, before: datetime, *, notified: bool) -> Iterator[DatasetRecord]:
        yield from self._waiting(times.to_text(before), notified)

    @outside
    def _waiting(self, before: str, notified: bool) -> list[DatasetRecord]:
        return [
            each
            for place, each in self.records.items()
            if each.since
            and (place in self.notified) == notified
            and self.notified.get(place, each.since) < before
        ]

    @outside
    def mark_notified(self, record: DatasetRecord, now: datetime) -> None:
        if self.get(record.project, record.dataset).since:
            self.notified[record.project, record.dataset] = times.to_text(now)

    @outside
    def forget(self, record: DatasetRecord) -> None:
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
    """The wake-ups that were sent and not delivered yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.messages: list[WakeUp] = []
        self._numbers = count()

    @outside
    def send(self, project: str, dataset: str, delay_seconds: int) -> str:
        assert 0 <= delay_seconds <= LONGEST_DELAY
        name = f"wake-up-{next(self._numbers)}"
        arrives_at = self.world.clock() + timedelta(seconds=delay_seconds)
        self.messages.append(WakeUp(project, dataset, name, arrives_at))
        return name


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

    def __init__(self, world: World) -> None:
        self.world = world
        self.jobs: dict[str, Job] = {}
        self.events: list[dict[str, Any]] = []

    @outside
    def submit(self, run: Run, environment: Mapping[str, str]) -> str:
        assert run.job_now is not None
        assert environment["DROPTRAIN_RUN"].endswith(f"/{run.run_id}/")
        detail = {
            "jobName": run.job_name, "jobId": f"job-{len(self.jobs)}", "status": "SUBMITTED", "attempts": [],
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

    def __init__(self, world: World) -> None:
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


@obeys(EventBus(NoticeRules(), "stack"))
class MemoryBus:
    """The events that were put on the bus."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: list[Event] = []

    @outside
    def put(self, event: Event) -> None:
        self.told.append(event)


@obeys(NoticeTopic(NoticeRules(), "topic"))
class MemoryTopic:
    """The notices that were published."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.published: list[Notice] = []

    @outside
    def publish(self, notice: Notice) -> None:
        self.published.append(notice)

    @outside
    def confirmed(self) -> int:
        return 1
