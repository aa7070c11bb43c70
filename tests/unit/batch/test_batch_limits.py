"""Documented limits of the Batch API, and botocore's model as the first check."""

import pytest

from droptrain_local.batch import limits, validation
from droptrain_local.batch.errors import RefusedError, UnknownOperationError

SUBMISSION = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "definition"}
CONTAINER = {"image": "x", "vcpus": 1, "memory": 512}
DEFINITION = {"jobDefinitionName": "train", "type": "container", "containerProperties": CONTAINER}


def condition(**fields):
    return {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "EXIT", **fields}]}}


@pytest.mark.parametrize(
    "fields",
    [
        {"jobName": "A" + "b_-" * 42},
        {"timeout": {"attemptDurationSeconds": 60}, "dependsOn": []},
        {"tags": {"k" * 128: "v" * 256}},
        condition(onReason="CannotPullContainerError:*", action="Retry"),
        condition(onStatusReason="Host EC2*", onExitCode="1*"),
        condition(onReason="x" * 511 + "*"),
    ],
)
def test_a_submission_within_the_limits_passes(fields):
    limits.check_submission({**SUBMISSION, **fields})


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"jobName": "_job"}, "jobName"),
        ({"jobName": "jöb"}, "jobName"),
        ({"jobName": ""}, "jobName"),
        (condition(onReason="a*b"), "asterisk"),
        (condition(onReason="x" * 513), "512"),
        (condition(onReason="(x)"), "letters"),
        (condition(onExitCode="7x"), "digits"),
        (condition(action="STOP"), "RETRY or EXIT"),
        ({"retryStrategy": {"attempts": 0}}, "between 1 and 10"),
        ({"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "EXIT"}] * 6}}, "5 are allowed"),
        ({"tags": {"aws:x": "y"}}, "aws:"),
        ({"tags": {"k": "v" * 257}}, "256"),
        ({"containerOverrides": {"command": ["a", ""]}}, "empty string"),
        ({"containerOverrides": {"environment": [{"value": "x"}]}}, "needs a name"),
        ({"containerOverrides": {"resourceRequirements": [{"type": "GPU", "value": "0"}]}}, "at least 1"),
    ],
)
def test_a_submission_beyond_a_limit_is_refused_with_what_is_wrong(fields, match):
    with pytest.raises(RefusedError, match=match):
        limits.check_submission({**SUBMISSION, **fields})


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"type": "multinode"}, "multi-node"),
        ({"containerProperties": {}}, "needs containerProperties"),
        ({"containerProperties": {"image": "x", "vcpus": 1}}, "MEMORY"),
        ({"eksProperties": {"podProperties": {}}}, "EKS"),
        ({"jobDefinitionName": "a:1"}, "jobDefinitionName"),
        ({"timeout": {"attemptDurationSeconds": 1}}, "60"),
    ],
)
def test_a_definition_beyond_a_limit_is_refused_with_what_is_wrong(fields, match):
    limits.check_definition(DEFINITION)
    with pytest.raises(RefusedError, match=match):
        limits.check_definition({**DEFINITION, **fields})


def test_every_operation_of_botocores_model_is_found_by_its_method_and_path():
    model = validation.service_model()
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = http["requestUri"].replace("{resourceArn}", "arn%3Aaws%3Abatch%3Ax%2Fy")
        operation, params = validation.find_operation(http["method"], path)
        assert operation.name == name
        assert params in ({}, {"resourceArn": "arn:aws:batch:x/y"})


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/submitjob"), ("POST", "/v1/tags/"), ("POST", "/")])
def test_no_operation_elsewhere(method, path):
    with pytest.raises(UnknownOperationError, match="no operation"):
        validation.find_operation(method, path)


def test_choices_are_checked_and_retry_actions_are_not_case_sensitive():
    submit = validation.service_model().operation_model("SubmitJob")
    validation.check_params(submit, {**SUBMISSION, **condition(action="retry")})
    wrong = {"containerOverrides": {"resourceRequirements": [{"type": "gpu", "value": "1"}]}}
    with pytest.raises(RefusedError, match="'gpu' is not one of GPU"):
        validation.check_params(submit, {**SUBMISSION, **wrong})
    list_jobs = validation.service_model().operation_model("ListJobs")
    with pytest.raises(RefusedError, match="'DONE' is not one of SUBMITTED"):
        validation.check_params(list_jobs, {"jobQueue": "q", "jobStatus": "DONE"})
