"""Accounts are updated beside the transactions of launches and ends."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from droptrain_core.aws.accounts import Accounts
from droptrain_core.domain.errors import BusyError

CONFLICT = "TransactionConflictException"


@pytest.fixture
def stubbed() -> Any:
    client = boto3.client("dynamodb", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield Accounts(client, "table"), stubber


def test_a_conflict_with_a_transaction_is_tried_again(stubbed: Any) -> None:
    accounts, stubber = stubbed
    stubber.add_client_error("update_item", CONFLICT)
    stubber.add_response("update_item", {})
    accounts.mark_notified("2026-11", (50,))
    stubber.assert_no_pending_responses()


def test_after_three_conflicts_the_event_is_delivered_again_later(stubbed: Any) -> None:
    accounts, stubber = stubbed
    for _ in range(3):
        stubber.add_client_error("update_item", CONFLICT)
    with pytest.raises(BusyError):
        accounts.mark_refused("2026-11")
