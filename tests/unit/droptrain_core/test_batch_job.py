import itertools
from typing import Any

import pytest
from droptrain_core.domain.errors import UnreadableError
from droptrain_core.domain.runs import batch_job
from hypothesis import given
from hypothesis import strategies as st
from support.records import JOB_ID, RUN_ID, job_detail

LIFE = [
    job_detail("SUBMITTED"),
    job_detail("RUNNABLE"),
    job_detail("STARTING"),
    job_detail("RUNNING"),
    job_detail("RUNNABLE", attempts=1),
    job_detail("STARTING", attempts=1),
    job_detail("RUNNING", attempts=1),
    job_detail("SUCCEEDED", attempts=2),
]
anything = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.none(), max_size=2)


def test_a_job_s_life_moves_forward_also_through_a_retry() -> None:
    marks = [state.progress for detail in LIFE if (state := batch_job.read(detail))]
    assert marks == sorted(marks)
    assert len(set(marks)) == len(LIFE)


def test_the_submission_s_own_event_says_nothing_new() -> None:
    state = batch_job.read(job_detail("SUBMITTED"))
    assert state
    assert state.progress == batch_job.submitted(1)


def test_an_end_absorbs_whatever_the_job_says_later() -> None:
    end = batch_job.read(job_detail("FAILED"))
    late = batch_job.read(job_detail("RUNNING", attempts=9))
    assert end and late
    assert end.progress > late.progress


def test_a_later_batch_job_of_the_run_goes_beyond_the_first_one_s_end() -> None:
    end = batch_job.read(job_detail("FAILED", attempts=3))
    second = batch_job.read(job_detail("SUBMITTED", jobName=f"{RUN_ID}-2"))
    assert end and second
    assert second.run_id == RUN_ID
    assert second.progress > batch_job.expected(2) > end.progress
    assert batch_job.submitted(2) == second.progress


def test_what_batch_says_is_read_whole() -> None:
    state = batch_job.read(job_detail("FAILED", attempts=1, statusReason="x" * 2000, startedAt=1795399900123))
    assert state
    assert (state.run_id, state.job_id, state.status, state.project) == (RUN_ID, JOB_ID, "FAILED", "penguins")
    assert len(state.status_reason) == 1024
    assert state.started_at == "2026-11-23T02:11:40Z"
    assert state.attempts[0].exit_code == 143
    assert state.attempts[0].reason == "Host EC2 (instance i-0abc) terminated."
    assert state.attempts[0].log_stream == "droptrain/default/0"


@pytest.mark.parametrize("flag", ["isCancelled", "isTerminated"])
def test_a_job_that_somebody_stopped_is_a_cancelled_run(flag: str) -> None:
    state = batch_job.read(job_detail("FAILED", **{flag: True}))
    assert state
    assert state.status == "CANCELLED"


def test_jobs_of_others_and_unknown_states_are_not_ours() -> None:
    assert batch_job.read(job_detail("RUNNING", jobName="nightly")) is None
    assert batch_job.read(job_detail("PAUSED")) is None
    assert batch_job.read({}) is None


@pytest.mark.parametrize(("changes", "field", "read"), [
    ({"statusReason": "a\ud800b"}, "status_reason", "a\ufffdb"),
    ({"startedAt": 1795399800}, "started_at", None),  # seconds, of 1970
    ({"stoppedAt": -(10**15)}, "stopped_at", None),
    ({"stoppedAt": 10**16}, "stopped_at", None),
    ({"container": {"exitCode": 2**31}}, "exit_code", None),
    ({"container": {"exitCode": True}}, "exit_code", None),
    ({"container": {"exitCode": -1}}, "exit_code", -1),
    ({"tags": {"droptrain:project": "../penguins"}}, "project", None),
    ({"tags": {"droptrain:project": "x" * 100}}, "project", None),
])  # fmt: skip
def test_what_can_not_be_is_left_out(changes: dict[str, Any], field: str, read: object) -> None:
    assert getattr(batch_job.read(job_detail("FAILED") | changes), field) == read


@pytest.mark.parametrize("field", ["jobName", "jobId", "status"])
@pytest.mark.parametrize("value", [None, 7, ["a"], "x" * 1025, "\ud800"])
def test_a_job_that_does_not_say_which_it_is_is_unreadable(field: str, value: object) -> None:
    with pytest.raises(UnreadableError, match=rf"the event's {field} "):
        batch_job.identify(job_detail("RUNNING") | {field: value})


@given(st.sampled_from(sorted(job_detail("RUNNING"))), anything)
def test_no_field_of_another_type_is_an_error(field: str, value: object) -> None:
    batch_job.read(job_detail("RUNNING", attempts=1) | {field: value})
    batch_job.read(job_detail("RUNNING") | {"attempts": [value], "container": value, "startedAt": value})


def test_every_order_of_a_life_s_events_leaves_the_same_record() -> None:
    """The table keeps the highest progress: that rule alone, without its conditional write."""
    for order in itertools.islice(itertools.permutations(LIFE), 0, None, 97):
        kept = ""
        for detail in (*order, *order[:3]):
            state = batch_job.read(detail)
            assert state
            kept = max(kept, state.progress)
        assert kept == "01.99.9"
