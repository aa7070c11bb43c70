"""What everybody hears when a run ends: mail, chat and programs; and what the pointers to its model say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from chaos.crash_points.faults import Calls, watched
from droptrain_core.domain.costs.budget import Reservation
from droptrain_core.domain.errors import BusyError, NotFoundError
from droptrain_core.domain.notices.events import EVENTS, SweepFinished
from droptrain_core.domain.runs.model_pointer import Metric, Pointer
from droptrain_core.domain.runs.promotion import CurrentModel
from droptrain_core.read_models import Models
from jsonschema import Draft202012Validator
from support import core_stack
from support.records import RUN_ID, job_detail, run

from droptrain_cli import event_schemas

SCHEMAS = Path(__file__).parents[3] / "docs/events"
METRIC = {"metric": "test_accuracy", "metric_goal": "maximize"}
# AWS calls from a terminal event to the notice, both functions together.
AT_MOST = 12


def other_id(number: int) -> str:
    return f"penguins-first-{number:012x}"


def order(number: int, run_id: str) -> str:
    return f"2026-11-23T02:{number:02d}:00.000Z#{run_id}"


def end(stack, number: int, accuracy: float | None = None, *, status: str = "SUCCEEDED", **changes) -> str:
    """A run that was launched as number `number` and ends now; its id."""
    run_id, job_id = other_id(number), f"job-{number}"
    stack.table.claim(
        run(run_id=run_id, created_order=order(number, run_id), batch_job_id=job_id, status="SUBMITTED",
            **{**METRIC, **changes})
    )  # fmt: skip
    metrics = {} if accuracy is None else {"test_accuracy": accuracy}
    account = {"batch_job_id": job_id, "attempt": 0, "metrics": metrics}
    stack.s3.put_object(
        Bucket="data", Key=f"runs/penguins/{run_id}/outcome.json", Body=json.dumps(account).encode()
    )
    stack.put(f"runs/penguins/{run_id}/export/model.h5")
    stack.track.event(job_detail(status, jobName=run_id, jobId=job_id, startedAt=1795399860000))
    return run_id


def notify(stack, run_id: str) -> str:
    return stack.notify.ended(run_id, "penguins").answer


def pointed(stack, name: str) -> Pointer | None:
    held = stack.pointers.read("penguins", name)
    return held and held.pointer


def test_the_published_schemas_are_those_of_the_code() -> None:
    assert {path.name: path.read_text("utf-8") for path in SCHEMAS.iterdir()} == {
        event_schemas.file_of(event): event_schemas.text(event) for event in EVENTS
    }


def test_one_end_is_told_to_mail_chat_and_programs(stack) -> None:
    run_id = end(stack, 1, 0.9)
    assert notify(stack, run_id) == "published"
    (mail,) = stack.notices()
    assert mail["Subject"] == "SUCCEEDED penguins/first test_accuracy=0.9"
    assert mail["Message"].startswith("penguins / first: SUCCEEDED\n")
    assert mail["MessageAttributes"]["project"]["Value"] == "penguins"
    (event,) = stack.events_on_bus()
    assert (event["source"], event["detail-type"]) == ("droptrain", "Run Finished")
    detail = event["detail"]
    assert (detail["run_id"], detail["outcome"], detail["latest"]["moved"]) == (run_id, "SUCCEEDED", True)
    assert detail["metric"] == {"name": "test_accuracy", "goal": "maximize", "value": 0.9}


def test_a_stack_that_writes_to_slack_puts_what_people_get_on_the_bus_too(stack, monkeypatch) -> None:
    monkeypatch.setattr(core_stack, "SETTINGS", replace(core_stack.SETTINGS, slack="on"))
    notify(stack, end(stack, 1, 0.9))
    of_programs, of_slack = stack.events_on_bus()
    assert (of_programs["detail-type"], of_slack["detail-type"]) == ("Run Finished", "Slack Message")
    assert of_slack["detail"]["text"] == "penguins / first: SUCCEEDED"
    notify(stack, end(stack, 2, 0.9, notify=("failed",)))
    assert [each["detail-type"] for each in stack.events_on_bus()] == ["Run Finished"]


def test_who_subscribes_by_https_gets_the_chat_s_rendering(stack, monkeypatch) -> None:
    sent = []
    monkeypatch.setattr(stack.sns, "publish", lambda **request: sent.append(request))
    notify(stack, end(stack, 1, 0.9))
    (request,) = sent
    assert request["MessageStructure"] == "json"
    by_protocol = json.loads(request["Message"])
    assert by_protocol.keys() == {"default", "https"}
    chat = json.loads(by_protocol["https"])
    assert (chat["version"], chat["source"], chat["content"]["textType"]) == (
        "1.0", "custom", "client-markdown",
    )  # fmt: skip
    assert chat["metadata"]["threadId"] == other_id(1)


# test_sweeps.py has the event of sweeps.
@pytest.mark.parametrize("detail_type", [it.detail_type for it in EVENTS if it is not SweepFinished])
def test_every_event_is_what_its_published_schema_says(stack, detail_type) -> None:
    if detail_type == "Run Needs Attention":
        stack.launch.upload(*stack.drop("first", "train.csv")[0])
        stack.later(minutes=61)
        stack.reconcile.all()
    elif detail_type == "Queue Needs Attention":
        stack.publish_project()
        stack.drop()
        stack.launch.request("penguins", "first", caller="ann")
        for _ in range(3):
            stack.later(minutes=6)
            stack.reconcile.all()
    elif detail_type == "Budget":
        stack.budget = type(stack.budget)(month_usd=1.0)
        stack.accounts.mark_refused("2026-11")
        stack.reconcile.all()
    elif detail_type == "Run Rejected":
        stack.launch.upload(*stack.put("projects/penguins/data/My Data/x.csv"))
        (rejected,) = stack.query.runs(limit=1).runs
        notify(stack, rejected.run_id)
    elif detail_type.startswith("Model"):
        for number in (1, 2):
            notify(stack, end(stack, number, 0.9 + number / 100))
        stack.publish_model.go_on("penguins", 10)
        stack.promote.rollback("penguins", "ann")
        stack.publish_model.go_on("penguins", 10)
    else:
        for number, status in enumerate(("SUCCEEDED", "FAILED", "SUCCEEDED"), 1):
            notify(stack, end(stack, number, 0.9 if number == 3 else None, status=status))
    details = [event["detail"] for event in stack.events_on_bus() if event["detail-type"] == detail_type]
    assert details
    name = detail_type.lower().replace(" ", "-") + ".schema.json"
    validator = Draft202012Validator(json.loads((SCHEMAS / name).read_text("utf-8")))
    for detail in details:
        validator.validate(detail)


@pytest.mark.parametrize("confirmed", [0, 2])
def test_who_hears_notices_is_counted_once_an_hour_even_where_nobody_does(
    stack, monkeypatch, confirmed
) -> None:
    """What SNS answers; moto confirms subscriptions and doesn't count them."""
    answer = {"Attributes": {"SubscriptionsPending": "1", "SubscriptionsConfirmed": str(confirmed)}}
    monkeypatch.setattr(stack.sns, "get_topic_attributes", lambda **_: answer)
    stack.now = stack.now.replace(minute=4)
    done = stack.reconcile.all()
    assert ("subscribers" in done, done["subscribers"]) == (True, confirmed)
    stack.now = stack.now.replace(minute=5)
    assert "subscribers" not in stack.reconcile.all()


def test_a_recipe_that_mutes_people_does_not_mute_programs(stack) -> None:
    assert notify(stack, end(stack, 1, 0.9, notify=("failed",))) == "muted"
    assert stack.notices() == []
    assert [event["detail"]["run_id"] for event in stack.events_on_bus()] == [other_id(1)]
    assert pointed(stack, "latest").run_id == other_id(1)


def test_a_bus_that_does_not_take_the_event_brings_it_again(stack, monkeypatch) -> None:
    run_id = end(stack, 1, 0.9)
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "no"}]}
    with monkeypatch.context() as patch:
        patch.setattr(stack.bus, "put_events", lambda **_: refused)
        with pytest.raises(RuntimeError, match="Run Finished: InternalFailure no"):
            notify(stack, run_id)
    assert stack.notices() == []
    assert notify(stack, run_id) == "published"


def test_a_new_best_is_told_against_the_one_before(stack) -> None:
    notify(stack, end(stack, 1, 0.9))
    notify(stack, end(stack, 2, 0.95))
    first, second = (notice["Message"] for notice in stack.notices())
    assert "Best model:    test_accuracy 0.9 is the first of this project.\n" in first
    assert f"Best model:    new best: test_accuracy 0.95 against 0.9 of {other_id(1)}.\n" in second
    best = stack.events_on_bus()[1]["detail"]["best"]
    assert best == {"moved": True, "other_run_id": other_id(1), "other_value": 0.9}


def test_what_is_not_better_moves_latest_alone_and_says_so(stack) -> None:
    for number, accuracy in ((1, 0.9), (2, 0.8), (3, None)):
        notify(stack, end(stack, number, accuracy))
    assert (pointed(stack, "latest").run_id, pointed(stack, "best").run_id) == (other_id(3), other_id(1))
    _, second, third = (notice["Message"] for notice in stack.notices())
    assert f"Best model:    still 0.9 of {other_id(1)}; this run reached test_accuracy 0.8.\n" in second
    assert "Best model" not in third


def test_a_run_that_ends_late_moves_nothing_back(stack) -> None:
    notify(stack, end(stack, 2, 0.8))
    notify(stack, end(stack, 1, 0.9))
    assert (pointed(stack, "latest").run_id, pointed(stack, "best").run_id) == (other_id(2), other_id(1))
    assert f"Latest model:  still {other_id(2)}, which was launched later.\n" in stack.notices()[1]["Message"]


def test_what_failed_moves_nothing(stack) -> None:
    notify(stack, end(stack, 1, 0.9, status="FAILED"))
    assert (pointed(stack, "latest"), pointed(stack, "best")) == (None, None)


def test_of_two_that_race_the_newer_and_the_better_win(stack, monkeypatch) -> None:
    """Another run moves both pointers after this one has read them, and before it writes."""
    notify(stack, end(stack, 1, 0.5))
    slow, fast = end(stack, 2, 0.9), end(stack, 3, 0.7)
    replace, raced = type(stack.pointers).replace, []

    def late(self, name, pointer, seen):
        if pointer.run_id == slow and not raced:
            raced.append(True)
            notify(stack, fast)
        return replace(self, name, pointer, seen)

    monkeypatch.setattr(type(stack.pointers), "replace", late)
    notify(stack, slow)
    assert raced
    assert (pointed(stack, "latest").run_id, pointed(stack, "best").run_id) == (fast, slow)
    assert pointed(stack, "best").replaced.run_id == fast


def test_whoever_loses_every_race_comes_again(stack, monkeypatch) -> None:
    run_id = end(stack, 1, 0.9)
    monkeypatch.setattr(type(stack.pointers), "replace", lambda *_: None)
    with pytest.raises(BusyError):
        notify(stack, run_id)
    assert stack.notices() == []


@pytest.mark.parametrize("meddling", ["delete", "garbage", "older"])
def test_what_people_do_to_a_pointer_counts_more_than_what_the_table_remembers(stack, meddling) -> None:
    notify(stack, end(stack, 1, 0.9))
    before = {"Bucket": "data", "Key": "models/penguins/best.json"}
    if meddling == "delete":
        stack.s3.delete_object(**before)
    elif meddling == "garbage":
        stack.s3.put_object(**before, Body=b"{")
    else:
        held = json.loads(stack.s3.get_object(**before)["Body"].read())
        held["metric"]["value"] = 0.7
        stack.s3.put_object(**before, Body=json.dumps(held).encode())
    notify(stack, end(stack, 2, 0.8))
    assert pointed(stack, "best").run_id == other_id(2)


@pytest.mark.parametrize("runs", [
    {1: 0.9}, {1: 0.9, 2: 0.95}, {1: 0.9, 2: 0.8}, {1: 0.9, 2: None}, {2: 0.9, 1: 0.95}, {2: 0.9, 1: 0.8},
])  # fmt: skip
def test_a_terminal_event_makes_at_most_twelve_calls(stack, runs) -> None:
    """Runs by the order of their launch, as they end: better and worse ones, and older ones that end late."""
    clients = [stack.s3, stack.dynamodb, stack.batch, stack.sns, stack.bus]
    held = Reservation("2026-11", 5_000_000, 100_000_000)
    for number, accuracy in runs.items():
        with watched(clients, Calls()) as calls:
            run_id = end(stack, number, accuracy, reservations=(held,))
        made = calls.made[3:]  # the test's own: the claim, outcome.json and the export
        with watched(clients, Calls()) as calls:
            assert notify(stack, run_id) == "published"
        made += calls.made
        assert len(made) <= AT_MOST, made
    assert pointed(stack, "latest").run_id == other_id(max(runs))
    best = max(runs, key=lambda number: runs[number] or 0)
    assert pointed(stack, "best").run_id == other_id(best)
    assert len(stack.notices()) == len(runs)


def test_an_end_that_the_stream_tells_again_is_not_told_again(stack) -> None:
    run_id = end(stack, 1, 0.9)
    assert [notify(stack, run_id) for _ in range(2)] == ["published", "nothing"]
    assert len(stack.notices()) == 1


@pytest.mark.parametrize(("project", "status", "counts"), [
    ("droptrain-canary", "SUCCEEDED", True), ("droptrain-canary", "FAILED", False),
    ("penguins", "SUCCEEDED", False),
])  # fmt: skip
def test_only_a_canary_s_success_counts_for_its_alarm_also_when_it_is_delivered_again(
    stack, project, status, counts
) -> None:
    stack.table.claim(run(project=project, status=status, stopped_at="2026-11-23T02:30:00Z"))
    answers = [stack.notify.ended(RUN_ID, project) for _ in range(2)]
    assert [each.answer for each in answers] == ["published", "nothing"]
    assert [each.canary_succeeded for each in answers] == [counts, counts]


def test_an_end_that_is_notified_late_moves_no_pointer_back(stack) -> None:
    notify(stack, end(stack, 1, 0.9))
    late = end(stack, 2, 0.95)
    notify(stack, end(stack, 3, 0.99))
    assert notify(stack, late) == "published"
    assert (pointed(stack, "latest").run_id, pointed(stack, "best").run_id) == (other_id(3), other_id(3))
    details = {each["detail"]["run_id"]: each["detail"] for each in stack.events_on_bus()}
    assert (details[other_id(2)]["latest"]["moved"], details[other_id(2)]["best"]["moved"]) == (False, False)


def test_a_failure_makes_fewer(stack) -> None:
    with watched([stack.s3, stack.dynamodb, stack.sns, stack.bus], Calls()) as calls:
        notify(stack, end(stack, 1, None, status="FAILED"))
    assert calls.made[3:] == [
        "s3.GetObject", "dynamodb.BatchGetItem", "dynamodb.UpdateItem", "dynamodb.UpdateItem",
        "dynamodb.BatchGetItem", "events.PutEvents", "sns.Publish", "dynamodb.UpdateItem",
    ]  # fmt: skip


def test_the_goal_and_the_inputs_digest_are_recorded_at_the_launch(stack) -> None:
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"metric: {name: loss, goal: minimize}\n")
    events = stack.drop()
    stack.launch.upload(*events[0])
    (launched,) = stack.query.runs(limit=1).runs
    assert (launched.metric, launched.metric_goal) == ("loss", "minimize")
    assert launched.inputs_digest
    again, _ = stack.launch.repeat(launched.run_id, caller="ann")
    assert (again.metric_goal, again.inputs_digest) == ("minimize", launched.inputs_digest)


def test_pointers_launch_nothing_and_are_no_rejected_drop(stack) -> None:
    notify(stack, end(stack, 1, 0.9))
    for name in ("latest", "best"):
        key = f"models/penguins/{name}.json"
        version = stack.s3.head_object(Bucket="data", Key=key)["VersionId"]
        assert stack.launch.upload(key, version).answer == "ignored"


def test_the_latest_and_the_best_model_of_a_project_are_read(stack) -> None:
    with pytest.raises(NotFoundError):
        stack.read_models.of_project("penguins")
    notify(stack, end(stack, 1, 0.95))
    notify(stack, end(stack, 2, 0.9))
    models = stack.read_models.of_project("penguins")
    assert models.latest
    assert models.latest.run_id == other_id(2)
    assert models.best
    assert (models.best.run_id, models.best.metric) == (
        other_id(1),
        Metric("test_accuracy", 0.95, "maximize"),
    )


def test_a_project_without_a_model_has_none(stack) -> None:
    stack.publish_project()
    assert stack.read_models.of_project("penguins") == Models(None, None, CurrentModel(), (), None, None)
