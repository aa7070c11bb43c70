"""What a run may cost and what it cost: from prices and history in the table to the record."""

import json
from dataclasses import replace
from typing import Any

import pytest
from droptrain_core.domain.costs.pricing import PRICES_AS_OF, Refreshed, Size
from droptrain_core.domain.errors import BusyError
from support.core_stack import PRICES, Stack
from support.records import job_detail

T4 = Size(1, 4, 16)
READ = Refreshed(
    {"g4dn.xlarge": 0.6},
    "2026-11-23T00:00:00Z",
    {"g4dn.xlarge": {"eu-west-1a": 0.3, "eu-west-1b": 0.2}},
    "2026-11-23T00:00:00Z",
    {"g4dn.xlarge": T4},
    "2026-11-23T00:00:00Z",
)
AT = "2026-11-23T00:00:00Z"
SECONDS = 1800


def launched(stack: Stack, dataset: str = "first") -> str:
    stack.publish_project()
    for event in stack.drop(dataset):
        stack.launch.upload(*event)
    return next(run.run_id for run in stack.query.runs(limit=10).runs if run.dataset == dataset)


def ended(stack: Stack, run_id: str, status: str = "SUCCEEDED", *, attempts: int = 1, **changes: Any) -> Any:
    """The run after its Batch job ended so, an attempt each hour; all but the last were reclaimed."""
    run = stack.table.get(run_id)
    assert run
    start = 1795399800000
    each = [
        {
            "startedAt": start + number * 3_600_000,
            "stoppedAt": start + number * 3_600_000 + SECONDS * 1000,
            "container": {"exitCode": 0},
            "statusReason": "" if number == attempts - 1 else "Host EC2 (instance i-0abc) terminated.",
        }
        for number in range(attempts)
    ]
    detail = job_detail(status, jobName=run_id, jobId=run.batch_job_id, **changes) | {"attempts": each}
    assert stack.track.event(detail) == "applied"
    return stack.table.get(run_id)


def calls(stack: Stack) -> list[str]:
    """The names of all calls to S3 and DynamoDB from now on."""
    made: list[str] = []
    for client in (stack.s3, stack.dynamodb):
        client.meta.events.register("before-call", lambda model, **_: made.append(model.name))
    return made


def test_a_launch_has_a_estimate_from_the_shipped_prices(stack: Stack) -> None:
    run = stack.table.get(launched(stack))
    assert run
    assert run.estimate
    (offer,) = run.estimate.offers
    assert (offer.on_demand_usd_per_hour, offer.spot_usd_per_hour) == (0.587, None)
    assert run.estimate.worst_usd == pytest.approx(0.587 * (4 * 3600 + 1080) / 3600)
    assert (run.estimate.expected_usd, run.estimate.priced_at) == (None, PRICES_AS_OF)


def test_refreshed_prices_are_in_the_next_estimate(stack: Stack) -> None:
    assert stack.prices.refresh(READ, AT)
    run = stack.table.get(launched(stack))
    assert run
    assert run.estimate
    (offer,) = run.estimate.offers
    assert (offer.on_demand_usd_per_hour, offer.spot_usd_per_hour, offer.spot_zone) == (
        0.6, 0.2, "eu-west-1b",
    )  # fmt: skip
    assert (run.estimate.priced_at, run.estimate.spot_priced_at) == (AT, AT)


def test_an_older_refresh_never_overwrites_a_newer_one(stack: Stack) -> None:
    older = replace(READ, on_demand={"g4dn.xlarge": 9.0})
    assert stack.prices.refresh(READ, "2026-11-23T06:00:00Z")
    assert not stack.prices.refresh(older, "2026-11-23T05:59:59Z")
    assert not stack.prices.refresh(older, "2026-11-23T06:00:00Z")
    assert stack.prices.read("p").prices.on_demand == {"g4dn.xlarge": 0.6}


def test_a_half_that_was_not_read_stays_as_it_is(stack: Stack) -> None:
    spot = Refreshed(spot={"g4dn.xlarge": {"eu-west-1a": 0.1}}, spot_at="2026-11-23T06:00:00Z")
    assert stack.prices.read("p").prices == PRICES
    assert stack.prices.refresh(READ, AT)
    assert stack.prices.refresh(spot, "2026-11-23T06:00:00Z")
    prices = stack.prices.read("p").prices
    assert (prices.on_demand, prices.priced_at) == ({"g4dn.xlarge": 0.6}, AT)
    assert (prices.spot, prices.spot_priced_at) == (spot.spot, "2026-11-23T06:00:00Z")


def test_what_successful_runs_took_is_what_the_next_is_expected_to_take(stack: Stack) -> None:
    stack.prices.refresh(READ, AT)
    ended(stack, launched(stack))
    ended(stack, launched(stack, "second"), "FAILED", attempts=2)
    run = stack.table.get(launched(stack, "third"))
    assert run
    assert run.estimate
    assert (run.estimate.expected_seconds, run.estimate.expected_usd) == (SECONDS, 0.1)
    assert run.estimate.basis.startswith("as long as the project's last successful run, at the price of")


def test_a_project_whose_long_runs_leave_no_checkpoint_is_warned_before_the_next(stack: Stack) -> None:
    def end(dataset: str, **account: bool) -> str:
        run_id = launched(stack, dataset)
        run = stack.table.get(run_id)
        tell(stack, run_id, {"batch_job_id": run.batch_job_id, "attempt": 1, **account})
        ended(stack, run_id)
        return run_id

    def warnings(run_id: str) -> list[str]:
        return [each.rule for each in stack.table.get(run_id).warnings]

    unsaved = end("first", left_checkpoint=False)
    assert warnings(unsaved) == []
    assert warnings(end("second")) == ["no_checkpoint"]  # its container told nothing: what is known stays
    warned = end("third", left_checkpoint=True)
    assert warnings(warned) == ["no_checkpoint"]
    assert warnings(launched(stack, "fourth")) == []
    assert stack.launch.repeat(warned, caller="ann")[0].warnings == ()
    stack.put("projects/penguins/train.yaml", b"spot: never\n")
    end("fifth", left_checkpoint=False)
    assert warnings(launched(stack, "sixth")) == []
    assert [each.rule for each in stack.launch.repeat(warned, caller="ann")[0].warnings] == ["no_checkpoint"]


def test_a_history_keeps_the_last_runs_of_its_own_project(stack: Stack) -> None:
    for number in range(12):
        ended(stack, launched(stack, f"d{number}"))
    assert stack.prices.read("penguins").history == (SECONDS,) * 10
    assert stack.prices.read("others").history == ()


def test_prices_cost_a_launch_one_call_and_an_end_one(stack: Stack) -> None:
    made = calls(stack)
    run_id = launched(stack)
    # Prices with history, and the caps; for each of two uploads the dataset's record with its project's load.
    assert made.count("BatchGetItem") == 4
    del made[:]
    run = stack.table.get(run_id)
    assert run
    del made[:]
    stack.track.event(job_detail("SUCCEEDED", attempts=1, jobName=run_id, jobId=run.batch_job_id))
    assert made == ["GetObject", "BatchGetItem", "TransactWriteItems", "UpdateItem"]
    del made[:]
    assert stack.track.event(job_detail("SUCCEEDED", jobName=run_id, jobId=run.batch_job_id)) == "stale"
    assert "TransactWriteItems" not in made


def test_an_end_never_waits_for_the_history(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DynamoDB answers while another run of the project ends (moto has no such moment)."""
    run_id = launched(stack)
    refuse(stack, monkeypatch, ["None", "TransactionConflict"])
    run = ended(stack, run_id)
    assert (run.status, run.cost.seconds) == ("SUCCEEDED", SECONDS)
    assert stack.prices.read("penguins").history == ()


def test_an_end_that_others_write_at_this_moment_comes_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = launched(stack)
    refuse(stack, monkeypatch, ["TransactionConflict", "None"])
    with pytest.raises(BusyError, match="written by another process"):
        ended(stack, run_id)


def refuse(stack: Stack, monkeypatch: pytest.MonkeyPatch, codes: list[str]) -> None:
    answer = {"CancellationReasons": [{"Code": code} for code in codes]}
    refusal = stack.dynamodb.exceptions.TransactionCanceledException(
        {"Error": {"Code": "TransactionCanceledException"}, **answer}, "TransactWriteItems"
    )

    def transact_write_items(**_: Any) -> None:
        raise refusal

    monkeypatch.setattr(stack.dynamodb, "transact_write_items", transact_write_items)


def tell(stack: Stack, run_id: str, account: dict[str, Any]) -> None:
    stack.put(f"runs/penguins/{run_id}/outcome.json", json.dumps(account).encode())


def test_each_attempt_is_priced_by_what_its_container_told(stack: Stack) -> None:
    stack.prices.refresh(READ, AT)
    run_id = launched(stack)
    run = stack.table.get(run_id)
    assert run
    spot = {"id": "i-1", "type": "g4dn.xlarge", "zone": "eu-west-1a", "lifecycle": "spot"}
    account = {
        "batch_job_id": run.batch_job_id, "attempt": 2, "ended_at": "2026-11-23T03:40:00Z",
        "instance": {**spot, "zone": "eu-west-1b", "lifecycle": "on-demand"},
        "attempts": [
            {"batch_job_id": run.batch_job_id, "attempt": 1, "started_at": None, "instance": spot},
            {"batch_job_id": "another", "attempt": 2, "instance": spot},
        ],
    }  # fmt: skip
    tell(stack, run_id, account)
    cost = ended(stack, run_id, attempts=2).cost
    assert [(each.lifecycle, each.usd_per_hour, each.usd, each.reclaimed) for each in cost.attempts] == [
        ("spot", 0.3, 0.15, True), ("spot", 0.2, 0.1, False),
    ]  # fmt: skip
    assert (cost.estimate_usd, cost.reclaimed_usd, cost.seconds) == (0.25, 0.15, 2 * SECONDS)


def test_an_account_without_an_end_says_where_the_attempt_ran_and_not_why_it_ended(stack: Stack) -> None:
    stack.prices.refresh(READ, AT)
    stack.put("projects/penguins/train.yaml", b"spot: only\n")
    run_id = launched(stack)
    run = stack.table.get(run_id)
    assert run
    spot = {"type": "g4dn.xlarge", "zone": "eu-west-1b", "lifecycle": "spot"}
    begun = {"batch_job_id": run.batch_job_id, "attempt": 1, "status": "running", "instance": spot}
    tell(stack, run_id, {**begun, "metrics": {"loss": 1.0}})
    failed = ended(stack, run_id, "FAILED", statusReason="Host EC2 (instance i-0abc) terminated.")
    assert (failed.cause.code, failed.metrics) == ("reclaimed", {})
    assert (failed.cost.usd_per_hour, failed.cost.estimate_usd) == (0.2, 0.1)


def test_a_record_from_before_prices_were_kept_by_attempt_is_read(stack: Stack) -> None:
    """Records live longer than the code that wrote them."""
    run = ended(stack, launched(stack))
    names = {"#cost": "cost"}
    stack.dynamodb.update_item(
        TableName="runs", Key={"pk": {"S": f"RUN#{run.run_id}"}}, ExpressionAttributeNames=names,
        UpdateExpression="REMOVE #cost.attempts, #cost.reclaimed_usd, estimate",
    )  # fmt: skip
    read = stack.table.get(run.run_id)
    assert read
    assert read.cost
    assert (read.cost.attempts, read.cost.reclaimed_usd, read.estimate) == ((), 0.0, None)


def test_a_repeat_has_a_estimate_of_its_own(stack: Stack) -> None:
    run_id = launched(stack)
    ended(stack, run_id)
    repeat, _ = stack.launch.repeat(run_id, caller="ann")
    assert repeat.estimate
    assert repeat.estimate.expected_seconds == SECONDS
