"""Code of today meets what an earlier release left: runs in every state, and the events still to come."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from droptrain_container.plan import read as read_plan
from droptrain_core.aws.run_record import SCHEMA, from_item
from droptrain_core.domain.errors import NewerRecordError
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.transitions import observed
from releases.record import record
from support.core_stack import PRICES, Stack

RECORDINGS = sorted(Path(__file__).parents[2].joinpath("releases").glob("*.json"))
IN_FLIGHT = ("submitted", "runnable", "starting", "running", "reclaimed", "on-demand", "cancelling")


@pytest.fixture(params=RECORDINGS, ids=lambda path: path.stem)
def left(request: pytest.FixtureRequest, stack: Stack) -> dict[str, Any]:
    """What a release left, loaded into the table and the bucket; an hour has passed since."""
    recorded: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    for key, body in recorded["bucket"].items():
        stack.put(key, body.encode())
    for item in recorded["table"]:
        stack.dynamodb.put_item(TableName="runs", Item=item)
    stack.now = datetime.fromisoformat(recorded["now"]) + timedelta(minutes=30)
    return recorded


def run_of(stack: Stack, dataset: str) -> Any:
    return next(run for run in stack.query.runs(limit=100).runs if run.dataset == dataset)


def tell_the_rest(stack: Stack, left: dict[str, Any]) -> None:
    for events in left["events"].values():
        for event in events:
            stack.track.event(event["detail"])


def held(stack: Stack) -> dict[str, int]:
    names = ["2026-11", "2026-11#penguins", "running"]
    return {name: account.reserved for name, account in stack.accounts.read(names).items()}


def test_a_run_in_flight_goes_on_and_ends_as_its_events_say(stack: Stack, left: dict[str, Any]) -> None:
    assert set(left["events"]) == set(IN_FLIGHT)
    before = {name: run_of(stack, name) for name in IN_FLIGHT}
    assert not [name for name, run in before.items() if run.ended]
    tell_the_rest(stack, left)
    for name in IN_FLIGHT:
        run = run_of(stack, name)
        assert run.status == ("CANCELLED" if name == "cancelling" else "SUCCEEDED"), name
        assert run.created_at == before[name].created_at
        assert run.history[: len(before[name].history)] == before[name].history
        if run.status == "SUCCEEDED":
            assert run.metrics == {"accuracy": 0.9}, name
            assert run.cost is not None
            assert run.cost.instance_type == "g4dn.xlarge"
    assert len(run_of(stack, "reclaimed").attempts) == 2
    assert len(run_of(stack, "on-demand").attempts) == 4


def test_a_claim_that_was_left_gets_its_batch_job(stack: Stack, left: dict[str, Any]) -> None:
    assert run_of(stack, "claimed").status == "CLAIMED"
    stack.reconcile.all()
    run = run_of(stack, "claimed")
    assert run.status == "SUBMITTED"
    (job,) = [job for job in stack.batch_jobs() if job["jobName"] == run.run_id]
    assert job["jobId"] == run.batch_job_id


def test_every_end_is_announced_once_and_frees_what_it_held(stack: Stack, left: dict[str, Any]) -> None:
    assert held(stack)["running"] == 9
    tell_the_rest(stack, left)
    ended = [run for run in stack.query.runs(limit=100).runs if run.ended]
    assert len(ended) == len(IN_FLIGHT) + 3
    for _ in range(2):
        for run in ended:
            stack.notify.ended(run.run_id, run.project)
    notified = [event["detail"]["run_id"] for event in stack.events_on_bus()]
    assert sorted(notified) == sorted(run.run_id for run in ended if run.dataset != "notified")
    assert len(stack.notices()) == len(notified)
    left_over = held(stack)
    claimed = run_of(stack, "claimed")
    assert left_over == {each.account: each.amount for each in claimed.reservations}


def test_a_dataset_that_waited_is_still_waited_for(stack: Stack, left: dict[str, Any]) -> None:
    (waiting,) = stack.query.projects(limit=10).projects[0].waiting
    assert (waiting.dataset, waiting.missing) == ("waiting", ("test.csv",))
    answer = stack.launch.upload(*stack.put("projects/penguins/data/waiting/test.csv"))
    assert answer.answer == "launched"
    assert not stack.query.projects(limit=10).projects[0].waiting


def test_the_same_upload_finds_the_run_that_it_had(stack: Stack, left: dict[str, Any]) -> None:
    run = run_of(stack, "running")
    upload = run.inputs[0].object
    before = datetime.fromisoformat(run.created_at) - timedelta(minutes=1)
    assert stack.launch.upload(upload.key, upload.version_id, before).run_id == run.run_id


def test_the_plans_and_prices_that_were_left_are_read(stack: Stack, left: dict[str, Any]) -> None:
    plans = [body for key, body in left["bucket"].items() if key.endswith("/run.json")]
    assert len(plans) == 10
    for body in plans:
        assert read_plan(body.encode(), "data").entrypoint == "run.sh"
    assert stack.prices.read("penguins").prices != PRICES


def test_the_present_code_can_be_recorded_for_the_next_release() -> None:
    recorded = record()
    assert set(recorded["events"]) == set(IN_FLIGHT)
    (latest, *_) = [json.loads(path.read_text("utf-8")) for path in reversed(RECORDINGS)]
    kinds = [{item["pk"]["S"].split("#")[0] for item in each["table"]} for each in (recorded, latest)]
    assert kinds[0] == kinds[1], "what is new in the table belongs into a recording"


def newer(stack: Stack, dataset: str) -> str:
    """Let a record be of a later release; its id."""
    run_id: str = run_of(stack, dataset).run_id
    stack.dynamodb.update_item(
        TableName="runs", Key={"pk": {"S": f"RUN#{run_id}"}},
        UpdateExpression="SET #schema = :next", ExpressionAttributeNames={"#schema": "schema"},
        ExpressionAttributeValues={":next": {"N": str(SCHEMA + 1)}},
    )  # fmt: skip
    return run_id


def test_a_record_of_a_later_release_is_neither_read_nor_moved(stack: Stack, left: dict[str, Any]) -> None:
    for dataset in ("running", "starting"):
        run_id = newer(stack, dataset)
        before = stack.dynamodb.get_item(TableName="runs", Key={"pk": {"S": f"RUN#{run_id}"}})["Item"]
        with pytest.raises(NewerRecordError, match="Deploy that release again"):
            stack.query.run(run_id)
        for event in left["events"][dataset]:
            with pytest.raises(NewerRecordError):
                stack.track.event(event["detail"])
        job = batch_job.read(left["events"][dataset][-1]["detail"])
        assert job
        with pytest.raises(NewerRecordError):
            stack.table.write(observed(job, "2026-11-23T03:00:00Z"))
        after = stack.dynamodb.get_item(TableName="runs", Key={"pk": {"S": f"RUN#{run_id}"}})["Item"]
        assert after == before
        assert run_id not in {run.run_id for run in stack.query.runs(limit=100).runs}


def test_what_a_later_release_adds_without_raising_the_schema_is_left_out(
    stack: Stack, left: dict[str, Any]
) -> None:
    item = next(item for item in left["table"] if item.get("dataset", {}).get("S") == "on-demand")
    more = {"S": "of a later release"}
    wider = {**item, "more": more}
    for name in ("job", "estimate", "next_job", "code", "recipe"):
        wider[name] = {"M": {**item[name]["M"], "more": more}}
    for name in ("attempts", "history", "reservations"):
        wider[name] = {"L": [{"M": {**each["M"], "more": more}} for each in item[name]["L"]]}
    assert from_item(wider) == from_item(item)
