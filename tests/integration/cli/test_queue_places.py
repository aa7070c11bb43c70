"""The place of a run in the job queues of a stack on AWS, by the answers of AWS Batch."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from droptrain.stack import Stack
from droptrain_cli import queue_places

SPOT, ON_DEMAND = (
    f"arn:aws:batch:eu-west-1:1:job-queue/{name}" for name in ("SpotJobQueue-a", "OnDemandJobQueue-b")
)
OUTPUTS = [
    {"OutputKey": "SpotJobQueueArn", "OutputValue": SPOT},
    {"OutputKey": "OnDemandJobQueueArn", "OutputValue": ON_DEMAND},
]
WAITS = {"run_id": "p-first-1", "status": "RUNNABLE", "batch_job_id": "mine"}


@pytest.fixture
def batch(stack: Stack) -> Iterator[Stubber]:
    found = {"StackName": "droptrain", "StackStatus": "CREATE_COMPLETE", "CreationTime": datetime.now(UTC)}
    with Stubber(stack.client("cloudformation")) as stubbed, Stubber(stack.client("batch")) as batch:
        stubbed.add_response("describe_stacks", {"Stacks": [{**found, "Outputs": OUTPUTS}]})
        yield batch


def lists(batch: Stubber, queue: str, *job_ids: str) -> None:
    jobs = [{"jobArn": f"arn:aws:batch:eu-west-1:1:job/{job_id}"} for job_id in job_ids]
    batch.add_response("get_job_queue_snapshot", {"frontOfQueue": {"jobs": jobs}}, {"jobQueue": queue})


def test_a_run_after_its_fallback_waits_in_the_on_demand_queue(stack: Stack, batch: Stubber) -> None:
    lists(batch, SPOT, "a", "b")
    lists(batch, ON_DEMAND, "c", "mine")
    assert queue_places.describe(stack, WAITS) == "number 2 in the on-demand queue"


def test_a_run_that_a_full_list_lacks_is_beyond_the_first_hundred(stack: Stack, batch: Stubber) -> None:
    lists(batch, SPOT, *("x" * 100))
    lists(batch, ON_DEMAND)
    assert queue_places.describe(stack, WAITS) == "beyond the first 100 in the Spot queue"


def test_a_run_that_batch_does_not_list_as_waiting_has_no_place(stack: Stack, batch: Stubber) -> None:
    lists(batch, SPOT, "a")
    batch.add_response("get_job_queue_snapshot", {})
    assert queue_places.describe(stack, WAITS) is None


def test_a_run_that_does_not_wait_costs_no_call(stack: Stack) -> None:
    assert queue_places.describe(stack, {**WAITS, "status": "RUNNING"}) is None


def test_credentials_that_may_not_ask_still_show_the_run(stack: Stack, batch: Stubber) -> None:
    batch.add_client_error("get_job_queue_snapshot", "AccessDeniedException")
    place = queue_places.describe(stack, WAITS)
    assert place == "unknown: these credentials may not call GetJobQueueSnapshot"


def test_another_error_is_told(stack: Stack, batch: Stubber) -> None:
    batch.add_client_error("get_job_queue_snapshot", "ServerException")
    with pytest.raises(ClientError):
        queue_places.describe(stack, WAITS)
