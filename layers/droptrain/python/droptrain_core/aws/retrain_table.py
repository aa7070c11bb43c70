"""When projects train again, in the runs' table: an item for each project whose recipe says so."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.run_record import to_attributes, to_values
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs.retraining import Outcome, RetrainClaim, Retraining, ScheduleClaim

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_UNCOVERED = "attribute_not_exists(covered_until) OR covered_until < :due_at"

_NO_COOLDOWN = "attribute_not_exists(cooldown_until) OR cooldown_until <= :launched_at"


def retrain_key(project: str) -> dict[str, Any]:
    """The primary key of a project's item."""
    return {"pk": {"S": f"RETRAIN#{project}"}}


def taking(claim: RetrainClaim, outcome: Outcome, run_id: str | None) -> tuple[str, str, dict[str, Any]]:
    """The update that takes times of a schedule, or a cooldown: its expression, condition and values."""
    values: dict[str, Any]
    if isinstance(claim, ScheduleClaim):
        condition = _UNCOVERED
        values = {
            "covered_until": claim.covered_until, "due_at": claim.due_at, "outcome": outcome,
            "run_id": run_id,
        }  # fmt: skip
    else:
        condition = _NO_COOLDOWN
        values = {"launched_at": claim.at, "launched_run": run_id, "cooldown_until": claim.until}
    sets = ", ".join(f"{name} = :{name}" for name in values)
    return f"SET {sets}", condition, to_attributes({f":{name}": value for name, value in values.items()})


class RetrainTable:
    """Reads and writes these items."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def read(self, project: str) -> Retraining:
        """What is known, read consistently; an empty record if nothing is."""
        answer = self._client.get_item(TableName=self._table, Key=retrain_key(project), ConsistentRead=True)
        values: Mapping[str, Any] = to_values(answer["Item"]) if "Item" in answer else {}
        known = {name: values.get(name) for name in Retraining.__dataclass_fields__ if name != "project"}
        return Retraining(project=project, **known)

    def keep_schedule(self, project: str, schedule: str, time_zone: str) -> None:
        """Record the schedule that the project gets in EventBridge Scheduler."""
        with self._between_launches(project):
            self._client.update_item(
                TableName=self._table,
                Key=retrain_key(project),
                UpdateExpression="SET schedule = :schedule, time_zone = :time_zone",
                ExpressionAttributeValues={":schedule": {"S": schedule}, ":time_zone": {"S": time_zone}},
            )

    def forget_schedule(self, project: str) -> None:
        """Record that the project has no schedule; the times that were answered stay so."""
        with self._between_launches(project):
            self._client.update_item(
                TableName=self._table,
                Key=retrain_key(project),
                UpdateExpression="REMOVE schedule, time_zone",
            )

    def answer(self, claim: ScheduleClaim, outcome: Outcome, run_id: str | None) -> bool:
        """Give times of a schedule an answer without a new run; False if they have one."""
        expression, condition, values = taking(claim, outcome, run_id)
        try:
            with self._between_launches(claim.project):
                self._client.update_item(
                    TableName=self._table,
                    Key=retrain_key(claim.project),
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def move_cooldown(self, known: Retraining, until: str) -> bool:
        """Let the cooldown end at another time; False if another launch has begun a new one."""
        try:
            with self._between_launches(known.project):
                self._client.update_item(
                    TableName=self._table,
                    Key=retrain_key(known.project),
                    UpdateExpression="SET cooldown_until = :until",
                    ConditionExpression="launched_at = :launched_at",
                    ExpressionAttributeValues=to_attributes(
                        {":until": until, ":launched_at": known.launched_at}
                    ),
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    @contextmanager
    def _between_launches(self, project: str) -> Iterator[None]:
        """BusyError while a launch writes the project's item."""
        try:
            yield
        except self._client.exceptions.TransactionConflictException as error:
            raise BusyError(f"{project} is being launched") from error
