"""Sweeps in the table of runs: every change of a sweep's state is one conditional write."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from droptrain_core.aws import claim_writes
from droptrain_core.aws.claim_writes import ClaimWrites
from droptrain_core.aws.run_pages import Position, going_on_from
from droptrain_core.aws.run_record import from_item as run_from_item
from droptrain_core.aws.run_record import run_pk, to_attributes
from droptrain_core.aws.sweep_writes import KIND, from_item, index_of, sweep_id_of, sweep_pk, to_item
from droptrain_core.aws.table_calls import read_item, read_many, transact
from droptrain_core.aws.transition_writes import compiled, update_at
from droptrain_core.domain.costs.budget import RUNNING, to_micro
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.claims import Claimed, DropClaim, RequestClaim
from droptrain_core.domain.sweeps import transitions
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.transitions import SweepTransition
from droptrain_core.domain.sweeps.trial import Trial, trials_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from droptrain_core.domain.runs.model_pointer import Held, Name
    from droptrain_core.domain.runs.retraining import RetrainClaim


@frozen
class ActiveSweep:
    """A sweep without a notice, as the index of active ones has it."""

    sweep_id: str
    status: str
    updated_at: str
    created_order: str


@frozen
class SweepPage:
    """Some sweeps, newest first, and where the next page starts; None after the last one."""

    sweeps: tuple[Sweep, ...]
    position: Position | None


class SweepTable:
    """Sweeps and their trials."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def create(
        self,
        sweep: Sweep,
        drop: DropClaim | None = None,
        request: RequestClaim | None = None,
        summary: str | None = None,
        retraining: "RetrainClaim | None" = None,
    ) -> Claimed:
        """Make the sweep's record with its reservations, and take its drop, its request, and times of a
        schedule or a cooldown, all or nothing.

        `summary` is that of its training data. The drop's run is the first trial. BusyError if another
        process writes the same items.
        """
        first = sweep.first_run
        claim = ClaimWrites(self._table, to_item(sweep), "sweep_taken")
        claim.take_drop(drop, first.run_id)
        claim.take_request(request, sweep.sweep_id)
        claim.reserve(sweep.reservations)
        claim.launch_dataset(first, drop)
        claim.retrain(first, retraining)
        claim.keep_summary(sweep.template, summary)
        return claim.write(self._client, sweep.sweep_id)

    def get(self, sweep_id: str) -> Sweep | None:
        """The sweep, read consistently; None if there is none."""
        item = read_item(self._client, self._table, sweep_pk(sweep_id))
        return from_item(item) if item else None

    def trials(self, sweep: Sweep) -> tuple[Trial, ...]:
        """All trials that have their parameters, read consistently."""
        found = read_many(self._client, self._table, map(run_pk, sweep.run_ids), consistent=True)
        return trials_of(sweep, map(run_from_item, found.values()))

    def write(self, transition: SweepTransition) -> Sweep | None:
        """Change a sweep's record; the record after that, None if what the transition requires doesn't hold.

        BusyError if a transaction writes the record, NewerRecordError if a later release wrote it.
        """
        change = compiled(transition)
        errors = self._client.exceptions
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": sweep_pk(transition.sweep_id)}},
                UpdateExpression=change.update,
                ConditionExpression=change.condition,
                ExpressionAttributeNames=change.names,
                ExpressionAttributeValues=change.values,
                ReturnValues="ALL_NEW",
            )
        except errors.ConditionalCheckFailedException:
            return None
        except errors.TransactionConflictException as error:
            raise BusyError(f"{transition.sweep_id} is being written by another process") from error
        return from_item(answer["Attributes"])

    def mark_notified(self, sweep: Sweep, at: str, models: "Mapping[Name, Held] | None" = None) -> None:
        """Note that the notice is out, and give back what the sweep reserved but didn't spend.

        The sweep leaves the index of active ones; `models` is what to remember of its project's pointers.
        Once for each sweep, also if it is called again. BusyError if others are writing the same items.
        """
        spent = to_micro(sweep.standing.charged_usd if sweep.standing else 0.0)
        writes: list[Any] = [
            update_at(self._table, sweep_pk(sweep.sweep_id), transitions.notified(sweep, at)),
            *(
                claim_writes.settle(self._table, each, 0 if each.account == RUNNING else spent)
                for each in sweep.reservations
            ),
        ]
        if models:
            from droptrain_core.aws import remembered_models
            from droptrain_core.aws.model_table import models_pk

            writes.append(remembered_models.to_update(self._table, models_pk(sweep.project), models))
        transact(self._client, writes, sweep.sweep_id)

    def page(self, *, project: str | None, limit: int, position: Position | None) -> SweepPage:
        """At most `limit` sweeps, newest first, of one project or of all; BadCursorError."""
        index, owner, value = index_of(project)
        more: dict[str, Any] = {"ExclusiveStartKey": position} if position else {}
        with going_on_from(position):
            answer = self._client.query(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#owner": owner},
                ExpressionAttributeValues=to_attributes({":owner": value}),
                ScanIndexForward=False,
                Limit=limit,
                **more,
            )
        return SweepPage(tuple(map(from_item, answer["Items"])), answer.get("LastEvaluatedKey"))

    def active(self, after: str, until: str) -> Iterator[ActiveSweep]:
        """The sweeps that run or have no notice yet, by `created_order` beyond the one up to the other."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_activity",
            KeyConditionExpression="active = :active AND created_order BETWEEN :after AND :until",
            ExpressionAttributeValues=to_attributes(
                {":active": KIND, ":after": after + " ", ":until": until}
            ),
        )
        for page in pages:
            for item in page["Items"]:
                sweep_id = sweep_id_of(item["pk"]["S"])
                assert sweep_id is not None
                yield ActiveSweep(
                    sweep_id, *(item[name]["S"] for name in ("status", "updated_at", "created_order"))
                )
