"""Stopping jobs over the Batch API: cancel, terminate, timeout, reclaim, and which of them are retried."""

import time

import pytest
from botocore.exceptions import ClientError

RECLAIM_ONLY = {
    "attempts": 3,
    "evaluateOnExit": [
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onExitCode": "75", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ],
}
SLEEP = ("sleep", "60")
NEVER_ENDING = "while :; do sleep 0.05; done"


def shell(code):
    return ("sh", "-c", code)


def start_running(bench, code, **fields):
    """Submit a shell command and wait until it runs and has set its traps."""
    job = bench.submit(*shell(f"{code}"), **fields)
    bench.wait_for(bench.marker(job, "ready"))
    bench.events.wait(job, "RUNNING")
    return job


def test_a_failure_without_a_strategy_is_not_retried(bench):
    job = bench.submit("false")
    assert len(bench.events.wait(job, "FAILED")["attempts"]) == 1


def test_a_retry_goes_back_to_runnable_and_says_why_the_attempt_ended(bench):
    job = bench.submit(*shell("test $AWS_BATCH_JOB_ATTEMPT = 3"), retryStrategy={"attempts": 4})
    detail = bench.events.wait(job, "SUCCEEDED")
    again = ["RUNNABLE", "STARTING", "RUNNING"]
    assert bench.events.states(job) == ["PENDING", *again, *again, *again, "SUCCEEDED"]
    assert [attempt["container"]["exitCode"] for attempt in detail["attempts"]] == [1, 1, 0]
    streams = {attempt["container"]["logStreamName"] for attempt in detail["attempts"]}
    assert len(streams) == 3
    assert all(stream.startswith("train/default/") for stream in streams)


def test_a_job_fails_when_its_attempts_are_used_up(bench):
    job = bench.submit("false", retryStrategy={"attempts": 2})
    assert len(bench.events.wait(job, "FAILED")["attempts"]) == 2


def test_the_submissions_strategy_replaces_the_definitions(bench):
    bench.define(name="snapshot", retryStrategy={"attempts": 5}, timeout={"attemptDurationSeconds": 600})
    overridden = bench.submit("false", jobDefinition="snapshot", retryStrategy={"attempts": 2})
    inherited = bench.submit("true", jobDefinition="snapshot")
    assert len(bench.events.wait(overridden, "FAILED")["attempts"]) == 2
    assert bench.events.wait(inherited, "SUCCEEDED")["retryStrategy"]["attempts"] == 5
    assert bench.describe(inherited)["timeout"] == {"attemptDurationSeconds": 600}


def test_a_training_error_is_not_retried_where_only_reclaims_are(bench):
    job = bench.submit(*shell("exit 3"), retryStrategy=RECLAIM_ONLY)
    assert len(bench.events.wait(job, "FAILED")["attempts"]) == 1


def test_a_reclaimed_job_gets_another_attempt(bench):
    code = "touch ready; test $AWS_BATCH_JOB_ATTEMPT = 2 && exit 0; exec sleep 60"
    job = start_running(bench, code, retryStrategy=RECLAIM_ONLY)
    bench.control("reclaim", jobId=job)
    detail = bench.events.wait(job, "SUCCEEDED")
    first, second = detail["attempts"]
    assert first["statusReason"].startswith("Host EC2 (instance i-")
    assert first["statusReason"].endswith(") terminated.")
    assert first["container"]["exitCode"] == 143
    assert second["container"]["exitCode"] == 0
    assert first["container"]["containerInstanceArn"] != second["container"]["containerInstanceArn"]


def test_a_reclaim_kills_a_child_that_passes_over_term_and_nobody_tells_its_exit_code(start_bench):
    bench = start_bench(kill_after=0.2)
    job = start_running(bench, f"trap '' TERM; touch ready; {NEVER_ENDING}")
    bench.engine.reclaim(job)
    detail = bench.events.wait(job, "FAILED")
    assert detail["statusReason"].startswith("Host EC2 (instance i-")
    assert "exitCode" not in detail["attempts"][0]["container"]


def test_a_timeout_during_a_reclaims_grace_does_not_change_the_cause(start_bench):
    bench = start_bench(timeout_second=0.01, kill_after=1.0)
    timeout = {"attemptDurationSeconds": 60}
    job = start_running(bench, f"trap '' TERM; touch ready; {NEVER_ENDING}", timeout=timeout)
    bench.engine.reclaim(job)
    assert bench.events.wait(job, "FAILED")["statusReason"].startswith("Host EC2")


def test_a_child_that_exits_0_while_it_is_reclaimed_has_succeeded(bench):
    job = start_running(bench, f"trap 'exit 0' TERM; touch ready; {NEVER_ENDING}", retryStrategy=RECLAIM_ONLY)
    bench.engine.reclaim(job)
    detail = bench.events.wait(job, "SUCCEEDED", "FAILED")
    assert (detail["status"], detail["statusReason"]) == ("SUCCEEDED", "Essential container in task exited")


def test_a_job_that_waits_has_no_instance_to_reclaim(bench):
    job = bench.submit("true", containerOverrides={"resourceRequirements": [{"type": "VCPU", "value": "99"}]})
    with pytest.raises(Exception, match="no instance to reclaim"):
        bench.engine.reclaim(job)


def test_a_timeout_fails_the_job_without_a_retry(start_bench):
    bench = start_bench(timeout_second=0.005, kill_after=0.2)
    code = f"trap '' TERM; touch ready; {NEVER_ENDING}"
    job = bench.submit(*shell(code), timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
    detail = bench.events.wait(job, "FAILED")
    assert detail["statusReason"] == "Job attempt duration exceeded timeout"
    assert detail["container"]["exitCode"] == 137
    assert len(detail["attempts"]) == 1
    assert not detail["isTerminated"]


def test_a_timeout_counts_for_each_attempt_anew(start_bench):
    bench = start_bench(timeout_second=0.01)
    code = "sleep 0.4; test $AWS_BATCH_JOB_ATTEMPT = 2"
    job = bench.submit(*shell(code), timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 2})
    assert bench.events.wait(job, "SUCCEEDED", "FAILED")["status"] == "SUCCEEDED"


def test_terminating_a_running_job_fails_it_with_the_given_reason(bench):
    job = start_running(
        bench, f"trap 'touch told; exit 0' TERM; touch ready; {NEVER_ENDING}", retryStrategy={"attempts": 3}
    )
    bench.batch.terminate_job(jobId=job, reason="no longer needed")
    detail = bench.events.wait(job, "FAILED")
    assert bench.marker(job, "told").exists()
    assert detail["statusReason"] == "no longer needed"
    assert (detail["isTerminated"], detail["isCancelled"]) == (True, False)
    assert len(detail["attempts"]) == 1


def test_term_is_followed_by_kill(start_bench):
    bench = start_bench(kill_after=0.3)
    job = start_running(bench, f"trap '' TERM; touch ready; {NEVER_ENDING}")
    began = time.monotonic()
    bench.batch.terminate_job(jobId=job, reason="enough")
    detail = bench.events.wait(job, "FAILED")
    assert 0.3 <= time.monotonic() - began < 2
    assert detail["container"]["exitCode"] == 137


def test_a_reclaimed_job_that_is_terminated_as_well_is_not_retried(start_bench):
    bench = start_bench(kill_after=0.5)
    job = start_running(bench, f"trap '' TERM; touch ready; {NEVER_ENDING}", retryStrategy=RECLAIM_ONLY)
    bench.engine.reclaim(job)
    bench.batch.terminate_job(jobId=job, reason="enough")
    detail = bench.events.wait(job, "FAILED")
    assert detail["statusReason"] == "enough"
    assert len(detail["attempts"]) == 1


def test_terminating_a_job_that_waits_fails_it_without_attempts(bench):
    blocker = bench.submit(
        *SLEEP, containerOverrides={"resourceRequirements": [{"type": "VCPU", "value": "8"}]}
    )
    bench.events.wait(blocker, "RUNNING")
    job = bench.submit("true")
    bench.batch.terminate_job(jobId=job, reason="changed my mind")
    detail = bench.events.wait(job, "FAILED")
    assert bench.events.states(job) == ["PENDING", "RUNNABLE", "FAILED"]
    assert (detail["attempts"], detail["isTerminated"]) == ([], True)
    assert detail["statusReason"] == "changed my mind"
    assert "startedAt" not in detail
    assert bench.describe(blocker)["status"] == "RUNNING"


def test_cancelling_a_job_that_waits_fails_it(bench):
    bench.submit(*SLEEP, containerOverrides={"resourceRequirements": [{"type": "VCPU", "value": "8"}]})
    job = bench.submit("true", retryStrategy={"attempts": 3})
    bench.batch.cancel_job(jobId=job, reason="changed my mind")
    detail = bench.events.wait(job, "FAILED")
    assert (detail["attempts"], detail["isCancelled"], detail["isTerminated"]) == ([], True, False)


def test_cancelling_a_running_job_does_nothing_and_says_nothing(bench):
    job = start_running(bench, f"touch ready; {NEVER_ENDING}")
    bench.batch.cancel_job(jobId=job, reason="too late")
    assert bench.describe(job)["status"] == "RUNNING"
    assert "statusReason" not in bench.describe(job)
    assert not bench.describe(job)["isCancelled"]


def test_a_job_can_be_cancelled_while_its_instance_comes(start_bench):
    bench = start_bench(provisioning_seconds=30)
    job = bench.submit("true")
    assert bench.describe(job)["status"] == "RUNNABLE"
    bench.batch.cancel_job(jobId=job, reason="changed my mind")
    assert bench.events.wait(job, "FAILED")["attempts"] == []


def test_stopping_an_ended_job_changes_nothing(bench):
    job = bench.submit("true")
    ended = bench.events.wait(job, "SUCCEEDED")
    bench.batch.terminate_job(jobId=job, reason="too late")
    bench.batch.cancel_job(jobId=job, reason="too late")
    assert bench.describe(job) == ended


@pytest.mark.parametrize("operation", ["terminate_job", "cancel_job"])
def test_stopping_refuses_unknown_jobs_and_long_reasons(bench, operation):
    stop = getattr(bench.batch, operation)
    with pytest.raises(bench.batch.exceptions.ClientException, match="doesn't exist"):
        stop(jobId="no-such-job", reason="x")
    job = bench.submit("true")
    with pytest.raises(ClientError, match="1024"):
        stop(jobId=job, reason="x" * 1025)
