"""The accounts of the stack's caps in DynamoDB; runs reserve and settle in their own transactions."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from droptrain_core.aws.run_record import to_attributes, to_values
from droptrain_core.aws.table_calls import read_many
from droptrain_core.domain.costs.budget import Account
from droptrain_core.domain.errors import BusyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def account_pk(account: str) -> str:
    """The partition key of an account."""
    return f"BUDGET#{account}"


class Accounts:
    """The sums of reservations and spending."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def read(self, names: Iterable[str]) -> dict[str, Account]:
        """The accounts as they are, by name; an unused account is empty."""
        wanted = dict.fromkeys(names)
        found = read_many(self._client, self._table, map(account_pk, wanted), consistent=True)
        return {name: _account(to_values(found.get(account_pk(name), {}))) for name in wanted}

    def mark_refused(self, account: str) -> None:
        """Record that a launch found no room, so that people are notified once."""
        self._update(account, "SET refused = :yes", {":yes": True})

    def mark_notified(self, account: str, levels: tuple[int, ...]) -> None:
        """Record which levels, in percent, people were notified of."""
        expression = "SET notified = list_append(if_not_exists(notified, :none), :levels)"
        self._update(account, expression, {":none": [], ":levels": list(levels)})

    def _update(self, account: str, expression: str, values: Mapping[str, Any]) -> None:
        """Update the account; launches and ends write it in transactions, which refuse an update meanwhile.

        boto3 doesn't retry such a conflict. BusyError after the last try.
        """
        conflict = self._client.exceptions.TransactionConflictException
        for last in (False, False, True):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key={"pk": {"S": account_pk(account)}},
                    UpdateExpression=expression,
                    ExpressionAttributeValues=to_attributes(values),
                )
            except conflict as error:
                if last:
                    raise BusyError(f"the budget's account {account} is being written") from error
            else:
                return


def _account(values: Mapping[str, Any]) -> Account:
    return Account(
        values.get("committed", 0),
        values.get("spent", 0),
        values.get("refused", False),
        tuple(values.get("notified", ())),
    )
