"""The parts of a claim's transaction, and of a settlement's, beside the run's own record."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.accounts import account_pk
from droptrain_core.aws.dataset_table import dataset_key, launched
from droptrain_core.aws.retrain_table import retrain_key, taking
from droptrain_core.aws.run_record import to_attributes
from droptrain_core.aws.table_calls import transact
from droptrain_core.aws.transition_writes import update_of
from droptrain_core.domain import times
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs.claims import AnswerClaim, Claimed, DropClaim, RequestClaim
from droptrain_core.domain.runs.retraining import Outcome, RetrainClaim
from droptrain_core.domain.runs.run import Reservation, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Longer than any queue keeps an event.
_ANSWERS_KEPT_FOR = timedelta(days=30)
_SUMMARIES_KEPT_FOR = timedelta(days=400)


class ClaimWrites:
    """The writes of one claim, in order: the first whose condition fails says what another process has taken.

    A part that is None is no part of the claim.
    """

    def __init__(self, table: str, item: dict[str, Any], taken: Claimed) -> None:
        self._table = table
        self._writes: list[Any] = []
        self._refusals: list[Claimed] = []
        self.add(taken, _put_new(table, item))

    def add(self, refusal: Claimed, *writes: dict[str, Any]) -> None:
        """Add writes whose conditions fail with this answer."""
        self._writes += writes
        self._refusals += [refusal] * len(writes)

    def write(self, client: "DynamoDBClient", claimant: str) -> Claimed:
        """Write all or nothing; BusyError if another process writes the same items all the time."""
        refused = transact(client, self._writes, claimant)
        return "claimed" if refused is None else self._refusals[refused]

    def take_drop(self, drop: DropClaim | None, run_id: str) -> None:
        """The run takes its drop, and the versions of all datasets that it spans."""
        for identity in filter(None, (drop.drop_id, drop.span_id) if drop else ()):
            item = {"pk": f"DROP#{identity}", "kind": "drop", "run_id": run_id}
            self.add("drop_taken", _put_new(self._table, to_attributes(item)))

    def take_request(self, request: RequestClaim | None, made: str) -> None:
        """The request has `made` this run or sweep."""
        if request is None:
            return
        item = {
            "pk": f"REQUEST#{request.key}", "kind": "request", "run_id": made,
            "body_digest": request.body_digest, "expires_at": request.expires_at,
        }  # fmt: skip
        self.add("request_taken", _put_new(self._table, to_attributes(item)))

    def reserve(self, reservations: Iterable[Reservation]) -> None:
        """Each account has room for its reservation, and loses it."""
        for each in reservations:
            update = {
                "TableName": self._table,
                "Key": {"pk": {"S": account_pk(each.account)}},
                "UpdateExpression": "ADD committed :amount",
                "ConditionExpression": "attribute_not_exists(committed) OR committed <= :room",
                "ExpressionAttributeValues": to_attributes(
                    {":amount": each.amount, ":room": each.limit - each.amount}
                ),
            }
            self.add("no_room", {"Update": update})

    def launch_dataset(self, run: Run, drop: DropClaim | None) -> None:
        """The dataset whose drop is taken waits no more, unless an upload has postponed its launch."""
        if drop is None:
            return
        expression, values = launched(run.run_id, drop.marker, drop.covered_until, accepted=not run.ended)
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
        self.add("postponed", {"Update": update})

    def retrain(self, run: Run, claim: RetrainClaim | None) -> None:
        """The run takes times of its project's schedule, or begins a cooldown."""
        if claim is None:
            return
        outcome: Outcome = "rejected" if run.ended else "launched"
        expression, condition, values = taking(claim, outcome, run.run_id)
        update = {
            "TableName": self._table,
            "Key": retrain_key(claim.project),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        self.add(claim.refusal, {"Update": update})

    def keep_summary(self, run: Run, summary: str | None) -> None:
        """The summary of the run's training data is kept; this part can't fail."""
        if summary is None:
            return
        expires_at = int((times.from_text(run.created_at) + _SUMMARIES_KEPT_FOR).timestamp())
        item = {
            "pk": summary_pk(run.run_id), "kind": "summary", "summary": summary, "expires_at": expires_at,
        }  # fmt: skip
        self.add("run_taken", {"Put": {"TableName": self._table, "Item": to_attributes(item)}})


def _put_new(table: str, item: dict[str, Any]) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}


def change(table: str, before: Reservation, after: Reservation) -> dict[str, Any]:
    """The reservation `after` replaces the one `before`."""
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": account_pk(before.account)}},
            "UpdateExpression": "ADD committed :change",
            "ExpressionAttributeValues": to_attributes({":change": after.amount - before.amount}),
        }
    }


def settle(table: str, reservation: Reservation, spent: int) -> dict[str, Any]:
    """What was `spent` replaces the reservation."""
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": account_pk(reservation.account)}},
            "UpdateExpression": "ADD committed :change, spent :spent",
            "ExpressionAttributeValues": to_attributes(
                {":change": spent - reservation.amount, ":spent": spent}
            ),
        }
    }


def answer(table: str, run: Run, answer: AnswerClaim) -> dict[str, Any]:
    """The run answers uploads; the condition fails if another run has answered them meanwhile."""
    item = {
        "pk": answer_pk(answer.answer_id), "kind": "answer", "run_id": run.run_id, "key": answer.key,
        "version_id": answer.version_id, "uploaded_at": answer.at, "last_at": answer.at,
        "expires_at": answer_expires_at(run.created_at),
    }  # fmt: skip
    put: dict[str, Any] = {"TableName": table, "Item": to_attributes(item)}
    if answer.earlier is None:
        put["ConditionExpression"] = "attribute_not_exists(pk)"
    else:
        put["ConditionExpression"] = "run_id = :earlier"
        put["ExpressionAttributeValues"] = to_attributes({":earlier": answer.earlier.run_id})
    return {"Put": put}


def take_turn(table: str, run: Run, holder: str | None) -> list[dict[str, Any]]:
    """What a claim writes for its preparation step: it waits for the holder, or becomes the holder.

    `holder` held the digest when it was read; the write fails if another run does by now.
    """
    if run.preparation is None or run.ended or not run.is_preparing:
        return []
    if run.waits_for:
        return [update_of(table, transitions.awaited(run.waits_for, run.run_id))]
    values = {":run_id": run.run_id, ":kind": "prepared"}
    condition = "attribute_not_exists(run_id)"
    if holder:
        condition, values = "run_id = :holder", values | {":holder": holder}
    return [{
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": prepared_pk(run.project, run.preparation.digest)}},
            "UpdateExpression": "SET run_id = :run_id, kind = :kind",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_attributes(values),
        }
    }]  # fmt: skip


def prepared_pk(project: str, digest: str) -> str:
    """The partition key of the record that names a digest's holder."""
    return f"PREPARED#{project}#{digest}"


def summary_pk(run_id: str) -> str:
    """The partition key of the summary of a run's training data."""
    return f"SUMMARY#{run_id}"


def answer_pk(answer_id: str) -> str:
    """The partition key of the record of uploads that have one answer together."""
    return f"ANSWER#{answer_id}"


def answer_expires_at(last_at: str) -> int:
    """When the record of an answer expires, in epoch seconds, after its last upload."""
    return int((times.from_text(last_at) + _ANSWERS_KEPT_FOR).timestamp())
