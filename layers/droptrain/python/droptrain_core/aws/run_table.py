"""The table of runs in DynamoDB: every change of a run's state is one conditional write."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from droptrain_core.aws import claim_writes
from droptrain_core.aws.claim_writes import ClaimWrites
from droptrain_core.aws.run_pages import Page, Position, Ranked, going_on_from, index_of
from droptrain_core.aws.run_record import KIND, from_item, run_pk, to_attributes, to_item
from droptrain_core.aws.sweep_writes import launch_of
from droptrain_core.aws.table_calls import CONTENDED, read_item, read_many, transact
from droptrain_core.aws.transition_writes import compiled, run_key, update_of
from droptrain_core.domain.costs.budget import charge
from droptrain_core.domain.datasets.dataset_record import Answered
from droptrain_core.domain.errors import BusyError, NewerRecordError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs.claims import AnswerClaim, Claimed, DropClaim, RequestClaim
from droptrain_core.domain.runs.retraining import RetrainClaim
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.runs.transitions import Transition
from droptrain_core.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from droptrain_core.domain.runs.model_pointer import Held, Name
    from droptrain_core.domain.runs.promotion import CurrentModel

# Sorts behind every `created_order`, which begins with a year.
_LAST = "~"
Applied = Literal["applied", "stale", "unknown"]


@frozen
class History:
    """How long a project's last successful runs took, in seconds, the oldest first.

    `left_checkpoint` is whether the last of them did so; None where its container didn't tell. `summary`
    summarizes its training data, as JSON.
    """

    project: str
    seconds: tuple[int, ...]
    left_checkpoint: bool | None = None
    summary: str | None = None


@frozen
class Written:
    """What came of a transition: "stale" if its requirements don't hold, "unknown" if there is no such run.

    `run` is the record as it then is; None where it isn't known.
    """

    outcome: Applied
    run: Run | None


class RunTable:
    """Runs, the drops that they took, and the requests that made them."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = self.name = table_name

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
        """Make the record of `run` and take its drop, its request, its place in its sweep, its turn as a
        rerun, its answer, its reservations, its turn to prepare, times of a schedule or a cooldown, all or
        nothing; keep the summary of its training data.

        `holder` is the run that held the digest of its preparation, `previous` the run of which this one is
        the next rerun. A dataset whose drop is taken waits no more. Says what another process has taken
        before, or that a cap has no room; BusyError if another process writes the same items
        (TransactWriteItems, cancellation reasons).
        """
        claim = ClaimWrites(self._table, to_item(run), "run_taken")
        claim.take_drop(drop, run.run_id)
        claim.take_request(request, run.run_id)
        if run.sweep and run.trial:
            claim.add("trial_taken", launch_of(self._table, run.sweep, run.trial, run.created_at))
        if previous:
            claim.add("run_taken", update_of(self._table, transitions.rerun(previous, run)))
        claim.reserve(run.reservations)
        claim.launch_dataset(run, drop)
        if answer:
            claim.add("answered", claim_writes.answer(self._table, run, answer))
        # A rerun of its holder can't wait for it too: a transaction writes each item once.
        if previous is None or run.waits_for != previous.run_id:
            claim.add("holder_changed", *claim_writes.take_turn(self._table, run, holder))
        claim.retrain(run, retraining)
        claim.keep_summary(run, summary)
        return claim.write(self._client, run.run_id)

    def get(self, run_id: str) -> Run | None:
        """The run, read consistently; None if there is none."""
        item = read_item(self._client, self._table, run_pk(run_id))
        return from_item(item) if item else None

    def summary(self, run_id: str) -> str | None:
        """The summary of the run's training data, as JSON; None if none was made, or it has expired."""
        item = read_item(self._client, self._table, claim_writes.summary_pk(run_id))
        return item["summary"]["S"] if item else None

    def find_drop(self, drop: str) -> str | None:
        """The id of the run that took this drop, if any."""
        item = read_item(self._client, self._table, f"DROP#{drop}")
        return item["run_id"]["S"] if item else None

    def find_answer(self, answer_id: str) -> Answered | None:
        """The rejection that answers such uploads, if there is one."""
        item = read_item(self._client, self._table, claim_writes.answer_pk(answer_id))
        if item is None:
            return None
        return Answered(
            *(item[name]["S"] for name in ("run_id", "key", "version_id", "uploaded_at", "last_at"))
        )

    def extend_answer(self, answer_id: str, at: str) -> None:
        """Record that one more upload got this answer; BusyError while the rejection is being written."""
        values = {":at": at, ":expires": claim_writes.answer_expires_at(at)}
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": claim_writes.answer_pk(answer_id)}},
                UpdateExpression="SET last_at = :at, expires_at = :expires",
                ExpressionAttributeValues=to_attributes(values),
            )
        except self._client.exceptions.TransactionConflictException as error:
            raise BusyError("the rejection of this drop is being written") from error

    def find_request(self, key: str) -> tuple[str, str] | None:
        """(run id, digest of the body) of an earlier request with this idempotency key, if any."""
        item = read_item(self._client, self._table, f"REQUEST#{key}")
        return (item["run_id"]["S"], item["body_digest"]["S"]) if item else None

    def find_holder(self, project: str, digest: str) -> str | None:
        """The id of the run that prepares these data, or has prepared them, if any."""
        item = read_item(self._client, self._table, claim_writes.prepared_pk(project, digest))
        return item["run_id"]["S"] if item else None

    def change_turn(self, transition: Transition, run: Run, holder: str | None) -> bool:
        """Change `run`, a claim that waits, take its new turn and change its reservations, all or nothing.

        False if the claim or the digest's holder has changed.
        """
        after = transition.applied_to(run)
        writes = [update_of(self._table, transition), *claim_writes.take_turn(self._table, after, holder)]
        reservations = zip(run.reservations, after.reservations, strict=True)
        writes += [claim_writes.change(self._table, *pair) for pair in reservations if pair[0] != pair[1]]
        return transact(self._client, writes, run.run_id) is None

    def write(self, transition: Transition) -> Written:
        """Change a run's record, if what the transition requires holds.

        BusyError if a transaction writes the record, NewerRecordError if a later release wrote it.
        """
        change = compiled(transition)
        errors = self._client.exceptions
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=run_key(transition.run_id),
                UpdateExpression=change.update,
                ConditionExpression=change.condition,
                ExpressionAttributeNames=change.names,
                ExpressionAttributeValues=change.values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except errors.ConditionalCheckFailedException as error:
            return _held_up(error.response.get("Item"))
        except errors.TransactionConflictException as error:
            raise BusyError(f"{transition.run_id} is being written by another process") from error
        return Written("applied", from_item(answer["Attributes"]))

    def write_with_history(self, transition: Transition, history: History, at: str) -> Written:
        """Change a run's record and its project's history, both or none.

        The history is left out while another run writes it: a duration that gets lost makes the next estimate
        a little less sure, and an end must not wait for it. Errors are those of `write`.
        """
        values: dict[str, Any] = {"kind": "history", "seconds": list(history.seconds), "updated_at": at}
        if history.left_checkpoint is not None:
            values["left_checkpoint"] = history.left_checkpoint
        if history.summary is not None:
            values["summary"] = history.summary
        remembered = {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": history_pk(history.project)}},
                "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in values),
                "ExpressionAttributeValues": to_attributes(
                    {f":{name}": value for name, value in values.items()}
                ),
            }
        }
        writes: Any = [update_of(self._table, transition), remembered]
        try:
            self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as error:
            of_run, of_history = error.response["CancellationReasons"]
            if of_run.get("Code") == "ConditionalCheckFailed":
                return _held_up(of_run.get("Item"))
            if of_run.get("Code") in CONTENDED:
                raise BusyError(f"{transition.run_id} is being written by another process") from error
            if of_history.get("Code") in CONTENDED:
                return self.write(transition)
            raise
        return Written("applied", None)

    def to_notify(self, run_id: str, project: str) -> "tuple[Run | None, dict[Name, Held], CurrentModel]":
        """The run, if it is there, and its project's remembered pointers and current model, in one read."""
        from droptrain_core.aws import model_table, remembered_models

        run_key, models_key = run_pk(run_id), model_table.models_pk(project)
        found = read_many(self._client, self._table, [run_key, models_key], consistent=True)
        run = from_item(found[run_key]) if run_key in found else None
        models = found.get(models_key)
        return run, remembered_models.from_item(models), model_table.from_item(models)

    def mark_notified(self, run: Run, at: str, models: "Mapping[Name, Held] | None" = None) -> None:
        """Note that the notice is out, and give back what the run held of the caps but didn't spend.

        The run leaves the index of active runs; `models` is what to remember of its project's pointers. Once
        for each run, also if it is called again. BusyError if others are writing the same items.
        """
        transition = transitions.notified(run, at)
        others = [claim_writes.settle(self._table, each, charge(run, each)) for each in run.reservations]
        if models:
            from droptrain_core.aws import model_table, remembered_models

            pk = model_table.models_pk(run.project)
            others.append(remembered_models.to_update(self._table, pk, models))
        if others:
            transact(self._client, [update_of(self._table, transition), *others], run.run_id)
        else:
            self.write(transition)

    def page(
        self,
        *,
        project: str | None,
        where: Mapping[str, str],
        tag: str | None = None,
        limit: int,
        position: Position | None,
        ranked: Ranked | None = None,
    ) -> Page:
        """At most `limit` runs, newest first, of one project or of all; `where` names values of attributes.

        With `ranked`, those of a ranking, best first. Runs with other values, or without the `tag`, are left
        out, and count for `limit` all the same.

        BadCursorError for a position that no page had.
        """
        index, owner, value = index_of(project, ranked)
        values = {":owner": value, **{f":{each}": wanted for each, wanted in where.items()}}
        more: dict[str, Any] = {}
        conditions = [f"#{each} = :{each}" for each in where]
        names = {"#owner": owner, **{f"#{each}": each for each in where}}
        if tag:
            conditions.append("contains(#tags, :tag)")
            names["#tags"], values[":tag"] = "tags", tag
        if conditions:
            more["FilterExpression"] = " AND ".join(conditions)
        if position:
            more["ExclusiveStartKey"] = position
        with going_on_from(position):
            answer = self._client.query(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression="#owner = :owner",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=to_attributes(values),
                ScanIndexForward=ranked is not None and ranked.lowest_first,
                Limit=limit,
                **more,
            )
        return Page(_readable(answer["Items"]), answer.get("LastEvaluatedKey"))

    def active(self, after: str = "", until: str = _LAST) -> Iterator[tuple[Run, ...]]:
        """Pages of the runs that have not ended or have no notice yet, oldest first.

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
        return _readable(list(read_many(self._client, self._table, map(run_pk, run_ids)).values()))


def history_pk(project: str) -> str:
    """The partition key of a project's history."""
    return f"HISTORY#{project}"


def _readable(items: list[dict[str, Any]]) -> tuple[Run, ...]:
    """The runs in items; one that no code of ours wrote so hides itself alone, not its page."""
    found: list[Run] = []
    for item in items:
        try:
            found.append(from_item(item))
        except (KeyError, NewerRecordError, TypeError, ValueError):
            logger.exception("An item of the table is no run", extra={"pk": item.get("pk")})
    return tuple(found)


def _held_up(item: Any) -> Written:
    """Why a transition was not written, by the item that was found; NewerRecordError."""
    return Written("stale", from_item(item)) if item else Written("unknown", None)
