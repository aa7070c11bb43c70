"""A job's life over the Batch API: states and events, what its child sees, how it ends."""

import json
import os
import signal
import sys
import time
import uuid

import pytest
from botocore.validate import ParamValidator
from support.local_parts import alive
from support.waiting import wait_for

from droptrain_local.batch.validation import service_model

PLAIN_LIFE = ["PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


def python(code):
    return [sys.executable, "-c", code]


def test_a_job_passes_through_every_state_with_one_event_each_and_none_for_the_submission(bench):
    job = bench.submit("true")
    bench.events.wait(job, "SUCCEEDED")
    assert bench.events.states(job) == PLAIN_LIFE


def test_the_child_starts_within_a_tenth_of_a_second_of_the_submission(bench):
    def start() -> float:
        began = time.time()
        job = bench.submit("sh", "-c", "touch started")
        bench.events.wait(job, "SUCCEEDED")
        return bench.marker(job, "started").stat().st_mtime - began

    assert min(start() for _ in range(5)) < 0.1


def test_an_event_has_the_shape_of_job_detail(bench):
    job = bench.submit(
        "sh", "-c", "exit 3", tags={"project": "penguins"}, timeout={"attemptDurationSeconds": 90}
    )
    detail = bench.events.wait(job, "FAILED")
    report = ParamValidator().validate(detail, service_model().shape_for("JobDetail"))
    assert not report.has_errors(), report.generate_report()
    assert detail["jobArn"] == f"arn:aws:batch:eu-west-1:123456789012:job/{job}"
    assert detail["jobQueue"] == "arn:aws:batch:eu-west-1:123456789012:job-queue/training"
    assert detail["jobDefinition"] == "arn:aws:batch:eu-west-1:123456789012:job-definition/train:1"
    assert detail["container"]["image"] == "droptrain:latest"
    assert detail["container"]["exitCode"] == 3
    assert detail["timeout"] == {"attemptDurationSeconds": 90}
    assert detail["tags"] == {"resourceArn": detail["jobArn"], "project": "penguins"}
    assert detail["statusReason"] == "Essential container in task exited"
    assert detail["createdAt"] <= detail["startedAt"] <= detail["stoppedAt"] <= time.time() * 1000
    assert detail["createdAt"] > (time.time() - 60) * 1000
    [attempt] = detail["attempts"]
    assert attempt["container"]["exitCode"] == 3
    assert attempt["container"]["logStreamName"] == detail["container"]["logStreamName"]


def test_the_log_stream_is_named_from_running_on(bench):
    job = bench.submit("true")
    bench.events.wait(job, "SUCCEEDED")
    named = {detail["status"]: "logStreamName" in detail["container"] for detail in bench.events.of(job)}
    assert named == dict(zip(PLAIN_LIFE, [False, False, False, True, True], strict=True))


def test_describe_jobs_says_the_same_as_the_last_event(bench):
    job = bench.submit("true")
    assert bench.events.wait(job, "SUCCEEDED") == bench.describe(job)


def test_the_child_sees_its_environment_and_nothing_of_the_engines(bench, monkeypatch):
    monkeypatch.setenv("OF_THE_ENGINE", "1")
    bench.define(
        containerProperties={
            "environment": [{"name": "A", "value": "definition"}, {"name": "B", "value": "definition"}]
        }
    )
    dump = python("import os, json; json.dump(dict(os.environ), open('environment.json', 'w'))")
    job = bench.submit(*dump, containerOverrides={"environment": [{"name": "B", "value": "submission"}]})
    bench.events.wait(job, "SUCCEEDED")
    seen = json.loads(bench.marker(job, "environment.json").read_text())
    assert (seen["A"], seen["B"]) == ("definition", "submission")
    assert seen["AWS_BATCH_JOB_ID"] == job
    assert seen["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert seen["AWS_BATCH_JQ_NAME"] == "training"
    assert seen["AWS_BATCH_CE_NAME"] == "gpus"
    assert "OF_THE_ENGINE" not in seen


def test_a_jobs_own_variables_go_before_the_engines_and_batchs_before_both(start_bench):
    bench = start_bench(
        environment={"PATH": os.environ["PATH"], "A": "engine", "B": "engine", "AWS_BATCH_JOB_ID": "engine"}
    )
    given = {"environment": [{"name": "B", "value": "job"}]}
    job = bench.submit("sh", "-c", "echo $A $B $AWS_BATCH_JOB_ID > said", containerOverrides=given)
    bench.events.wait(job, "SUCCEEDED")
    assert bench.marker(job, "said").read_text() == f"engine job {job}\n"


def test_a_container_without_a_command_runs_the_engines(start_bench):
    bench = start_bench(command=["sh", "-c", "touch default"])
    job = bench.submit()
    bench.events.wait(job, "SUCCEEDED")
    assert bench.marker(job, "default").exists()


def test_every_attempt_works_in_a_fresh_folder(bench):
    job = bench.submit("sh", "-c", "ls > found; touch mine; exit 1", retryStrategy={"attempts": 2})
    bench.events.wait(job, "FAILED")
    assert bench.marker(job, "found", attempt=1).read_text() == "found\n"
    assert bench.marker(job, "found", attempt=2).read_text() == "found\n"


@pytest.mark.parametrize(
    ("command", "why"),
    [(["no-such-program"], "No such file"), (["echo", "\0"], "null byte")],
)
def test_a_command_that_cannot_start_fails_as_a_container_that_cannot(bench, command, why):
    job = bench.submit(*command)
    detail = bench.events.wait(job, "FAILED")
    assert bench.events.states(job) == ["PENDING", "RUNNABLE", "STARTING", "FAILED"]
    assert detail["statusReason"] == "Task failed to start"
    assert detail["container"]["reason"].startswith("CannotStartContainerError: ")
    assert why in detail["container"]["reason"]
    [attempt] = detail["attempts"]
    assert "startedAt" not in attempt
    assert "exitCode" not in attempt["container"]


def test_a_signal_shows_as_128_and_its_number(bench):
    job = bench.submit("sh", "-c", "kill -9 $$")
    assert bench.events.wait(job, "FAILED")["container"]["exitCode"] == 137


def test_what_the_child_leaves_running_ends_with_it(bench):
    job = bench.submit("sh", "-c", "sleep 60 & echo $! > left")
    bench.events.wait(job, "SUCCEEDED", timeout=15)
    left = int(bench.marker(job, "left").read_text())
    assert wait_for("change", lambda: not alive(left))


def test_a_process_that_left_the_group_does_not_hold_the_job_up(bench):
    start = "s.Popen(['sleep', '30'], start_new_session=True)"
    escape = f"import subprocess as s; print({start}.pid, file=open('pid', 'w'))"
    job = bench.submit(*python(escape))
    try:
        bench.events.wait(job, "SUCCEEDED", timeout=10)
    finally:
        os.kill(int(bench.marker(job, "pid").read_text()), signal.SIGKILL)


def test_parameters_fill_the_placeholders_of_the_command(bench):
    bench.define(
        name="copy",
        parameters={"from": "a", "to": "b"},
        containerProperties={"command": ["sh", "-c", "echo Ref::from Ref::to Ref::other > said"]},
    )
    job = bench.submit(jobDefinition="copy", parameters={"to": "c"})
    bench.events.wait(job, "SUCCEEDED")
    assert bench.marker(job, "said").read_text() == "a c Ref::other\n"


def test_events_are_repeated_when_asked_to(bench):
    bench.control("events", repeat=2)
    job = bench.submit("true")
    bench.events.wait(job, "SUCCEEDED", times=2)
    assert bench.events.states(job) == [state for state in PLAIN_LIFE for _ in range(2)]


def test_an_event_that_could_not_be_published_is_published_again(bench):
    bench.events.refusals = 1
    job = bench.submit("true")
    bench.events.wait(job, "SUCCEEDED")
    assert bench.events.refusals == 0
    assert bench.events.states(job) == PLAIN_LIFE


@pytest.mark.parametrize("deaf", [False, True], ids=["obeys TERM", "passes over TERM"])
def test_closing_the_engine_ends_every_child(start_bench, deaf):
    bench = start_bench(kill_after=0.3)
    trap = "trap '' TERM; " if deaf else ""
    job = bench.submit("sh", "-c", f"{trap}echo $$ > pid; mv pid ready; while :; do sleep 0.05; done")
    bench.wait_for(bench.marker(job, "ready"))
    pid = int(bench.marker(job, "ready").read_text())
    bench.engine.close()
    assert not _runs(pid)


def test_a_job_id_is_a_uuid(bench):
    assert str(uuid.UUID(bench.submit("true")))


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
