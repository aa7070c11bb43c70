"""Roles are the template's own, and each acts for one service; tests/permissions proves what they may do."""

from typing import Any

from support.template import properties

TRUSTED = {
    "ImageBuildRole": "codebuild.amazonaws.com",
    "InstanceRole": "ec2.amazonaws.com",
    "SchedulesRole": "scheduler.amazonaws.com",  # of the schedules that the stack's functions make
    "TrainingRole": "ecs-tasks.amazonaws.com",
    "WebhookRole": "events.amazonaws.com",
}


def trusted(role: dict[str, Any]) -> str:
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    service = statement["Principal"]["Service"]
    if isinstance(service, list):
        (service,) = service
    return (
        str(service["Fn::Sub"].replace("${AWS::URLSuffix}", "amazonaws.com"))
        if "Fn::Sub" in service
        else service
    )


def test_no_role_has_a_managed_policy(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        assert not role.get("ManagedPolicyArns"), name


def test_a_role_trusts_the_one_service_that_acts_with_it(of_type: Any) -> None:
    roles = of_type("AWS::IAM::Role")
    functions = {
        it["Role"]["Fn::GetAtt"][0]: "lambda.amazonaws.com"
        for it in of_type("AWS::Lambda::Function").values()
    }
    schedules = {
        it["Target"]["RoleArn"]["Fn::GetAtt"][0]: "scheduler.amazonaws.com"
        for it in of_type("AWS::Scheduler::Schedule").values()
    }
    assert {name: trusted(role) for name, role in roles.items()} == {**TRUSTED, **functions, **schedules}


def test_each_function_has_a_role_of_its_own(of_type: Any) -> None:
    functions = of_type("AWS::Lambda::Function")
    assert len({it["Role"]["Fn::GetAtt"][0] for it in functions.values()}) == len(functions)


def test_a_function_ends_jobs_of_its_own_stack_only(of_type: Any) -> None:
    ends = [
        statement
        for role in of_type("AWS::IAM::Role").values()
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "batch:TerminateJob" in statement["Action"]
    ]
    assert len(ends) == 5
    own = {"aws:ResourceTag/droptrain:stack": {"Ref": "AWS::StackId"}}
    assert all(statement["Condition"] == {"StringEquals": own} for statement in ends)


def test_an_instance_acts_on_clusters_of_batch_only(of_type: Any) -> None:
    """AWS's BatchServiceRolePolicy names them cluster/AWSBatch*."""
    (policy,) = of_type("AWS::IAM::Role")["InstanceRole"]["Policies"]
    on_clusters, on_instances = policy["PolicyDocument"]["Statement"][:2]
    named = on_clusters["Resource"]["Fn::Sub"]
    assert named.endswith(":cluster/AWSBatch*")
    assert on_instances["Condition"] == {"ArnLike": {"ecs:cluster": {"Fn::Sub": named}}}


def test_training_code_is_trusted_from_this_account_alone() -> None:
    (statement,) = properties("TrainingRole")["AssumeRolePolicyDocument"]["Statement"]
    assert set(statement["Condition"]) == {"StringEquals", "ArnLike"}
