"""ListJobs' filters and pages, and log batches: pure parts that cut lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.job import STATES, Job
from droptrain_local.batch.listing import list_jobs
from droptrain_local.batch.logs import LogLine, batches


def job(number, name="run", state="RUNNING", definition="train:1"):
    return Job(
        job_id=str(number), arn=f"arn:{number}", name=name, number=number, queue_arn="q",
        definition_arn=f"arn:aws:batch:eu-west-1:1:job-definition/{definition}", created_at=number * 1000,
        container={}, retry_strategy={}, state=state,
    )  # fmt: skip


def ids(jobs, **request):
    return [item["jobId"] for item in list_jobs(jobs, request)["jobSummaryList"]]


def named(name, *values):
    return {"filters": [{"name": name, "values": list(values)}]}


@given(st.integers(0, 30), st.integers(1, 7))
def test_pages_name_every_job_once_newest_first(count, size):
    jobs = [job(number) for number in range(1, count + 1)]
    seen, request = [], {"maxResults": size}
    while True:
        page = list_jobs(jobs, request)
        assert len(page["jobSummaryList"]) <= size
        seen += [int(item["jobId"]) for item in page["jobSummaryList"]]
        if "nextToken" not in page:
            break
        request["nextToken"] = page["nextToken"]
        jobs.append(job(1000 + len(jobs)))
    assert seen == list(range(count, 0, -1))


@pytest.mark.parametrize("state", STATES)
def test_a_status_lists_its_jobs_only(state):
    jobs = [job(number, state=each) for number, each in enumerate(STATES)]
    assert ids(jobs, jobStatus=state) == [str(STATES.index(state))]


def test_filters_by_definition_and_time():
    jobs = [job(1, definition="train:1"), job(2, definition="train:2"), job(3, definition="Train:1")]
    assert ids(jobs, **named("JOB_DEFINITION", "train")) == ["2", "1"]
    assert ids(jobs, **named("JOB_DEFINITION", jobs[0].definition_arn)) == ["1"]
    assert ids(jobs, **named("BEFORE_CREATED_AT", "2000")) == ["1"]
    assert ids(jobs, **named("AFTER_CREATED_AT", "2000")) == ["3"]


@pytest.mark.parametrize(
    "request_",
    [named("job_name", "x"), named("AFTER_CREATED_AT", "noon"), {"maxResults": 0}, {"nextToken": "é"}],
)
def test_wrong_requests_are_refused(request_):
    with pytest.raises(RefusedError):
        list_jobs([job(1)], request_)


@given(st.lists(st.integers(1, 300_000), max_size=40))
def test_log_batches_keep_every_line_in_order_within_the_limits(sizes):
    lines = [LogLine(number, "x" * size) for number, size in enumerate(sizes)]
    cut = batches(lines)
    assert [line for batch in cut for line in batch] == lines
    assert all(sum(len(line.text) + 26 for line in batch) <= 1_048_576 for batch in cut)


def test_a_log_batch_has_at_most_10_000_lines():
    assert [len(batch) for batch in batches([LogLine(0, "x")] * 25_000)] == [10_000, 10_000, 5_000]
