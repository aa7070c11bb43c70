"""What a step of a sweep costs: the same calls with a few trials behind it or with hundreds."""

import copy
from collections import Counter
from typing import Any

from droptrain_core.aws.run_record import run_pk
from droptrain_core.aws.sweep_writes import sweep_pk
from droptrain_core.domain.sweeps.sweep import Sweep
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from support.core_stack import Stack
from support.made_calls import made_calls
from support.sweeping import advance, end_job, now, project, start

FEW, MANY = 3, 150


def multiply(stack: Stack, sweep: Sweep, trials: int) -> None:
    """Let the sweep have so many trials that are like its first one, without the calls that takes."""
    items: dict[DynamoType, Any] = dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].tables["runs"].items
    first = items[DynamoType({"S": run_pk(sweep.run_id(1))})]
    for number in range(2, trials + 1):
        run_id = sweep.run_id(number)
        item = copy.copy(first)
        changes = {"pk": DynamoType({"S": run_pk(run_id)}), "run_id": DynamoType({"S": run_id})}
        item.attrs = {**first.attrs, **changes, "trial": DynamoType({"N": str(number)})}
        item.hash_key = item.attrs["pk"]
        items[item.hash_key] = item
    record = items[DynamoType({"S": sweep_pk(sweep.sweep_id)})]
    record.attrs |= dict.fromkeys(("launched", "recorded"), DynamoType({"N": str(trials)}))


def step(stack: Stack, trials: int) -> tuple[Counter[str], int]:
    """The calls from the end of the last of so many trials to the next one's job, and the record's size."""
    sweep = start(project(stack), method="random", trials=500, parallel=1, space={"rate": "0.1..1"})
    end_job(stack, sweep, 1, 0.5)
    multiply(stack, sweep, trials)
    with made_calls() as calls:
        advance(stack, sweep)
    after = now(stack, sweep)
    assert (after.recorded, after.known_standing.counts.succeeded) == (trials + 1, trials)
    item = stack.dynamodb.get_item(TableName=stack.table.name, Key={"pk": {"S": sweep_pk(sweep.sweep_id)}})
    return calls, len(str(item["Item"]))


def test_a_step_reads_a_hundred_trials_with_a_call_and_costs_nothing_else_more(stack: Stack) -> None:
    few, size = step(stack, FEW)
    few_trials = few.pop("BatchGetItem")
    stack.put("projects/penguins/code/run.sh", b"echo another sweep\n")
    many, size_then = step(stack, MANY)
    assert (few_trials, many.pop("BatchGetItem")) == (1, 2)
    assert many == few
    assert size_then < size + 200
