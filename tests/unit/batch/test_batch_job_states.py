"""A job's state changes and what the end of an attempt means, without any process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from droptrain_local.batch.details import job_detail, job_summary
from droptrain_local.batch.job import Job, Place
from droptrain_local.batch.verdict import close_attempt

PLACE = Place(
    environment_arn="arn:environment", environment_name="gpus", instance_id="i-0123456789abcdef0",
    container_instance_arn="arn:instance", task_arn="arn:task", log_group="group", log_stream="stream",
)  # fmt: skip


def job(**fields):
    return Job(
        job_id="1", arn="arn:job", name="run", number=1, queue_arn="arn:queue",
        definition_arn="arn:definition", created_at=1000, container={"image": "x"},
        retry_strategy={"attempts": 3}, **fields,
    )  # fmt: skip


def running(attempt=1):
    state = job().pending().runnable().starting(PLACE).running(2000)
    for _ in range(attempt - 1):
        state = close_attempt(state, PLACE, stopped_at=3000, exit_code=1).starting(PLACE).running(4000)
    return state


@given(
    attempt=st.integers(1, 3),
    exit_code=st.integers(0, 255),
    stopped_by=st.sampled_from([None, "reclaim", "timeout"]),
    terminated=st.booleans(),
)
def test_only_a_failure_that_nobody_asked_for_is_retried(attempt, exit_code, stopped_by, terminated):
    before = running(attempt).terminated("enough") if terminated else running(attempt)
    after = close_attempt(before, PLACE, stopped_at=5000, exit_code=exit_code, stopped_by=stopped_by)
    if terminated or stopped_by == "timeout":
        assert after.state == "FAILED"
    elif exit_code == 0:
        assert after.state == "SUCCEEDED"
    else:
        assert after.state == ("RUNNABLE" if attempt < 3 else "FAILED")
    assert len(after.attempts) == attempt
    assert (after.stopped_at is None) is (after.state == "RUNNABLE")


def test_a_new_attempt_forgets_what_the_last_one_said_of_itself():
    again = close_attempt(running(), PLACE, stopped_at=3000, exit_code=9)
    assert job_detail(again)["container"]["exitCode"] == 9
    assert job_detail(again)["statusReason"] == "Essential container in task exited"
    starting = job_detail(again.starting(PLACE))
    assert "exitCode" not in starting["container"]
    assert "logStreamName" not in starting["container"]
    assert "statusReason" not in starting


@pytest.mark.parametrize(
    "change",
    [
        lambda: job().runnable(),
        lambda: job().pending().starting(PLACE),
        lambda: running().starting(PLACE),
        lambda: running().failed_before_start(1).running(2),
        lambda: close_attempt(running(), PLACE, stopped_at=1, exit_code=0).failed_before_start(2),
    ],
)
def test_a_change_that_batch_does_not_know_is_an_error(change):
    with pytest.raises(ValueError, match="can't go from"):
        change()


def test_a_summary_shows_a_stop_only_where_there_was_one():
    assert "isTerminated" not in job_summary(running())
    assert job_summary(running().terminated("enough"))["isTerminated"] is True
    assert job_detail(running())["isTerminated"] is False
