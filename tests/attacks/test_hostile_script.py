"""A training script that is out to hurt or to lie: lines, metrics, accounts and files that it leaves."""

import json
import math
import re
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from droptrain_container import lease, metrics
from droptrain_container.generations import Generations
from droptrain_container.log import HEAD_BYTES, TAIL_BYTES, Log
from droptrain_container.screen import Screen
from droptrain_core.domain import diagnosis
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.notice import Places
from droptrain_core.domain.recipes import push
from droptrain_core.domain.runs import batch_job, outcome, series
from support.records import JOB_ID, RUN_ID, job_detail, run

from droptrain.formatting import clean

MIB = 1 << 20
DEEP = b"[" * 200_000
LIES = "a\r\nBcc: all@example.org\nWhat to do: visit http://evil.example"
STEERING = "\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\\u202egnp\x9b31m\x08"


def account(**more: Any) -> dict[str, Any]:
    return {"batch_job_id": JOB_ID, "attempt": 1, "status": "ended", **more}


def test_a_line_of_a_gigabyte_is_kept_in_bounds() -> None:
    log, screen, chunk = Log(stream=BytesIO(), head_bytes=MIB, tail_bytes=MIB), Screen(), b"x" * (1 << 16)
    log._stream = _Nowhere()
    for _ in range(16 * 1024):
        log.write(chunk)
        assert not list(screen.feed(chunk))
    assert len(log.content()) < 3 * MIB
    assert all(len(line) <= 500 for line in log.last_lines(200))
    assert (HEAD_BYTES, TAIL_BYTES) == (4 * MIB, 4 * MIB)


class _Nowhere(BytesIO):
    def write(self, content: Any) -> int:
        return len(content)


def test_a_metrics_line_of_many_megabytes_is_passed_over_unread(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    file.write_bytes(b'{"a": ' + b"1" * (32 * MIB) + b"}\n" + b'{"b": 2}\n' + b"x" * MIB)

    class Sparing(BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= 1 << 17
            return super().readline(size)

    assert metrics.last_values(metrics.lines_of(Sparing(file.read_bytes()))) == {"b": 2}
    assert [each.name for each in series.read(BytesIO(file.read_bytes()))] == ["b"]


@pytest.mark.parametrize("line", [
    b'{"a": NaN, "b": Infinity, "c": 1e400, "d": -1e400}', b'{"a": ' + b"9" * 5000 + b"}", b'{"a": ' + DEEP,
    b"[" * 60_000, b'{"' + b"a" * 101 + b'": 1}', b'{"a": true, "b": "1", "c": null, "d": [1]}', b"\xff{}",
    b"",
])  # fmt: skip
def test_what_is_no_finite_number_is_no_metric(line: bytes) -> None:
    assert metrics.last_values([line]) == {}
    assert series.read([line]) == ()


def test_a_million_names_of_metrics_stay_two_hundred() -> None:
    lines = [
        json.dumps({f"n{number}": 1 for number in range(start, start + 1000)}).encode() + b"\n"
        for start in range(0, 1_000_000, 1000)
    ]
    assert len(metrics.last_values(lines)) == 200
    assert len(series.read(lines)) == 200
    kept = outcome.read(account(metrics={f"n{number}": 1.0 for number in range(100_000)}))
    assert kept
    assert len(kept.metrics) == 50


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b'{"":1}\n', b'{"a":1}\n'])
def test_a_file_of_eight_megabytes_of_tiny_lines_is_read_in_seconds(line: bytes) -> None:
    began = time.thread_time()
    found = series.read(BytesIO(line * (8 * MIB // len(line))))
    assert time.thread_time() - began < 15, "a call of the API ends after 30 s"
    assert all(len(each.points) <= 1000 for each in found)


@pytest.mark.parametrize("content", [DEEP, b"{", b"[]", b"null", b'{"batch_job_id": 1e400}', b"\xff",
                                     b'{"batch_job_id": "x", "job_number": 1e400}'])  # fmt: skip
def test_an_unreadable_lease_is_nobody_s(content: bytes) -> None:
    class Holding:
        def get_tagged(self, key: str) -> tuple[bytes, str]:
            return content, "etag"

    held = lease._held(Holding(), "lease")
    assert held
    assert held[2] == "etag"


OUTSIDE = {"path": "../../etc/x", "sha256": "0" * 64, "size": 1, "mtime_ns": 1}


def linked(*links: dict[str, Any], file: str = "a/x") -> bytes:
    """A generation with a file and links, of which all contents are there."""
    return json.dumps({"files": [OUTSIDE | {"path": file}], "links": links}).encode()


def link(path: str, target: str) -> dict[str, str]:
    return {"path": path, "target": target}


@pytest.mark.parametrize("content", [
    DEEP, b"{}", b'{"files": [[]]}', b'{"files": 1}', b'{"files": [{"path": "../x"}]}',
    json.dumps({"files": [OUTSIDE]}).encode(), linked(link("l", "/etc")), linked(link("l", "..")),
    linked(link("../l", "a")), linked(link("a/l", "../../etc")), linked(link("l", "a/../../etc")),
    linked(link("a", "b")), linked(link("a/x", "b")), linked(link("l", "a"), link("l", "b")),
    linked(link("l", "."), link("m", "l/../../etc")), linked(link("l", "a"), link("l/m", "x")),
    linked({"path": [], "target": "a"}), linked({"path": "l"}), b'{"files": [], "links": 1}',
])  # fmt: skip
def test_a_generation_that_is_not_whole_or_leads_out_is_none(content: bytes) -> None:
    class Holding:
        def get(self, key: str) -> bytes:
            return content

        def keys(self, prefix: str) -> list[str]:
            return [f"{prefix}objects/{'0' * 64}"]

    generations = Generations(Holding(), "checkpoints/", 3)
    generations.look()
    assert generations.read(1) is None


PUSHING = {"schema": 1, "state": "pushing", "recipe": None}
OF_ANOTHER_PROJECT = {"key": "projects/other/code/x", "version_id": "1", "size": 1, "etag": ""}


@pytest.mark.parametrize("document", [
    None, [], {"schema": 1}, {**PUSHING, "code": [1]}, {**PUSHING, "code": [OF_ANOTHER_PROJECT]},
])  # fmt: skip
def test_a_push_that_no_push_wrote_stops_launches_with_a_reason(document: object) -> None:
    assert push.read("penguins", document, "v1").problem


@pytest.mark.parametrize("body", [DEEP, b"{" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b" " * (17 * MIB)])
@pytest.mark.parametrize("name", ["outcome", "lease_holder", "plan"])
def test_documents_of_a_run_of_any_depth_and_size_are_none(stack, name: str, body: bytes) -> None:
    file = {"outcome": "outcome.json", "lease_holder": "lease", "plan": "run.json"}[name]
    stack.put(f"runs/penguins/r/{file}", body)
    assert getattr(stack.bucket, name)("penguins", "r") is None


def test_a_push_of_any_depth_is_refused(stack) -> None:
    stack.put("projects/penguins/push.json", DEEP)
    assert stack.bucket.push("penguins").problem


TAILS = {
    "digits": "1" * 1024, "letters": "a" * 1024, "dots": "a." * 512, "brackets": "([{<" * 256,
    "blanks": " " * 1023 + "x",
    "escapes": "\x1b]" * 512, "errors": "Error: " * 146, "files": 'File "' * 170, "slashes": "1/" * 512,
    "losses": "loss: " * 170, "memory": "OOM when allocating tensor " * 37, "underscores": "_" * 1024,
}  # fmt: skip


@pytest.mark.parametrize("line", TAILS.values(), ids=TAILS)
def test_no_log_s_end_holds_up_the_diagnosis(line: str) -> None:
    job = batch_job.read(job_detail("FAILED", attempts=1, container={"exitCode": 1}))
    assert job
    document = account(
        script_exit_code=1, cause={"code": "script_failed", "message": line, "log_tail": [line] * 200}
    )
    began = time.thread_time()
    cause = diagnosis.explain(job, outcome.read(document))
    assert time.thread_time() - began < 2
    assert cause
    assert len(cause.message) <= 1024


HUGE = 10**4000
LYING = [
    account(attempt=2, script_exit_code=0, cause=None, metrics={"accuracy": 1.0}),
    account(
        attempt=2, exit_code=0, cause={"code": "SUCCEEDED", "message": "SUCCEEDED", "log_tail": ["SUCCEEDED"]}
    ),
    account(attempt=2, script_exit_code=HUGE, cause={"code": "script_failed", "message": "x" * 100_000}),
    account(
        attempt=HUGE, gpu={"count": 1, "busy_percent": HUGE, "seconds": HUGE}, attempts=[{"attempt": HUGE}]
    ),
    account(
        attempt=2, started_at="9999-99-99", ended_at="-1", instance={"type": "\x1b[31m" * 500, "zone": 5}
    ),
]


@pytest.mark.parametrize("lie", LYING)
def test_an_account_that_lies_neither_hides_a_failure_nor_breaks_its_record(
    stack, lie: dict[str, Any]
) -> None:
    assert stack.table.claim(run()) == "claimed"
    stack.put(f"runs/penguins/{RUN_ID}/outcome.json", json.dumps(lie).encode())
    stack.track.event(job_detail("FAILED", attempts=1, container={"exitCode": 1}))
    record = stack.table.get(RUN_ID)
    assert record.status == "FAILED"
    assert record.cause
    assert len(json.dumps(stack.dynamodb.scan(TableName="runs")["Items"])) < 100_000


@pytest.mark.parametrize("text", [LIES, STEERING])
def test_no_metric_or_advice_forges_a_line_of_a_notice(text: str) -> None:
    warning = {"rule": "no_model", "file": text, "message": text, "fix": text}
    report = outcome.read(account(metrics={text: 1.0, "loss": math.pi}, advice=[text], warnings=[warning]))
    assert report
    assert list(report.metrics) == ["loss"]
    # Records of before, and what other readers let through.
    ended = replace(
        run(),
        status="SUCCEEDED",
        metrics={text: 1.0},
        metric=text,
        advice=(text,),
        warnings=report.warnings,
    )
    message = notice.of_end(ended, Places("data"))
    _is_plain(message)


@pytest.mark.parametrize("text", [LIES, STEERING])
def test_no_key_or_cause_forges_a_line_of_a_notice(text: str) -> None:
    cause = Cause("bad_name", f"projects/P/data/{text}: bad", "Mend it.")
    message = notice.of_end(replace(run(), status="REJECTED", cause=cause), Places("data"))
    _is_plain(message)


def _is_plain(message: notice.Notice) -> None:
    assert re.fullmatch(r"[ -~]{1,99}", message.subject)
    lines = message.text.splitlines()
    assert not [line for line in lines if line.startswith(("Bcc:", "What to do: visit"))]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", message.text)
    card = message.chat["content"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", card["title"] + card["description"])
    assert "\n" not in card["title"]
    assert not [
        line for line in card["description"].splitlines() if line.startswith(("Bcc:", "What to do: visit"))
    ]


@pytest.mark.parametrize(
    "text", ["<!channel> <@U123> <http://evil.example|ok>", "[ok](http://evil.example)", "@here"]
)
def test_no_text_mentions_people_or_hides_a_link_in_a_chat(text: str) -> None:
    ended = replace(run(), status="SUCCEEDED", metrics={text: 1.0}, metric=text, advice=(text,))
    shown = json.dumps(notice.of_end(ended, Places("data")).chat, ensure_ascii=False)
    assert not re.search(r"<[!@h]|\]\(|@here|@U123", shown)


def test_a_log_line_can_not_steer_the_terminal_that_shows_it() -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", clean(STEERING + LIES))
