"""No event takes a function or its neighbours down, or makes nonsense of a record, whatever is wrong in it.

What is wrong is made up by hypothesis, the same at each run, over the golden events; use cases run over the
adapters in memory.
"""

import json
import math
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from droptrain_core.aws.run_record import from_item, to_item
from droptrain_core.domain import event_field, times
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.run import TERMINAL, Run
from droptrain_core.telemetry import logger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.golden import golden, names_of, queued, streamed
from support.records import RUN_ID
from unit.functions.core_in_memory import ANOTHER, Core
from unit.functions.function_output import failed, metrics_in
from unit.functions.mutated import JUNK, TEXTS, TYPES, everything_wrong, mutated
from unit.functions.recorded import recorded

STATUSES = {"CLAIMED", "SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", *TERMINAL}
PUT_ITEM = botocore.session.get_session().get_service_model("dynamodb").operation_model("PutItem").input_shape

FIELDS_OF_A_REQUEST = {
    "rawPath", "headers", "queryStringParameters", "body", "isBase64Encoded", "requestContext",
    "requestContext.stage", "requestContext.http", "requestContext.http.method", "requestContext.requestId",
    "requestContext.authorizer", "requestContext.authorizer.iam", "requestContext.authorizer.iam.userArn",
    "headers.idempotency-key", "headers.if-none-match", "queryStringParameters.limit",
}  # fmt: skip

tried = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check_record(found: Run) -> None:
    """The record is one that DynamoDB takes, and that makes sense to whoever reads it."""
    item = to_item(found)
    assert from_item(item) == found
    report = ParamValidator().validate({"TableName": "t", "Item": item}, PUT_ITEM)
    assert not report.has_errors(), report.generate_report()
    assert len(json.dumps(item, ensure_ascii=False).encode()) < 400_000
    for number in numbers(item):
        assert math.isfinite(number) and abs(number) < 1e38
    assert found.status in STATUSES
    assert len(found.attempts) <= 10
    for moment in (found.updated_at, found.started_at, found.stopped_at):
        assert moment is None or times.from_text(moment).year >= 2016
    if found.cost:
        assert found.cost.estimate_usd >= 0
        assert all(each.seconds >= 0 for each in found.cost.attempts)


def numbers(attribute: Any) -> Iterator[float]:
    """The numbers in an item."""
    for kind, value in attribute.items():
        if kind == "N" and isinstance(value, str):
            yield float(value)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from numbers(each)


def check_output(answer: Any, records: int, output: str) -> None:
    """Each record was counted, or comes again; what is told of it is JSON, a line each."""
    assert set(answer) == {"batchItemFailures"}
    assert len(failed(answer)) <= records
    counted = sum(metrics_in(output).values())
    assert counted + len(failed(answer)) >= records
    levels = [json.loads(line).get("level") for line in output.splitlines()]
    assert len([level for level in levels if level]) >= records


@pytest.fixture
def batch(load: Any, context: Any, capsys: Any) -> Callable[..., Any]:
    """Give a function a good record, one that is mutated, and a good one: only the middle one may fail."""

    def hand(app: ModuleType, event: dict[str, Any]) -> bool:
        capsys.readouterr()
        answer = app.handler(event, context)
        check_output(answer, 3, capsys.readouterr().out)
        identifiers = [record.get("messageId") or record["dynamodb"]["SequenceNumber"]
                       for record in (event["Records"][0], event["Records"][2])]  # fmt: skip
        assert not set(failed(answer)) & set(identifiers)
        assert "" not in failed(answer)
        return bool(failed(answer))

    return hand


# What SQS gives, with an event in it


def bodies(folder_or_names: list[str]) -> st.SearchStrategy[str]:
    """Bodies of messages with mutated events in them, or with what is no event at all."""
    events = st.sampled_from(folder_or_names).map(golden).flatmap(mutated)
    return st.one_of(
        events.map(json.dumps), events.map(json.dumps), events.map(json.dumps), st.sampled_from(TEXTS)
    )


def test_a_mutated_upload_fails_alone_or_is_ignored(load: Any, batch: Any) -> None:
    app = load("dataset_uploaded")
    outcomes = set()

    @tried
    @given(bodies(names_of("s3")))
    def try_one(body: str) -> None:
        core = Core()
        app.launch = core.launch.uploads
        outcomes.add(batch(app, queued(golden("s3/put_object"), body, golden("s3/other_key"))))
        new = [each for each in core.table.runs.values() if each.run_id not in core.before]
        assert {(each.project, each.dataset) for each in new if each.job} == {("penguins", "first")}
        for each in core.table.runs.values():
            check_record(each)
        assert core.before.items() <= core.table.runs.items()

    try_one()
    assert outcomes == {True, False}


def serve_changes(app: Any, core: Core) -> None:
    """Let the function of Batch's events work on this core."""
    app.track = core.track
    app.wiring = SimpleNamespace(report_stuck_queue=lambda: core.report_stuck_queue)


def test_a_mutated_state_change_fails_alone_or_is_ignored_or_applied_in_what_can_be_read(
    load: Any, batch: Any
) -> None:
    app = load("batch_job_changed")
    outcomes = set()

    @tried
    @given(bodies(names_of("batch")))
    def try_one(body: str) -> None:
        core = Core()
        serve_changes(app, core)
        good = golden("batch/submitted")
        outcomes.add(batch(app, queued(good, body, golden("batch/array_child"))))
        assert core.table.runs.keys() == core.before.keys(), "no event of Batch makes a run"
        assert core.table.runs[ANOTHER] == core.before[ANOTHER]
        check_record(core.table.runs[RUN_ID])

    try_one()
    assert outcomes == {True, False}


def test_a_mutated_record_of_the_stream_fails_alone_or_announces_what_is_recorded(
    load: Any, batch: Any
) -> None:
    app = load("run_changed")
    outcomes = set()

    @tried
    @given(st.sampled_from(names_of("stream")).map(golden).flatmap(mutated))
    def try_one(record: Any) -> None:
        core = Core()
        app.notify, app.wiring = core.notify, core.wiring
        good = golden("stream/modify_ended")
        good["dynamodb"] |= {
            "NewImage": {"run_id": {"S": ANOTHER}, "project": {"S": "whales"}}, "SequenceNumber": "900",
        }  # fmt: skip
        first = golden("stream/remove")
        first["dynamodb"]["SequenceNumber"] = "800"
        outcomes.add(batch(app, streamed(first, record, good)))
        announced = [each.run_id for each in core.table.runs.values() if each.notified_at]
        assert announced == [ANOTHER], "only what the table says has ended is announced"
        assert len(core.topic.published) == 1
        for each in core.table.runs.values():
            check_record(each)

    try_one()
    assert outcomes == {True, False}


@pytest.mark.parametrize(("function", "event"), [
    ("dataset_uploaded", queued(golden("s3/put_object"), golden("s3/post_object"))),
    ("batch_job_changed", queued(golden("batch/running"), golden("batch/blocked_no_capacity"))),
    ("run_changed", streamed(golden("stream/modify_ended"), golden("stream/remove_by_time_to_live"))),
])  # fmt: skip
def test_a_mutated_envelope_is_no_function_error(load, context, capsys, function: str, event: Any) -> None:
    app = load(function)

    @tried
    @given(st.one_of(mutated(event), mutated(event), st.sampled_from(JUNK)))
    def try_one(wrong: Any) -> None:
        core = Core()
        app.launch, app.track, app.notify = core.launch.uploads, core.track, core.notify
        app.wiring = SimpleNamespace(report_stuck_queue=lambda: core.report_stuck_queue)
        answer = app.handler(wrong, context)
        records = wrong.get("Records") if isinstance(wrong, dict) else None
        if not isinstance(records, list):
            assert failed(answer) == [""], "Lambda keeps a batch that it is told nothing of"
        assert all(isinstance(each, str) for each in failed(answer))
        for each in core.table.runs.values():
            check_record(each)
        capsys.readouterr()

    try_one()


def fields_of_a_change() -> set[str]:
    """What is read of Batch's state changes."""
    noted: set[str] = set()
    core = Core()
    for name in ("batch/failed_reclaimed", "batch/running"):
        event = recorded(golden(name), noted)
        event_field.text(event, "detail-type")
        batch_job.identify(event["detail"])
        core.track.event(event["detail"])
    return noted


@pytest.mark.parametrize("name", ["batch/failed", "batch/blocked_no_capacity"])
def test_each_field_of_a_state_change_may_be_missing_or_of_another_type(load, batch, name: str) -> None:
    app = load("batch_job_changed")
    needed = {"detail-type", "detail", "detail.jobName", "detail.jobId", "detail.status"}
    unreadable = set()
    for wrong in everything_wrong(golden(name), fields_of_a_change()):
        core = Core()
        serve_changes(app, core)
        if batch(app, queued(golden("batch/submitted"), wrong, golden("batch/array_child"))):
            unreadable |= {at for at in needed if lacks(wrong, at, golden(name))}
        check_record(core.table.runs[RUN_ID])
    assert unreadable == needed, "what says which job it is, and nothing else, makes it unreadable"


def lacks(event: Any, at: str, whole: Any) -> bool:
    """Whether the event has not at this place what the whole one has."""
    for name in at.split("."):
        event, whole = event.get(name) if isinstance(event, dict) else None, whole[name]
    return event != whole


# Schedules


@pytest.mark.parametrize(
    ("function", "name"), [("reconcile_runs", "reconcile"), ("refresh_prices", "refresh")]
)
def test_a_schedule_s_event_may_be_anything(load, context, function: str, name: str) -> None:
    from droptrain_core.refresh import Done

    app = load(function)
    core = Core()
    setattr(
        app,
        name,
        core.reconcile if name == "reconcile" else SimpleNamespace(all=lambda: Done(1, 1, 1, True, (), ())),
    )

    @tried
    @given(st.one_of(mutated(golden(f"scheduler/{function}")), st.sampled_from(JUNK)))
    def try_one(wrong: Any) -> None:
        assert app.handler(wrong, context)

    try_one()


# Requests


@pytest.fixture
def serve(load: Any) -> Iterator[Callable[[], ModuleType]]:
    """The API over a new core."""
    app = load("runs_api")
    logger.setLevel("CRITICAL")

    def with_core() -> ModuleType:
        Core().serve(app)
        return app

    yield with_core
    logger.setLevel("INFO")


def wrong_requests() -> st.SearchStrategy[Any]:
    """Requests with something wrong in the event, or in the JSON of its body, or that are none."""
    plain = st.sampled_from(names_of("http")).map(golden)
    posted = st.sampled_from(["http/post_runs", "http/post_runs_assumed_role", "http/post_uploads"]).map(
        golden
    )
    in_body = posted.flatmap(
        lambda event: mutated(json.loads(event["body"])).map(lambda body: event | {"body": json.dumps(body)})
    )
    texts = st.builds(lambda event, text: event | {"body": text}, posted, st.sampled_from(TEXTS))
    parts = st.sampled_from([each for each in JUNK if isinstance(each, str)])
    paths = st.builds(lambda event, part: event | {"rawPath": f"{event['rawPath']}/{part}"}, plain, parts)
    return st.one_of(
        plain.flatmap(mutated), plain.flatmap(mutated), in_body, in_body, texts, paths, st.sampled_from(JUNK)
    )


def test_no_mutated_request_is_answered_500(serve: Any, context: Any, capsys: Any) -> None:
    seen = set()

    @settings(tried, max_examples=400)
    @given(wrong_requests())
    def try_one(request: Any) -> None:
        answer = serve().handler(request, context)
        assert 200 <= answer["statusCode"] < 500, answer
        json.loads(answer["body"] or "null")
        if answer["statusCode"] >= 400:
            assert (
                answer["headers"]["Content-Type"] == "application/problem+json"
                or "multiValueHeaders" in answer
            )
        seen.add(answer["statusCode"])
        capsys.readouterr()

    try_one()
    assert seen >= {200, 202, 400, 404, 422}


@pytest.mark.parametrize("name", names_of("http"))
def test_each_field_of_a_request_may_be_missing_or_of_another_type(serve, context, capsys, name: str) -> None:
    for wrong in everything_wrong(golden(name), FIELDS_OF_A_REQUEST, TYPES):
        answer = serve().handler(wrong, context)
        assert 200 <= answer["statusCode"] < 500, answer
        capsys.readouterr()
