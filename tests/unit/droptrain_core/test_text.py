"""Text that others write, at each place where it enters: nothing that stores or publishes it refuses it."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from typing import Any

import pytest
from droptrain_core import recipe_yaml
from droptrain_core.aws.run_record import from_item, to_attributes, to_item
from droptrain_core.domain import diagnosis, preflight
from droptrain_core.domain.datasets.dataset import BadDrop, Input, judge_key
from droptrain_core.domain.errors import Cause, RejectedError
from droptrain_core.domain.notices import events, notice
from droptrain_core.domain.notices.notice import Places
from droptrain_core.domain.preflight.facts import Piece
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.push import read as read_push
from droptrain_core.domain.runs import batch_job, outcome
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.text import encodable, plain, printable_ascii
from hypothesis import example, given
from hypothesis import strategies as st
from support.records import job_detail, object_version, run

letters = st.characters() | st.sampled_from("\ud800\udfff\x00\x1b\x85\u2028\u202e\ufeff\uffff\n\t\r,;\"'<@é")
texts = st.text(letters, max_size=30)


def encoded(value: Any) -> bytes:
    """UTF-8 of a value in JSON, unescaped."""
    return json.dumps(value, ensure_ascii=False).encode()


def check_kept_and_notified(record: Run) -> None:
    """The record can be stored as it is, and its notice be published."""
    encoded(asdict(record))
    assert from_item(json.loads(encoded(to_item(record)))).cause == record.cause
    end_notice = notice.of_end(record, Places("data"))
    assert (
        0 < len(end_notice.subject) < 100
        and end_notice.subject.isascii()
        and end_notice.subject.isprintable()
    )
    assert all(line.isprintable() or plain(line) == line for line in end_notice.text.split("\n"))
    assert encoded([end_notice.text, end_notice.chat, end_notice.outcome])
    assert end_notice.event and len(json.dumps(events.to_detail(end_notice.event)).encode()) < 256 * 1024
    assert printable_ascii(end_notice.project or "").isprintable()


@given(texts)
@example("\ud83d\ude00 a pair of halves")
def test_plain_text_is_one_line_that_can_be_encoded(text: str) -> None:
    line = plain(text)
    assert len(line.encode().decode().splitlines()) <= 1
    assert line == plain(line) == encodable(line)
    assert len(plain(text, 5)) <= 5
    assert plain("größe 🐧 \tx") == "größe 🐧  x", "what people write stays"


@given(st.binary(max_size=60), texts)
@example("id;größe;y\n1;;2\n1;;2\n1;;2\n".encode("latin-1"), "y")
def test_the_bytes_of_a_data_file(body: bytes, label: str) -> None:
    says = {"header": True, "label": label, "columns": [label, "x"]} if label else {}
    inputs = [Input("training", object_version("d/train.csv", size=len(body)))]
    found = preflight.judge(preflight.read(inputs, lambda item: [Piece(0, body)], says), says)
    cause = preflight.rejection(found)
    rejected = runs.rejected(run(), cause or Cause("bad_csv", "m", "f"))
    check_kept_and_notified(replace(rejected, warnings=preflight.warnings(found)))


@given(texts, texts, texts)
@example("", "\x01", "x")
def test_a_rejected_key(project: str, dataset: str, file: str) -> None:
    place = judge_key(f"projects/{project}/data/{dataset}/{file}.csv")
    if isinstance(place, BadDrop):
        cause = Cause("bad_name", place.problem, place.fix)
        named = run(project=encodable(place.project), dataset=encodable(place.dataset))
        assert (named.project, named.dataset) == (place.project, place.dataset)
        assert place.project.isprintable() or plain(place.project) == place.project
        check_kept_and_notified(runs.rejected(named, cause))


@given(texts, texts)
def test_the_reasons_of_a_batch_job(reason: str, stream: str) -> None:
    container = {"reason": reason, "exitCode": 1, "logStreamName": stream}
    attempts = [{"container": container, "statusReason": reason}]
    job = batch_job.read(
        job_detail("FAILED", statusReason=reason) | {"container": container, "attempts": attempts}
    )
    assert job
    cause = diagnosis.explain(job, None)
    check_kept_and_notified(
        run(status="FAILED", cause=cause, attempts=job.attempts, log_stream=job.log_stream)
    )


@given(texts, st.sampled_from(["script_failed", "bad_data", "unheard_of"]))
def test_what_the_container_says_of_its_end(text: str, code: str) -> None:
    cause = {"code": code, "message": text, "log_tail": [text, text]}
    instance = {"type": text, "zone": text, "lifecycle": text}
    document = {
        "batch_job_id": "j", "attempt": 1, "cause": cause, "instance": instance, "advice": [text] * 9,
        "metrics": {text: 1.0}, "script_exit_code": 1,
    }  # fmt: skip
    said = outcome.read(document)
    job = batch_job.read(job_detail("FAILED"))
    assert said and job
    encoded(asdict(said))
    encoded([asdict(each) for each in outcome.reports(document, "j").values()])
    ended = run(status="FAILED", cause=diagnosis.explain(job, said), metrics=said.metrics, advice=said.advice)
    check_kept_and_notified(ended)


@given(texts)
def test_the_texts_of_a_recipe(text: str) -> None:
    quoted = json.dumps(text)
    body = f"{{hyperparameters: {{a: {quoted}}}, inputs: {{data: {quoted}}}, {quoted}: {quoted}}}"
    try:
        recipes.parse(recipe_yaml.parse(body.encode()))
    except RejectedError as error:
        check_kept_and_notified(runs.rejected(run(), error.cause))


def test_a_recipe_without_libyaml_has_no_half_characters() -> None:
    code = (
        "import sys, yaml; del yaml.CSafeLoader\n"
        "from droptrain_core import recipe_yaml\n"
        "print(ascii(recipe_yaml.parse(sys.argv[1].encode())))"
    )
    command = [sys.executable, "-c", code, r'a: "x\ud800"']
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == r"{'a': 'x\ufffd'}" + "\n"


@pytest.mark.parametrize("field", ["key", "version_id", "etag"])
def test_a_push_with_half_a_character_was_not_written_by_a_push(field: str) -> None:
    code = {"key": "projects/p/code/run.sh", "version_id": "v", "size": 1, "etag": "e"}
    code[field] = f"{code[field]}\ud800"
    document = {"schema": 1, "state": "pushing", "recipe": None, "code": [code]}
    problem = read_push("p", document, "v").problem
    assert problem and problem.cause.code == "bad_push"


def test_storage_never_fails_on_text_that_no_entrance_knew() -> None:
    item = to_attributes({"a\ud800": "b\udfff", "list": ["\ud800", {"\ud800": "x\ny\0"}]})
    assert encoded(item)
    assert item["list"]["L"][1]["M"]["\ufffd"]["S"] == "x\ny\0", "nothing else is changed"
