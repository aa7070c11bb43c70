"""The table of runs in DynamoDB: every move of a run's state is one conditional write."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from droptrain.aws.accounts import account_pk
from droptrain.aws.dataset_table import dataset_key, launched
from droptrain.aws.run_record import (
    KIND,
    SCHEMA,
    check_schema,
    from_item,
    run_pk,
    to_attributes,
    to_item,
)
from droptrain.domain import times
from droptrain.domain.batch_job import JobState, expected, submitted
from droptrain.domain.budget import charge
from droptrain.domain.claims import AnswerClaim, Claimed, DropClaim, Request
from droptrain.domain.dataset_record import Answered
from droptrain.domain.errors import BadCursorError, BusyError, Cause, NewerRecordError
from droptrain.domain.run import TERMINAL, Cost, GpuUse, Hold, Run, Rung, Step
from droptrain.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from droptrain.domain.model_pointer import Held, Name

_CONTENDED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
# How often a transaction that met another is tried, and the longest pause in between, in seconds.
_MEETINGS, _LONGEST_PAUSE = 7, 1.6
# Sorts behind every `created_order`, which begins with a year.
_LAST = "~"
# Longer than any queue keeps an event.
_ANSWERS_KEPT_FOR = timedelta(days=30)
# The moment that a released claim was held last: so old that anybody may take it.
RELEASED = "1970-01-01T00:00:00Z"
Applied = Literal["applied", "stale", "unknown"]
Position = dict[str, Any]


@dataclass(frozen=True)
class History:
    """How long a project's last successful runs took, in seconds, the oldest first.

    `left_checkpoint` is whether the last of them did so; None where its container didn't tell.
    """

    project: str
    seconds: tuple[int, ...]
    left_checkpoint: bool | None = None


@dataclass(frozen=True)
class Page:
    """Some runs, newest first, and where the next page starts; None after the last one."""

    runs: tuple[Run, ...]
    position: Position | None


class RunTable:
    """Runs, the drops that they took, and the requests that made them."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = self.name = table_name

    def claim(
        self,
        run: Run,
        drop: DropClaim | None = None,
        request: Request | None = None,
        previous: Run | None = None,
        answer: AnswerClaim | None = None,
    ) -> Claimed:
        """Make the record of `run` and take its drop, its request, its turn as a rerun, its answer and its
        reservations, all or nothing.

        `previous` is the run of which this one is the next rerun. A dataset whose drop is taken waits no
        more. Says what another process has taken before, or that a cap has no room; BusyError if another
        process writes the same items (TransactWriteItems, cancellation reasons).
        """
        taken: list[Claimed] = ["run_taken"]
        writes: list[Any] = [self._put_new(to_item(run))]
        if drop:
            taken.append("drop_taken")
            writes.append(
                self._put_new(
                    to_attributes({"pk": f"DROP#{drop.drop_id}", "kind": "drop", "run_id": run.run_id})
                )
            )
        if request:
            taken.append("request_taken")
            writes.append(self._put_new(to_attributes({
                "pk": f"REQUEST#{request.key}", "kind": "request", "run_id": run.run_id,
                "body_digest": request.body_digest, "expires_at": request.expires_at,
            })))  # fmt: skip
        if previous:
            taken.append("run_taken")
            writes.append(self._count_rerun(previous))
        for hold in run.holds:
            taken.append("no_room")
            writes.append(self._take(hold))
        if drop:
            taken.append("postponed")
            writes.append(self._launch_dataset(run, drop))
        if answer:
            taken.append("answered")
            writes.append(self._answer(run, answer))
        refused = self._transact(writes, run)
        return "claimed" if refused is None else taken[refused]

    def get(self, run_id: str) -> Run | None:
        """The run, read consistently; None if there is none."""
        item = self._read(run_pk(run_id))
        return from_item(item) if item else None

    def find_drop(self, drop: str) -> str | None:
        """The id of the run that took this drop, if any."""
        item = self._read(f"DROP#{drop}")
        return item["run_id"]["S"] if item else None

    def find_answer(self, answer_id: str) -> Answered | None:
        """The rejection that answers such uploads, if there is one."""
        item = self._read(_answer_pk(answer_id))
        if item is None:
            return None
        return Answered(*(item[name]["S"] for name in ("run_id", "key", "version_id", "last_at")))

    def extend_answer(self, answer_id: str, at: str) -> None:
        """Record that one more upload got this answer."""
        self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": _answer_pk(answer_id)}},
            UpdateExpression="SET last_at = :at, expires_at = :expires",
            ExpressionAttributeValues=to_attributes({":at": at, ":expires": _answer_expires_at(at)}),
        )

    def find_request(self, key: str) -> tuple[str, str] | None:
        """(run id, digest of the body) of an earlier request with this idempotency key, if any."""
        item = self._read(f"REQUEST#{key}")
        return (item["run_id"]["S"], item["body_digest"]["S"]) if item else None

    def hold_claim(self, run: Run, at: str) -> Run | None:
        """Take over a claim whose maker is gone; None if somebody else did, or it has moved on.

        Returns the record as it then is.
        """
        return self._set_claimed_at(run, at)

    def release_claim(self, run: Run) -> None:
        """Let whoever finds the claim next go on at once: it is certain that nothing was submitted."""
        self._set_claimed_at(run, RELEASED)

    def _set_claimed_at(self, run: Run, at: str) -> Run | None:
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": run_pk(run.run_id)}},
                UpdateExpression="SET claimed_at = :at",
                ConditionExpression="attribute_not_exists(batch_job_id) AND #status = :claimed "
                "AND claimed_at = :seen",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_attributes({
                    ":at": at, ":claimed": "CLAIMED", ":seen": run.claimed_at,
                }),
                ReturnValues="ALL_NEW",
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return from_item(answer["Attributes"])

    def record_job(self, run: Run, job_id: str, at: str) -> Run:
        """Write down the Batch job that was submitted for the claim, unless an event did so first.

        Returns the record as it then is.
        """
        step = [asdict(Step(at, "SUBMITTED"))]
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": run_pk(run.run_id)}},
                UpdateExpression="SET #status = :submitted, batch_job_id = :job, updated_at = :at, "
                "progress = :progress, history = list_append(if_not_exists(history, :none), :step)",
                ConditionExpression="attribute_not_exists(batch_job_id) AND #status = :claimed",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_attributes({
                    ":submitted": "SUBMITTED", ":claimed": "CLAIMED", ":job": job_id, ":at": at,
                    ":progress": submitted(run.job_number), ":none": [], ":step": step,
                }),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return from_item(_item_of(error))
        return from_item(answer["Attributes"])

    def climb(self, run: Run, rung: Rung, cost: Cost | None, at: str) -> Run | None:
        """Turn a run whose Batch job can't train it into a claim for its next one; the record as it then is.

        What the job before still says comes too late from now on. None if somebody else did so, the run was
        cancelled or has ended.
        """
        terminal = {f":end{index}": status for index, status in enumerate(TERMINAL)}
        values = {
            "rung": asdict(rung), "progress": expected(rung.number), "status": "CLAIMED", "claimed_at": at,
            "updated_at": at, "attempts": [asdict(each) for each in rung.earlier_attempts],
        } | ({"cost": asdict(cost)} if cost else {})  # fmt: skip
        step = [asdict(Step(at, "CLAIMED", rung.why))]
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": run_pk(run.run_id)}},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values)
                + ", history = list_append(if_not_exists(history, :none), :step) REMOVE batch_job_id",
                ConditionExpression="batch_job_id = :earlier AND attribute_not_exists(cancelled_by) "
                f"AND NOT #status IN ({', '.join(terminal)})",
                ExpressionAttributeNames={f"#{name}": name for name in values},
                ExpressionAttributeValues=to_attributes({
                    **{f":{name}": value for name, value in values.items()}, **terminal,
                    ":earlier": rung.earlier_job_id, ":none": [], ":step": step,
                }),
                ReturnValues="ALL_NEW",
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return from_item(answer["Attributes"])

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
        """Apply a Batch job's state, if it says more than the record knows; `history` is written with it.

        `models` is what is remembered of the project's pointers; the stream carries it to who moves them.

        "stale" for what repeats, comes late or belongs to another Batch job; "unknown": no such run.
        BusyError if another write of the run is under way, NewerRecordError.
        """
        values = {
            "status": job.status, "progress": job.progress, "updated_at": at, "batch_job_id": job.job_id,
            "attempts": [asdict(attempt) for attempt in job.attempts], "log_stream": job.log_stream,
            "started_at": job.started_at, "stopped_at": job.stopped_at if job.ended else None,
            "cause": asdict(cause) if cause else None, "metrics": dict(metrics or {}),
            "cost": asdict(cost) if cost else None, "gpu": asdict(gpu) if gpu else None,
            "advice": list(advice),
        }  # fmt: skip
        values = {name: value for name, value in values.items() if value not in (None, {}, [])}
        if models is not None:
            values["models_seen"] = dict(models)
        kept_once = {"started_at"}
        sets = [
            f"#{name} = " + (f"if_not_exists(#{name}, :{name})" if name in kept_once else f":{name}")
            for name in values
        ]
        sets.append("history = list_append(if_not_exists(history, :none), :step)")
        step = Step(at, job.status, job.status_reason)
        terminal = {f":end{index}": status for index, status in enumerate(TERMINAL)}
        update: Any = {
            "TableName": self._table,
            "Key": {"pk": {"S": run_pk(job.run_id)}},
            "UpdateExpression": "SET " + ", ".join(sets),
            "ConditionExpression": "attribute_exists(pk) "
            "AND (attribute_not_exists(batch_job_id) OR batch_job_id = :batch_job_id) "
            "AND (attribute_not_exists(progress) OR progress < :progress) "
            "AND (attribute_not_exists(#schema) OR #schema <= :schema) "
            f"AND NOT #status IN ({', '.join(terminal)})",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*values, "schema")},
            "ExpressionAttributeValues": to_attributes({
                **{f":{name}": value for name, value in values.items()}, **terminal,
                ":schema": SCHEMA, ":none": [], ":step": [asdict(step)],
            }),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }  # fmt: skip
        if history and (applied := self._apply_with(update, history, at)):
            return applied
        try:
            self._client.update_item(**update)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _not_applied(error.response.get("Item"))
        return "applied"

    def _apply_with(self, update: Any, history: History, at: str) -> Applied | None:
        """Apply a state and write the project's history, both or none; None while another run writes that.

        A duration that gets lost makes the next ticket a little less sure; an end must not wait for it.
        """
        values: dict[str, Any] = {"kind": "history", "seconds": list(history.seconds), "updated_at": at}
        if history.left_checkpoint is not None:
            values["left_checkpoint"] = history.left_checkpoint
        written: Any = {
            "TableName": self._table,
            "Key": {"pk": {"S": history_pk(history.project)}},
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in values),
            "ExpressionAttributeValues": to_attributes({f":{name}": value for name, value in values.items()}),
        }
        try:
            self._client.transact_write_items(TransactItems=[{"Update": update}, {"Update": written}])
        except self._client.exceptions.TransactionCanceledException as error:
            of_run, of_history = error.response["CancellationReasons"]
            if of_run.get("Code") == "ConditionalCheckFailed":
                return _not_applied(of_run.get("Item"))
            if of_run.get("Code") in _CONTENDED:
                raise BusyError("the run's record is being written by another process") from error
            if of_history.get("Code") in _CONTENDED:
                return None
            raise
        return "applied"

    def end(self, run: Run, status: str, cause: Cause, at: str) -> bool:
        """End a run that has no Batch job to end it; False if it moved on meanwhile."""
        step = [asdict(Step(at, status, cause.message))]
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": run_pk(run.run_id)}},
                UpdateExpression="SET #status = :status, cause = :cause, updated_at = :at, "
                "history = list_append(if_not_exists(history, :none), :step)",
                ConditionExpression="#status = :seen AND updated_at = :seen_at",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_attributes({
                    ":status": status, ":cause": asdict(cause), ":at": at, ":seen": run.status,
                    ":seen_at": run.updated_at, ":none": [], ":step": step,
                }),
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def ask_to_cancel(self, run_id: str, caller: str, at: str) -> Run | None:
        """Note who wants the run cancelled; the record as it then is, or None if it has ended or isn't there.

        Whoever submits a claim reads this note afterwards, so that no order of the two lets the job live on.
        """
        terminal = {f":end{index}": status for index, status in enumerate(TERMINAL)}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": run_pk(run_id)}},
                UpdateExpression="SET cancelled_by = if_not_exists(cancelled_by, :caller), updated_at = :at",
                ConditionExpression=f"attribute_exists(pk) AND NOT #status IN ({', '.join(terminal)})",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_attributes({":caller": caller, ":at": at, **terminal}),
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return from_item(answer["Attributes"])

    def follow(self, run_id: str, superseded: str, job_id: str, job_number: int, at: str) -> bool:
        """Let the record follow the Batch job that trains instead of the one that it superseded.

        False if the record doesn't follow `superseded`, or has ended.
        """
        terminal = {f":end{index}": status for index, status in enumerate(TERMINAL)}
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": run_pk(run_id)}},
                UpdateExpression="SET batch_job_id = :job, progress = :progress, updated_at = :at",
                ConditionExpression="batch_job_id = :superseded "
                f"AND NOT #status IN ({', '.join(terminal)})",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_attributes({
                    ":job": job_id, ":superseded": superseded, ":progress": submitted(job_number), ":at": at,
                    **terminal,
                }),
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def to_announce(self, run_id: str, project: str) -> "tuple[Run | None, dict[Name, Held]]":
        """The run, if it is there, and what is remembered of its project's models, in one consistent read."""
        from droptrain.aws import remembered_models

        run_key, models_key = run_pk(run_id), models_pk(project)
        found = self._read_many([run_key, models_key], consistent=True)
        run = from_item(found[run_key]) if run_key in found else None
        return run, remembered_models.from_item(found.get(models_key))

    def mark_announced(self, run: Run, at: str, models: "Mapping[Name, Held] | None" = None) -> None:
        """Note that the notice is out, and give back what the run held of the caps but didn't spend.

        The run leaves the index of active runs; `models` is what to remember of its project's pointers. Once
        for each run, however often it is called. BusyError if others write the same items at this moment.
        """
        mark: dict[str, Any] = {
            "TableName": self._table,
            "Key": {"pk": {"S": run_pk(run.run_id)}},
            "UpdateExpression": "SET announced_at = :at REMOVE active, models_seen",
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(announced_at)",
            "ExpressionAttributeValues": to_attributes({":at": at}),
        }
        others = [*map(partial(self._settle, run), run.holds)]
        if models:
            from droptrain.aws import remembered_models

            others.append(remembered_models.to_update(self._table, models_pk(run.project), models))
        if others:
            self._transact([{"Update": mark}, *others], run)
            return
        try:
            self._client.update_item(**mark)
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def page(
        self, *, project: str | None, where: Mapping[str, str], limit: int, position: Position | None
    ) -> Page:
        """At most `limit` runs, newest first, of one project or of all; `where` names values of attributes.

        Runs with other values are left out, and count for `limit` all the same.

        BadCursorError for a position that no page had.
        """
        index, name, value = ("by_project", "project", project) if project else ("by_time", "kind", KIND)
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": name, **{f"#{each}": each for each in where}},
            "ExpressionAttributeValues": to_attributes(
                {":owner": value, **{f":{each}": wanted for each, wanted in where.items()}}
            ),
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if where:
            query["FilterExpression"] = " AND ".join(f"#{each} = :{each}" for each in where)
        if position:
            query["ExclusiveStartKey"] = position
        try:
            answer = self._client.query(**query)
        except ClientError as error:
            if position and error.response["Error"]["Code"] == "ValidationException":
                raise BadCursorError(
                    "No page of this list ends there; begin again without a cursor"
                ) from error
            raise
        return Page(_readable(answer["Items"]), answer.get("LastEvaluatedKey"))

    def active(self, after: str = "", until: str = _LAST) -> Iterator[tuple[Run, ...]]:
        """Pages of the runs that have not ended or are not announced, oldest first.

        Of each only what the index by_activity has: who it is, where it stands, and its Batch job. With
        `after` and `until` those whose `created_order` is beyond the one and not beyond the other.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_activity",
            KeyConditionExpression="active = :active AND created_order BETWEEN :after AND :until",
            ExpressionAttributeValues=to_attributes(
                {":active": KIND, ":after": after + " ", ":until": until}
            ),
            PaginationConfig={"PageSize": 100},
        )
        for page in pages:
            yield _readable(page["Items"])

    def get_many(self, run_ids: Iterable[str]) -> tuple[Run, ...]:
        """Those of at most 100 runs that are there, as they were a moment ago."""
        return _readable(list(self._read_many(map(run_pk, run_ids)).values()))

    def _read_many(self, pks: Iterable[str], *, consistent: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {}
        keys: Any = [{"pk": {"S": pk}} for pk in pks]
        while keys:
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": consistent}}
            )
            found |= {item["pk"]["S"]: item for item in answer["Responses"].get(self._table, [])}
            left: Any = answer.get("UnprocessedKeys", {})
            keys = left.get(self._table, {}).get("Keys")
        return found

    def _read(self, pk: str) -> dict[str, Any] | None:
        answer = self._client.get_item(TableName=self._table, Key={"pk": {"S": pk}}, ConsistentRead=True)
        return answer.get("Item")

    def _transact(self, writes: list[Any], run: Run) -> int | None:
        """Write all or nothing; the number of the first write whose condition failed, None if all is written.

        Everybody writes the accounts of the caps, and DynamoDB cancels one of two transactions that meet at
        an item, which no retry mode of the SDK repeats. BusyError if they meet too often.
        """
        for tries in range(_MEETINGS):
            try:
                self._client.transact_write_items(TransactItems=writes)
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
                if "ConditionalCheckFailed" in reasons:
                    return reasons.index("ConditionalCheckFailed")
                if not _CONTENDED & set(reasons):
                    raise
                time.sleep(random.uniform(0, _LONGEST_PAUSE / 2 ** (_MEETINGS - tries)))  # noqa: S311
            else:
                return None
        raise BusyError(f"{run.run_id} is being written by another process")

    def _take(self, hold: Hold) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": account_pk(hold.account)}},
                "UpdateExpression": "ADD held :amount",
                "ConditionExpression": "attribute_not_exists(held) OR held <= :room",
                "ExpressionAttributeValues": to_attributes(
                    {":amount": hold.amount, ":room": hold.limit - hold.amount}
                ),
            }
        }

    def _settle(self, run: Run, hold: Hold) -> dict[str, Any]:
        spent = charge(run, hold)
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": account_pk(hold.account)}},
                "UpdateExpression": "ADD held :change, spent :spent",
                "ExpressionAttributeValues": to_attributes({":change": spent - hold.amount, ":spent": spent}),
            }
        }

    def _launch_dataset(self, run: Run, drop: DropClaim) -> dict[str, Any]:
        expression, values = launched(run.run_id, drop.marker, drop.covered_until)
        update: dict[str, Any] = {
            "TableName": self._table,
            "Key": dataset_key(run.project, run.dataset),
            "UpdateExpression": expression,
        }
        if drop.due_at:
            update["ConditionExpression"] = "due_at = :due_at"
            values["due_at"] = drop.due_at
        update["ExpressionAttributeValues"] = to_attributes(
            {f":{name}": value for name, value in values.items()}
        )
        return {"Update": update}

    def _answer(self, run: Run, answer: AnswerClaim) -> dict[str, Any]:
        item = {
            "pk": _answer_pk(answer.answer_id), "kind": "answer", "run_id": run.run_id, "key": answer.key,
            "version_id": answer.version_id, "last_at": run.created_at,
            "expires_at": _answer_expires_at(run.created_at),
        }  # fmt: skip
        put: dict[str, Any] = {"TableName": self._table, "Item": to_attributes(item)}
        if answer.earlier is None:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            put["ConditionExpression"] = "run_id = :earlier"
            put["ExpressionAttributeValues"] = to_attributes({":earlier": answer.earlier.run_id})
        return {"Put": put}

    def _put_new(self, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "Put": {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
        }

    def _count_rerun(self, previous: Run) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": run_pk(previous.run_id)}},
                "UpdateExpression": "SET reruns = :next",
                "ConditionExpression": "attribute_not_exists(reruns) OR reruns = :seen",
                "ExpressionAttributeValues": to_attributes(
                    {":next": previous.reruns + 1, ":seen": previous.reruns}
                ),
            }
        }


def position_of(run: Run, project: str | None) -> Position:
    """The position behind a run in the list of one project's runs, or of all."""
    owner = {"project": run.project} if project else {"kind": KIND}
    return to_attributes({"pk": run_pk(run.run_id), "created_order": run.created_order, **owner})


def history_pk(project: str) -> str:
    """The partition key of a project's history."""
    return f"HISTORY#{project}"


def models_pk(project: str) -> str:
    """The partition key of what is remembered of a project's pointers."""
    return f"MODELS#{project}"


def _answer_pk(answer_id: str) -> str:
    return f"ANSWER#{answer_id}"


def _answer_expires_at(last_at: str) -> int:
    return int((times.from_text(last_at) + _ANSWERS_KEPT_FOR).timestamp())


def _readable(items: list[dict[str, Any]]) -> tuple[Run, ...]:
    """The runs in items; one that no code of ours wrote so hides itself alone, not its page."""
    found: list[Run] = []
    for item in items:
        try:
            found.append(from_item(item))
        except (KeyError, NewerRecordError, TypeError, ValueError):
            logger.exception("An item of the table is no run", extra={"pk": item.get("pk")})
    return tuple(found)


def _not_applied(item: Any) -> Applied:
    """Why a state moved nothing, by the item that was found; NewerRecordError."""
    if not item:
        return "unknown"
    check_schema(item)
    return "stale"


def _item_of(error: ClientError) -> Any:
    item = error.response.get("Item")
    if item is None:
        raise error
    return item
