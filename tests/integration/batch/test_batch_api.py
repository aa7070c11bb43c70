"""The Batch API as clients meet it: resources, look-ups, limits, refusals, faults."""

import http.client
import json
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError


def raw(bench, method, path, body="{}", headers=None):
    """One request without a client's own checks: status, error type and body."""
    connection = http.client.HTTPConnection(urlsplit(bench.url).netloc, timeout=10)
    try:
        connection.request(
            method, path, body, headers={"Authorization": "AWS4-HMAC-SHA256 x", **(headers or {})}
        )
        answer = connection.getresponse()
        return answer.status, answer.headers["x-amzn-ErrorType"], json.loads(answer.read())
    finally:
        connection.close()


def refused(bench, match, **fields):
    with pytest.raises(bench.batch.exceptions.ClientException, match=match):
        bench.submit("true", **fields)


def test_a_definition_by_name_means_its_latest_active_revision(bench):
    second = bench.define()
    third = bench.define()
    assert bench.describe(bench.submit("true"))["jobDefinition"] == third
    bench.batch.deregister_job_definition(jobDefinition=third)
    assert bench.describe(bench.submit("true"))["jobDefinition"] == second
    assert bench.describe(bench.submit("true", jobDefinition="train:1"))["jobDefinition"] == bench.definition
    assert bench.describe(bench.submit("true", jobDefinition=second))["jobDefinition"] == second
    refused(bench, "no ACTIVE revision", jobDefinition="train:3")
    refused(bench, "no ACTIVE revision", jobDefinition="other")
    assert bench.define().endswith("train:4")


def test_definitions_are_described_with_revision_and_status(bench):
    bench.define()
    bench.batch.deregister_job_definition(jobDefinition="train:1")
    described = bench.batch.describe_job_definitions(jobDefinitionName="train")["jobDefinitions"]
    assert [(item["revision"], item["status"]) for item in described] == [(1, "INACTIVE"), (2, "ACTIVE")]
    active = bench.batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    assert [item["jobDefinitionArn"] for item in active] == [described[1]["jobDefinitionArn"]]
    assert active[0]["containerProperties"]["image"] == "droptrain:latest"


def test_queues_and_environments_are_described(bench):
    [queue] = bench.batch.describe_job_queues(jobQueues=["training"])["jobQueues"]
    [environment] = bench.batch.describe_compute_environments()["computeEnvironments"]
    assert (queue["state"], queue["status"], queue["priority"]) == ("ENABLED", "VALID", 1)
    assert queue["computeEnvironmentOrder"][0]["computeEnvironment"] == environment["computeEnvironmentArn"]
    assert environment["computeResources"]["maxvCpus"] == 8
    assert bench.batch.describe_job_queues(jobQueues=["other"])["jobQueues"] == []


def test_a_queue_by_arn_is_the_queue_by_name_and_a_disabled_one_takes_nothing(bench):
    arn = "arn:aws:batch:eu-west-1:123456789012:job-queue/training"
    assert bench.describe(bench.submit("true", jobQueue=arn))["jobQueue"] == arn
    bench.batch.update_job_queue(jobQueue=arn, state="DISABLED")
    refused(bench, "DISABLED")
    refused(bench, "doesn't exist", jobQueue="other")


def test_what_exists_already_is_refused(bench):
    with pytest.raises(Exception, match="already exists"):
        bench.environment("gpus", max_vcpus=8)
    with pytest.raises(Exception, match="already exists"):
        bench.queue("training", "gpus")


def test_tags_are_added_listed_and_removed(bench):
    job = bench.submit("true", tags={"project": "penguins"})
    arns = [
        bench.describe(job)["jobArn"],
        bench.definition,
        "arn:aws:batch:eu-west-1:123456789012:job-queue/training",
        "arn:aws:batch:eu-west-1:123456789012:compute-environment/gpus",
    ]
    for arn in arns:
        bench.batch.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        bench.batch.untag_resource(resourceArn=arn, tagKeys=["a"])
        tags = bench.batch.list_tags_for_resource(resourceArn=arn)["tags"]
        assert tags == ({"project": "penguins", "b": "2"} if arn == arns[0] else {"b": "2"})
    with pytest.raises(ClientError, match="names no job"):
        bench.batch.list_tags_for_resource(resourceArn=arns[0] + "x")


def test_overrides_replace_resources_by_type(bench):
    asked = [{"type": "MEMORY", "value": "2048"}, {"type": "GPU", "value": "1"}]
    job = bench.submit("true", containerOverrides={"resourceRequirements": asked})
    shown = {item["type"]: item["value"] for item in bench.describe(job)["container"]["resourceRequirements"]}
    assert shown == {"VCPU": "4", "MEMORY": "2048", "GPU": "1"}


def test_describe_jobs_leaves_unknown_ids_out_and_takes_at_most_100(bench):
    job = bench.submit("true")
    assert [item["jobId"] for item in bench.batch.describe_jobs(jobs=["unknown", job])["jobs"]] == [job]
    with pytest.raises(ClientError, match="100 are allowed"):
        bench.batch.describe_jobs(jobs=["x"] * 101)


def test_list_jobs_by_name_ignores_case_and_status(bench):
    ended = bench.submit("true", jobName="Penguins-1")
    bench.events.wait(ended, "SUCCEEDED")
    running = bench.submit("sleep", "60", jobName="penguins-1")
    other = bench.submit("sleep", "60", jobName="penguins-10")
    bench.events.wait(running, "RUNNING")
    bench.events.wait(other, "RUNNING")

    def listed(**request):
        return [
            job["jobId"] for job in bench.batch.list_jobs(jobQueue="training", **request)["jobSummaryList"]
        ]

    by_name = {"name": "JOB_NAME", "values": ["penguins-1"]}
    assert listed(filters=[by_name]) == [running, ended]
    assert listed(filters=[by_name], jobStatus="FAILED") == [running, ended]
    assert listed(filters=[{"name": "JOB_NAME", "values": ["penguins-1*"]}]) == [other, running, ended]
    assert listed() == [other, running]
    assert listed(jobStatus="SUCCEEDED") == [ended]


def test_list_jobs_pages_by_token(bench):
    jobs = [bench.submit("true", jobName="many") for _ in range(5)]
    pages = bench.batch.get_paginator("list_jobs").paginate(
        jobQueue="training",
        filters=[{"name": "JOB_NAME", "values": ["many"]}],
        PaginationConfig={"PageSize": 2},
    )
    ids = [[job["jobId"] for job in page["jobSummaryList"]] for page in pages]
    assert ids == [[jobs[4], jobs[3]], [jobs[2], jobs[1]], [jobs[0]]]
    with pytest.raises(ClientError, match="nextToken"):
        bench.batch.list_jobs(jobQueue="training", nextToken="bm9uc2Vuc2U=")


@pytest.mark.parametrize(
    ("match", "fields"),
    [
        ("jobName", {"jobName": "-begins-badly"}),
        ("jobName", {"jobName": "x" * 129}),
        ("AWS_BATCH", {"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": "1"}]}}),
        ("50", {"tags": {f"tag{number}": "x" for number in range(51)}}),
        ("bytes", {"parameters": {"much": "x" * 31_000}}),
        ("minimum is 60", {"timeout": {"attemptDurationSeconds": 59}}),
        ("between 1 and 10", {"retryStrategy": {"attempts": 11}}),
        ("needs attempts", {"retryStrategy": {"evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]}}),
        ("VCPU", {"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "some"}]}}),
        ("not one of GPU", {"containerOverrides": {"resourceRequirements": [{"type": "CPU", "value": "1"}]}}),
        ("laptop.*array", {"arrayProperties": {"size": 2}}),
        ("laptop.*dependencies", {"dependsOn": [{"jobId": "x"}]}),
        ("laptop.*multi-node", {"nodeOverrides": {"numNodes": 2}}),
    ],
)
def test_a_submission_beyond_the_limits_is_refused_and_makes_no_job(bench, match, fields):
    refused(bench, match, **fields)
    everything = {"name": "JOB_NAME", "values": ["*"]}
    assert bench.batch.list_jobs(jobQueue="training", filters=[everything])["jobSummaryList"] == []


def test_a_request_that_breaks_the_model_is_refused_by_the_engine_itself(bench):
    status, code, body = raw(bench, "POST", "/v1/submitjob", json.dumps({"jobName": 7, "unknown": 1}))
    assert (status, code) == (400, "ClientException")
    assert 'Missing required parameter in input: "jobQueue"' in body["message"]
    assert 'Unknown parameter in input: "unknown"' in body["message"]
    assert raw(bench, "POST", "/v1/submitjob", "{")[1] == "ClientException"
    assert raw(bench, "POST", "/v1/submitjob", "[]")[1] == "ClientException"


def test_an_unknown_operation_is_not_found(bench):
    status, code, body = raw(bench, "POST", "/v1/trainmodel")
    assert (status, code, body["__type"]) == (404, "UnknownOperationException", "UnknownOperationException")


def test_an_operation_that_is_not_emulated_says_so(bench):
    with pytest.raises(bench.batch.exceptions.ClientException, match="has no DeleteJobQueue; it has"):
        bench.batch.delete_job_queue(jobQueue="training")


def test_unsigned_requests_and_web_pages_are_forbidden(bench):
    assert raw(bench, "POST", "/v1/describejobs", headers={"Origin": "https://example.com"})[0] == 403
    assert raw(bench, "POST", "/local/reclaim", headers={"Origin": "null"})[0] == 403
    connection = http.client.HTTPConnection(urlsplit(bench.url).netloc, timeout=10)
    connection.request("POST", "/v1/describejobs", '{"jobs": []}')
    assert connection.getresponse().status == 403
    connection.close()


def test_an_injected_throttle_happens_the_times_asked_for_and_makes_no_job(bench):
    bench.control("faults", operation="SubmitJob", code="TooManyRequestsException", times=2)
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            bench.submit("true")
        assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    job = bench.submit("true")
    bench.events.wait(job, "SUCCEEDED")
    assert {event["jobId"] for event in bench.events.details} == {job}


def test_an_injected_server_error_is_the_modelled_exception(bench):
    bench.control("faults", operation="DescribeJobs", code="ServerException")
    with pytest.raises(bench.batch.exceptions.ServerException):
        bench.batch.describe_jobs(jobs=["x"])
    bench.batch.describe_jobs(jobs=["x"])


def test_a_lost_answer_leaves_the_job_behind(bench):
    bench.control("faults", operation="SubmitJob", lose_answer=True)
    with pytest.raises(ConnectionClosedError):
        bench.submit("true", jobName="lost")
    [job] = bench.batch.list_jobs(jobQueue="training", filters=[{"name": "JOB_NAME", "values": ["lost"]}])[
        "jobSummaryList"
    ]
    bench.events.wait(job["jobId"], "SUCCEEDED")


def test_a_client_that_retries_submits_twice_when_an_answer_is_lost(bench):
    bench.control("faults", operation="SubmitJob", lose_answer=True)
    bench.client(attempts=3).submit_job(jobName="twice", jobQueue="training", jobDefinition="train")
    listed = bench.batch.list_jobs(jobQueue="training", filters=[{"name": "JOB_NAME", "values": ["twice"]}])
    assert len(listed["jobSummaryList"]) == 2


@pytest.mark.parametrize(
    ("control", "body"),
    [
        ("faults", {"operation": "SubmitJob"}),
        ("faults", {"operation": "SubmitJobs", "code": "ServerException"}),
        ("faults", {"operation": "SubmitJob", "code": "NoSuchException"}),
        ("faults", {"operation": "SubmitJob", "code": "ServerException", "times": 0}),
        ("events", {"repeat": 0}),
        ("reclaim", {}),
        ("reclaim", {"jobId": "unknown"}),
        ("explode", {}),
    ],
)
def test_a_wrong_control_is_refused(bench, control, body):
    status, code, _ = raw(bench, "POST", f"/local/{control}", json.dumps(body))
    assert (status, code) == (400, "ClientException")
