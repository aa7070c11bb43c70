"""What a run left is read in pages, and only by cursors that belong to it."""

from contextlib import suppress
from dataclasses import replace

import boto3
import pytest
from droptrain_core import cursors
from droptrain_core.domain.errors import BadCursorError, NotFoundError
from droptrain_core.domain.runs.run import Attempt
from support.records import RUN_ID, run

FOLDER = f"runs/penguins/{RUN_ID}/"
STREAMS = ("training/default/one", "training/default/two")


def attempt(stream: str) -> Attempt:
    return Attempt("2026-11-23T02:10:00Z", None, None, None, stream)


@pytest.fixture
def logs(stack):
    """Writes lines to a stream."""
    client = boto3.client("logs", region_name="eu-west-1")
    client.create_log_group(logGroupName="/aws/batch/job")

    def write(stream: str, *texts: str) -> None:
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_stream(logGroupName="/aws/batch/job", logStreamName=stream)
        events = [{"timestamp": 1795400000000 + i, "message": text} for i, text in enumerate(texts)]
        client.put_log_events(logGroupName="/aws/batch/job", logStreamName=stream, logEvents=events)

    return write


def read_all(results, limit: int = 1000) -> list[tuple[int | None, str]]:
    """All lines of an ended run, page by page."""
    found, cursor = [], None
    for _ in range(50):
        page = results.logs(RUN_ID, limit=limit, cursor=cursor)
        assert len(page.lines) <= limit
        found += [(line.attempt, line.text) for line in page.lines]
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the log never ends")


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_a_log_goes_on_across_attempts(stack, logs, limit) -> None:
    logs(STREAMS[0], "a", "b", "c")
    logs(STREAMS[1], "d", "e")
    attempts = tuple(attempt(stream) for stream in STREAMS)
    stack.table.claim(run(status="SUCCEEDED", attempts=attempts, log_stream=STREAMS[1]))
    assert read_all(stack.results, limit) == [(1, "a"), (1, "b"), (1, "c"), (2, "d"), (2, "e")]


def test_a_log_that_grows_is_read_on_with_the_same_cursor(stack, logs) -> None:
    stack.table.claim(run(status="RUNNING", log_stream=STREAMS[0]))
    page = stack.results.logs(RUN_ID, limit=10)
    assert page.lines == ()
    logs(STREAMS[0], "a")
    page = stack.results.logs(RUN_ID, limit=10, cursor=page.cursor)
    assert [line.text for line in page.lines] == ["a"]
    page = stack.results.logs(RUN_ID, limit=10, cursor=page.cursor)
    assert page.lines == ()
    logs(STREAMS[0], "b")
    page = stack.results.logs(RUN_ID, limit=10, cursor=page.cursor)
    assert [(line.at, line.text) for line in page.lines] == [("2026-11-23T02:13:20Z", "b")]


def test_an_attempt_that_never_printed_is_passed_over(stack, logs) -> None:
    logs(STREAMS[1], "d")
    attempts = tuple(attempt(stream) for stream in STREAMS)
    stack.table.claim(run(status="SUCCEEDED", attempts=attempts, log_stream=STREAMS[1]))
    assert read_all(stack.results) == [(2, "d")]


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_a_log_that_cloudwatch_forgot_comes_from_the_bucket(stack, logs, limit) -> None:
    stack.table.claim(run(status="SUCCEEDED", attempts=(attempt(STREAMS[0]),), log_stream=STREAMS[0]))
    stack.put(FOLDER + "log.txt", "a\nü\r\n\nd".encode())
    assert read_all(stack.results, limit) == [(None, "a"), (None, "ü"), (None, ""), (None, "d")]


def test_a_long_log_of_the_bucket_comes_whole(stack, logs) -> None:
    stack.table.claim(run(status="FAILED", log_stream=STREAMS[0]))
    lines = [f"line {number} " + "x" * 3000 for number in range(1500)] + ["y" * (3 << 20)]
    stack.put(FOLDER + "log.txt", "\n".join(lines).encode())
    found = read_all(stack.results)
    assert [text for _, text in found[:1500]] == lines[:1500]
    assert "".join(text for _, text in found[1500:]) == lines[1500]


@pytest.mark.parametrize("status", ["REJECTED", "CLAIMED"])
def test_a_run_that_printed_nothing_has_an_empty_log(stack, status) -> None:
    stack.table.claim(run(status=status))
    page = stack.results.logs(RUN_ID, limit=10)
    assert (page.lines, page.cursor is None) == ((), status == "REJECTED")


def test_metrics_are_read_by_name_and_step(stack) -> None:
    stack.table.claim(run())
    assert stack.results.metrics(RUN_ID) == ()
    stack.put(
        FOLDER + "metrics.jsonl", b'{"step": 5, "loss": 1, "note": "x"}\nnonsense\n{"loss": 0.5, "acc": 1}\n'
    )
    [loss, acc] = stack.results.metrics(RUN_ID)
    assert (loss.name, [(each.step, each.value) for each in loss.points]) == ("loss", [(5, 1), (3, 0.5)])
    assert (acc.name, acc.count) == ("acc", 1)


def test_many_values_are_thinned_and_the_last_one_stays(stack) -> None:
    stack.table.claim(run())
    stack.put(FOLDER + "metrics.jsonl", b"".join(b'{"loss": %d}\n' % i for i in range(5000)))
    [loss] = stack.results.metrics(RUN_ID)
    assert (loss.count, len(loss.points), loss.points[0].value, loss.points[-1].value) == (
        5000,
        1000,
        0,
        4999,
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_artifacts_leave_out_what_is_the_container_s_own(stack, limit) -> None:
    stack.table.claim(run())
    kept = [
        "export/a/b",
        "export/ü",
        "lease-2",
        "leases/a",
        "log.txt",
        "metrics.jsonl",
        "model/m",
        "outcome.json",
        "output/o",
        "run.json",
    ]
    inner = [
        "checkpoints/generations/1",
        "checkpoints/objects/x",
        "lease",
        "pinned/code/a",
        "pinned/training/b",
    ]
    for path in [*kept, *inner, "export/"]:
        stack.put(FOLDER + path)
    stack.put(f"runs/penguins/{RUN_ID}x/export/other")
    found, cursor = [], None
    while True:
        page = stack.results.artifacts(RUN_ID, limit=limit, cursor=cursor)
        assert len(page.links) <= limit
        found += [link.artifact.path for link in page.links]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == kept


def test_a_run_that_is_not_there_is_told(stack) -> None:
    for read in (stack.results.logs, stack.results.artifacts):
        with pytest.raises(NotFoundError):
            read("nope", limit=1)
    with pytest.raises(NotFoundError):
        stack.results.metrics("nope")


OTHERS = [
    "x", "é", cursors.encode(None), cursors.encode({}), cursors.encode([]),
    cursors.encode(["other", 0, None]),
    cursors.encode([RUN_ID, -1, None]), cursors.encode([RUN_ID, 0, 7]), cursors.encode([RUN_ID, "0", None]),
    cursors.encode([RUN_ID, 0, "forged"]), cursors.encode([RUN_ID, -5]), cursors.encode([RUN_ID, 1 << 70]),
    cursors.encode([RUN_ID, ""]), cursors.encode([RUN_ID, "\ud800"]), cursors.encode(["x" * 1600]),
    "A" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("cursor", OTHERS)
def test_a_cursor_that_is_not_of_this_list_is_refused(stack, logs, cursor) -> None:
    logs(STREAMS[0], "a")
    stack.table.claim(run(status="RUNNING", log_stream=STREAMS[0]))
    with pytest.raises(BadCursorError):
        stack.results.logs(RUN_ID, limit=5, cursor=cursor)
    with pytest.raises(BadCursorError):
        stack.results.artifacts(RUN_ID, limit=5, cursor=cursor)


@pytest.mark.parametrize("values", [
    {"pk": "RUN#x", "created_order": "2026", "kind": "waiting#penguins"},
    {"pk": "", "created_order": "2026", "kind": "run"}, {"pk": "RUN#x", "created_order": 1, "kind": "run"},
    {"pk": "RUN#x", "created_order": "2026", "project": "penguins"},
])  # fmt: skip
def test_a_cursor_can_not_leave_its_list_of_runs(stack, values) -> None:
    with pytest.raises(BadCursorError):
        stack.query.runs(limit=5, cursor=cursors.encode(values))


def test_a_cursor_of_one_project_is_not_another_s(stack) -> None:
    for number in range(3):
        stack.table.claim(
            replace(run(run_id=f"penguins-first-{number:012x}"), created_order=f"2026-{number}")
        )
    page = stack.query.runs(project="penguins", limit=1)
    with pytest.raises(BadCursorError):
        stack.query.runs(project="mice", limit=1, cursor=page.cursor)
    with pytest.raises(BadCursorError):
        stack.query.runs(limit=1, cursor=page.cursor)
