"""No legal record, log, metric or drop makes an answer of the API larger than Lambda lets through."""

import base64
import json
import zlib
from collections.abc import Callable
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from awslambdaric.lambda_runtime_marshaller import to_json
from droptrain_core import cursors
from droptrain_core.aws.client_configs import SIGNS
from droptrain_core.aws.signed_requests import SignedRequests
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import BadCursorError
from droptrain_core.domain.runs.identity import order_key
from droptrain_core.domain.runs.run import Step
from support.core_stack import Stack
from support.golden import golden
from support.records import RUN_ID, run

LAMBDA_BYTES = 6 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
GIB = 1 << 30
STEERING = "\x01"  # one byte, which takes seven in an answer
FOLDER = f"runs/penguins/{RUN_ID}/"

Ask = Callable[..., Any]


@pytest.fixture
def ask(
    stack: Stack,
    load: Callable[[str], ModuleType],
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Ask:
    """Sends a request to the API's function, over the stack; the parsed body, if it isn't too large."""
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
    app = load("runs_api")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjE/+" * 200)  # STS says no limit; 4 KB are many
    signed = SignedRequests(boto3.client("s3", region_name="eu-west-1", config=SIGNS), "data")
    results, datasets = stack.results, stack.datasets
    results._signed = datasets._signed = signed
    made = {"query": stack.query, "results": results, "datasets": datasets}
    for name, use_case in made.items():
        setattr(app.run_routes.use_cases, name, lambda use_case=use_case: use_case)

    def send(method: str, path: str, body: object = None, **query: str) -> Any:
        request = golden("http/post_runs_without_body")
        request["rawPath"] = path
        request["requestContext"]["http"]["method"] = method
        request["queryStringParameters"] = query
        request["body"] = None if body is None else json.dumps(body)
        answer = app.handler(request, context)
        assert len(to_json(answer).encode()) < LAMBDA_BYTES
        assert answer["statusCode"] == 200, answer["body"][:300]
        return json.loads(answer["body"])

    return send


def claim_large_runs(stack: Stack, count: int, text: str = STEERING) -> list[str]:
    """Records that nearly fill an item, with text that has to be escaped twice; their ids, newest first."""
    history = (Step("2026-11-23T02:10:00Z", "RUNNABLE", text * (400_000 // len(text.encode()))),)
    run_ids = []
    for number in range(count):
        stack.later(seconds=1)
        run_id = f"penguins-first-{number:012x}"
        stack.table.claim(run(run_id=run_id, created_order=order_key(stack.clock(), run_id), history=history))
        run_ids.append(run_id)
    return run_ids[::-1]


@pytest.mark.parametrize("text", [STEERING, "💥"])
def test_a_page_of_the_largest_runs_is_cut_and_goes_on(stack: Stack, ask: Ask, text: str) -> None:
    run_ids = claim_large_runs(stack, 12, text)
    for filters in ({}, {"project": "penguins"}, {"project": "penguins", "status": "CLAIMED"}):
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = ask("GET", "/runs", limit="100", **filters, **cursor)
            found += [each["run_id"] for each in page["runs"]]
            assert page["runs"]
            if page["cursor"] is None:
                break
            cursor = {"cursor": page["cursor"]}
        assert found == run_ids


def test_one_run_of_the_largest_record_is_answered(stack: Stack, ask: Ask) -> None:
    history = tuple(Step("2026-11-23T02:10:00Z", "RUNNABLE", STEERING * 100_000) for _ in range(4))
    stack.table.claim(run(history=history))
    assert len(ask("GET", f"/runs/{RUN_ID}")["history"]) == 4


def test_a_list_of_projects_is_cut_by_what_they_wait_for_and_goes_on(stack: Stack, ask: Ask) -> None:
    patterns = [f"{number:02}" + "💥" * 198 for number in range(20)]
    names = [f"p{number:02}" for number in range(12)]
    for name in names:
        stack.put(f"projects/{name}/train.yaml")
        for dataset in range(100 if name == "p00" else 10):
            record = DatasetRecord(project=name, dataset=f"d{dataset}")
            stack.dataset_table.wait(record, patterns, (), stack.clock())
        newest = f"{name}-first-0123456789ab"
        stack.table.claim(run(run_id=newest, project=name, history=(Step("", "", STEERING * 300_000),)))
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask("GET", "/projects", limit="100", **cursor)
        found += [each["project"] for each in page["projects"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert found == names


@pytest.mark.parametrize("line", [STEERING * 10_000, '"\\' * 5_000, "💥" * 2_500, STEERING * 250_000])
def test_a_log_of_control_characters_comes_whole_in_smaller_pages(stack: Stack, ask: Ask, line: str) -> None:
    lines = [f"{number} {line}" for number in range((1 << 20) // (len(line.encode()) + 40))]
    logs = boto3.client("logs", region_name="eu-west-1")
    logs.create_log_group(logGroupName="/aws/batch/job")
    logs.create_log_stream(logGroupName="/aws/batch/job", logStreamName="one")
    events = [{"timestamp": 1795400000000 + at, "message": text} for at, text in enumerate(lines)]
    logs.put_log_events(logGroupName="/aws/batch/job", logStreamName="one", logEvents=events)
    stack.table.claim(run(status="SUCCEEDED", log_stream="one"))
    assert read_log(ask) == lines


def test_a_line_of_a_megabyte_of_control_characters_is_cut(stack: Stack, ask: Ask, monkeypatch) -> None:
    """CloudWatch Logs takes events of 1 MB, moto those of 256 KiB."""
    results = stack.results
    event = {"timestamp": 1795400000000, "message": STEERING * (1 << 20)}
    monkeypatch.setattr(results._logs, "_client", SimpleNamespace(
        get_log_events=lambda **_: {"events": [event], "nextForwardToken": "t"},
        exceptions=results._logs._client.exceptions,
    ))  # fmt: skip
    stack.table.claim(run(status="RUNNING", log_stream="one"))
    page = results.logs(RUN_ID, limit=1000)
    assert [len(line.text) for line in page.lines] == [1 << 18]


@pytest.mark.parametrize("content", [
    STEERING.encode() * (2 << 20), b"\xff\n" * 4000, b"\xff" * 999 + b"\n" + b"\x01" * (2 << 20),
])  # fmt: skip
def test_a_log_of_the_bucket_that_is_no_text_comes_in_small_pages(
    stack: Stack, ask: Ask, content: bytes
) -> None:
    stack.put(FOLDER + "log.txt", content)
    stack.table.claim(run(status="SUCCEEDED", log_stream="forgotten"))
    text = "".join(read_log(ask, most=2100))
    assert text == content.decode(errors="replace").replace("\n", "")


def read_log(ask: Ask, most: int = 100) -> list[str]:
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(most):
        page = ask("GET", f"/runs/{RUN_ID}/logs", **cursor)
        found += [line["text"] for line in page["lines"]]
        if page["cursor"] is None:
            return found
        cursor = {"cursor": page["cursor"]}
    raise AssertionError("the log never ends")


def test_two_hundred_metrics_of_long_numbers_fit(stack: Stack, ask: Ask) -> None:
    values = {f"n{number:03}": -1.2345678901234567e-300 for number in range(200)}
    lines = [json.dumps({"step": step + 1 / 3, **values}) for step in range(1000)]
    stack.put(FOLDER + "metrics.jsonl", "\n".join(lines).encode())
    stack.table.claim(run(status="RUNNING"))
    series = ask("GET", f"/runs/{RUN_ID}/metrics")["series"]
    assert {(each["count"], len(each["points"])) for each in series} == {(1000, 250)}
    assert {each["points"][-1]["step"] for each in series} == {999 + 1 / 3}


def test_a_hundred_links_with_the_longest_names_fit(stack: Stack, ask: Ask) -> None:
    for number in range(100):
        name = f"{number:03}" + "\x01" * (1024 - len(FOLDER) - 10)
        stack.s3.put_object(Bucket="data", Key=f"{FOLDER}export/{name}"[:1024], Body=b"x")
    stack.table.claim(run(status="SUCCEEDED"))
    assert len(ask("GET", f"/runs/{RUN_ID}/artifacts", limit="100")["artifacts"]) == 100


@pytest.mark.parametrize("letters", ["éàüöñ", "💥🦜🐧", '"\\', "xyz"])
def test_the_cursor_behind_the_longest_name_goes_on(stack: Stack, ask: Ask, letters: str) -> None:
    random = Random(letters)
    names = []
    for number in range(3):
        name = f"export/{number}"
        while len((FOLDER + name).encode()) <= 1024 - 4:
            name += random.choice(letters)
        names.append(name)
        stack.put(FOLDER + name)
    stack.table.claim(run(status="SUCCEEDED"))
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask("GET", f"/runs/{RUN_ID}/artifacts", limit="1", **cursor)
        found += [each["path"] for each in page["artifacts"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert found == names


def test_no_name_makes_a_cursor_too_long_for_an_address() -> None:
    """moto lists no keys with control characters; such a cursor would be the longest."""
    random = Random(1)
    for first, last in ((1, 31), (0x80, 0x7FF), (0x4E00, 0x9FFF), (0x1F300, 0x1F5FF)):
        name = ""
        while len(name.encode()) < 1024:
            name += chr(random.randint(first, last))
        cursor = cursors.encode([RUN_ID, name])
        assert (len(cursor) < 2000, cursors.decode(cursor)) == (True, [RUN_ID, name])


def test_a_cursor_that_unpacks_to_gigabytes_is_refused_at_once() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b'"' + b"x" * (1 << 20) + b'"')).decode()
    assert len(bomb) < 2000
    with pytest.raises(BadCursorError):
        cursors.decode(bomb)


def file(number: int, size: int) -> dict[str, Any]:
    return {"name": f"{number:03}" + "é" * 197, "size": size, "sha256": "A" * 43 + "=", "crc32": "AAAAAA=="}


@pytest.mark.parametrize("sizes", [
    [2 * GIB] * 100, [10 * GIB] * 100, [1024 * GIB], [64 << 20] * 99 + [1000 * GIB], [1] * 100,
], ids=["2 GiB each", "10 GiB each", "1 TiB", "one large", "small"])  # fmt: skip
def test_links_for_a_hundred_files_of_any_size_fit(stack: Stack, ask: Ask, sizes: list[int]) -> None:
    files = [file(number, size) for number, size in enumerate(sizes)]
    answer = ask("POST", "/projects/penguins/datasets/first/uploads", {"files": files})
    for asked, upload in zip(files, answer["uploads"], strict=True):
        if parts := upload["multipart"]:
            assert 64 << 20 <= parts["part_size"] <= 5 * GIB, "S3 takes no larger part"
            assert len(parts["parts"]) == -(-asked["size"] // parts["part_size"])
