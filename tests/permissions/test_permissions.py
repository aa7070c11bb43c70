"""Every role may do what it is recorded to do, or what AWS does with it, and nothing else."""

import pytest
from permissions import page
from permissions.calls import Call, recorded
from permissions.exceptions import UNCALLED
from permissions.grants import Grant, grants, meeting, statements

from droptrain_local.permissions.policy import allows, as_list, concerns

RECORDED = recorded()
BY_AWS = [call for exception in UNCALLED for call in exception.calls()]
# Service Authorization Reference; `make audit` asks it for every action.
SHELL = {
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
WITHOUT_RESOURCE = SHELL | {
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobQueues",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "dynamodb:ListStreams",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeTags",
    "ecr:GetAuthorizationToken",
    "ecs:DiscoverPollEndpoint",
    "freetier:GetAccountPlanState",
    "lambda:GetAccountSettings",
    "pricing:GetProducts",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def only_grants(calls: list[Call]) -> set[Grant]:
    """The grants without which one of the calls would be refused."""
    found = [meeting(call) for call in calls]
    return {each[0] for each in found if len(each) == 1}


def test_every_call_is_allowed() -> None:
    refused = [
        call
        for call in [*RECORDED, *BY_AWS]
        if not allows([{"Statement": statements()[call.principal]}], call.need)
    ]
    assert refused == []


def test_without_any_one_grant_a_call_would_be_refused() -> None:
    idle = set(grants()) - only_grants([*RECORDED, *BY_AWS])
    assert idle == set(), "take them out of template.yaml, or name who calls them in exceptions.py"


def test_an_exception_is_one_that_no_recorded_call_needs() -> None:
    called = only_grants(RECORDED)
    idle = [call for call in BY_AWS if not meeting(call) or called.intersection(meeting(call))]
    assert idle == [], "take them out of exceptions.py"


def test_every_value_of_a_condition_is_needed() -> None:
    unneeded = [
        (principal, key, value)
        for principal, each in statements().items()
        for statement in each
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
        for value in as_list(values)
        if not any(
            concerns({**statement, "Condition": {operator: {key: value}}}, call.need)
            for call in [*RECORDED, *BY_AWS]
            if call.principal == principal
        )
    ]
    assert unneeded == []


def test_only_what_takes_no_resource_is_allowed_on_everything() -> None:
    assert {grant.action for grant in grants() if grant.resource == "*"} == WITHOUT_RESOURCE


def test_no_action_is_a_wildcard() -> None:
    assert [grant for grant in grants() if "*" in grant.action] == []


def test_an_exception_has_a_page_of_aws() -> None:
    assert all(exception.source.startswith("https://docs.aws.amazon.com/") for exception in UNCALLED)


@pytest.mark.parametrize("principal", ["ReaderPolicy", "OperatorPolicy"])
def test_neither_reader_nor_operator_writes_where_runs_are(principal: str) -> None:
    reached = {grant.resource for grant in grants() if grant.principal == principal and "s3" in grant.action}
    assert not [
        resource for resource in reached if "/runs" in resource or resource.endswith(("bucket/*", "*:*"))
    ]


def granted_to(principal: str) -> set[tuple[str, str]]:
    return {(grant.action, grant.resource) for grant in grants() if grant.principal == principal}


def test_training_code_reads_projects_and_writes_runs() -> None:
    bucket, secrets = "arn:aws:s3:::droptrain-databucket", "arn:aws:secretsmanager:eu-west-1:123456789012"
    reached = {
        resource
        for action, resource in granted_to("TrainingRole")
        if action in ("s3:PutObject", "s3:DeleteObject")
    }
    assert reached == {f"{bucket}/runs/*", f"{bucket}/prepared/*", f"{bucket}/sweeps/*"}
    deletes = {resource for action, resource in granted_to("TrainingRole") if action == "s3:DeleteObject"}
    assert deletes == {f"{bucket}/runs/*"}
    read = {resource for action, resource in granted_to("TrainingRole") if action.startswith("s3:GetObject")}
    assert read == {
        f"{bucket}/projects/*",
        f"{bucket}/runs/*",
        f"{bucket}/prepared/*",
        f"{bucket}/models/*/current/*",
        f"{bucket}/runs/*/export/*",
    }
    others = {each for each in granted_to("TrainingRole") if not each[0].startswith("s3:")}
    assert others == {
        ("secretsmanager:GetSecretValue", f"{secrets}:secret:droptrain/*"),
        *((action, "*") for action in SHELL),
    }


def test_an_instance_can_only_join_a_cluster_pull_images_and_write_logs() -> None:
    services = {action.partition(":")[0] for action, _ in granted_to("InstanceRole")}
    assert services == {"ecs", "ec2", "ecr", "logs"}


def test_an_operator_may_do_what_a_reader_may() -> None:
    for call in (call for call in RECORDED if call.principal == "ReaderPolicy"):
        assert allows([{"Statement": statements()["OperatorPolicy"]}], call.need), call


def test_the_page_shows_every_grant_and_what_needs_it() -> None:
    assert page.PAGE.read_text("utf-8") == page.text(), "make docs"
