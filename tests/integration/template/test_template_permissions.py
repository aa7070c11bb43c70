"""Every role may do exactly what its code calls; what is wider than a resource is listed with its reason."""

import re
from typing import Any

import pytest
from template import ROOT

JOB_DEFINITION = "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-definition/${Name}"
JOBS = "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job/*"
SUBMIT = [f"{JOB_DEFINITION}:*", "OnDemandJobQueue.JobQueueArn", "SpotJobQueue.JobQueueArn"]
ON_DEMAND = SUBMIT[:2]
BUCKET, TABLE = ["DataBucket.Arn"], ["RunsTable.Arn"]
DROPPED = "${DataBucket.Arn}/projects/*/data/*"
LOG_STREAMS = (
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:"
    "log-group:/aws/batch/job:log-stream:${Name}/*"
)
TELL = {
    "sns:Publish": ["NoticesTopic"],
    "events:PutEvents": ["arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"],
}
POINTERS = [f"${{DataBucket.Arn}}/projects/*/models/{name}.json" for name in ("best", "latest")]
STREAM = ["${RunsTable.Arn}/stream/*"]


def logs(function: str) -> dict[str, list[str]]:
    group = [f"{function}LogGroup.Arn"]
    return {"logs:CreateLogStream": group, "logs:PutLogEvents": group}


def receives(queue: str) -> dict[str, list[str]]:
    return {
        f"sqs:{call}": [f"{queue}.Arn"] for call in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    }


LAUNCH = {
    "s3:GetObject": ["${DataBucket.Arn}/projects/*/push.json", "${DataBucket.Arn}/projects/*/train.yaml"],
    "s3:GetObjectVersion": ["${DataBucket.Arn}/projects/*/data/*", "${DataBucket.Arn}/projects/*/train.yaml"],
    "s3:ListBucket": BUCKET,
    "s3:ListBucketVersions": BUCKET,
    "s3:PutObject": ["${DataBucket.Arn}/runs/*/run.json"],
    "ecr:DescribeImages": ["ImageRepository.Arn"],
    "dynamodb:BatchGetItem": TABLE,
    "dynamodb:DeleteItem": TABLE,
    "dynamodb:GetItem": TABLE,
    "dynamodb:PutItem": TABLE,
    "dynamodb:UpdateItem": TABLE,
    "batch:SubmitJob": SUBMIT,
    "batch:TagResource": sorted([*SUBMIT, JOBS]),
    "batch:TerminateJob": [JOBS],
    "batch:ListJobs": ["*"],
}
TRACK = {
    "s3:GetObject": ["${DataBucket.Arn}/runs/*/lease", "${DataBucket.Arn}/runs/*/outcome.json"],
    "s3:ListBucket": BUCKET,
    "dynamodb:BatchGetItem": TABLE,
    "dynamodb:GetItem": TABLE,
    "dynamodb:UpdateItem": TABLE,
}
EXPECTED = {
    "DatasetUploadedFunction": {**logs("DatasetUploaded"), **receives("UploadsQueue"), **LAUNCH},
    "BatchJobChangedFunction": {
        **logs("BatchJobChanged"),
        **receives("ChangesQueue"),
        **TRACK,
        "batch:SubmitJob": ON_DEMAND,
        "batch:TagResource": sorted([*ON_DEMAND, JOBS]),
        "batch:TerminateJob": [JOBS],
        **TELL,
    },
    "RunChangedFunction": {
        **logs("RunChanged"),
        **{
            f"dynamodb:{call}": STREAM
            for call in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        },
        "dynamodb:BatchGetItem": TABLE,
        "dynamodb:UpdateItem": TABLE,
        "s3:GetObject": POINTERS,
        "s3:ListBucket": BUCKET,
        "s3:PutObject": POINTERS,
        **TELL,
        "sqs:SendMessage": ["RunChangedDeadLetterQueue.Arn"],
    },
    "ReconcileRunsFunction": {
        **logs("ReconcileRuns"),
        **LAUNCH,
        "s3:GetObject": sorted([*LAUNCH["s3:GetObject"], *TRACK["s3:GetObject"], *POINTERS]),
        "dynamodb:Query": ["${RunsTable.Arn}/index/by_activity"],
        "batch:DescribeJobs": ["*"],
        "s3:PutObject": [*LAUNCH["s3:PutObject"], *POINTERS],
        **TELL,
        "sns:GetTopicAttributes": ["NoticesTopic"],
        "sqs:SendMessage": ["ReconcileDeadLetterQueue.Arn"],
    },
    "RefreshPricesFunction": {
        **logs("RefreshPrices"),
        "dynamodb:UpdateItem": TABLE,
        "ec2:DescribeSpotPriceHistory": ["*"],
        "pricing:GetProducts": ["*"],
        "sqs:SendMessage": ["RefreshPricesDeadLetterQueue.Arn"],
    },
    "RunsApiFunction": {
        **logs("RunsApi"),
        **LAUNCH,
        "s3:GetObject": [*LAUNCH["s3:GetObject"], "${DataBucket.Arn}/runs/*"],
        "s3:PutObject": [*LAUNCH["s3:PutObject"], DROPPED],
        "s3:AbortMultipartUpload": [DROPPED],
        "s3:DeleteObjectVersion": [DROPPED, "${DataBucket.Arn}/runs/*/pinned/*"],
        "s3:ListBucketVersions": BUCKET * 2,
        "dynamodb:Query": [
            f"${{RunsTable.Arn}}/index/{name}" for name in ("by_activity", "by_project", "by_time")
        ],
        "logs:GetLogEvents": [LOG_STREAMS],
    },
}
# Actions that know no resource (AWS Service Authorization Reference).
WITHOUT_RESOURCE = {
    "batch:DescribeJobs",
    "batch:ListJobs",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeTags",
    "ecr:GetAuthorizationToken",
    "ecs:DiscoverPollEndpoint",
    "pricing:GetProducts",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def as_text(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    (kind, value), *_ = resource.items()
    if kind == "Fn::GetAtt":
        return ".".join(value)
    if kind == "Fn::If":
        return " or ".join(as_text(one) for one in value[1:])
    return value[0] if isinstance(value, list) else value


def granted(role: dict[str, Any]) -> dict[str, list[str]]:
    """Resources by action of a role's inline policies."""
    grants: dict[str, list[str]] = {}
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                grants.setdefault(action, []).extend(as_text(it) for it in as_list(statement["Resource"]))
    return {action: sorted(resources) for action, resources in grants.items()}


def role_of(function: str, of_type: Any) -> dict[str, Any]:
    reference = of_type("AWS::Lambda::Function")[function]["Role"]
    return of_type("AWS::IAM::Role")[reference["Fn::GetAtt"][0]]


@pytest.mark.parametrize("function", EXPECTED)
def test_a_function_may_do_exactly_what_its_code_calls(function: str, of_type: Any) -> None:
    assert granted(role_of(function, of_type)) == {
        action: sorted(resources) for action, resources in EXPECTED[function].items()
    }


def test_every_function_has_an_expected_policy(of_type: Any) -> None:
    assert set(of_type("AWS::Lambda::Function")) == set(EXPECTED)


def test_no_role_has_a_managed_policy_or_a_wildcard_action(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        assert not role.get("ManagedPolicyArns"), name
        assert not [action for action in granted(role) if "*" in action], name


def test_only_actions_that_know_no_resource_are_allowed_on_everything(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        wide = {action for action, resources in granted(role).items() if "*" in resources}
        assert wide <= WITHOUT_RESOURCE, name


def test_training_code_reads_projects_and_writes_runs(of_type: Any) -> None:
    grants = granted(of_type("AWS::IAM::Role")["TrainingRole"])
    projects, runs = "${DataBucket.Arn}/projects/*", "${DataBucket.Arn}/runs/*"
    assert grants == {
        "s3:ListBucket": BUCKET,
        "s3:ListBucketVersions": BUCKET,
        "s3:GetObject": [projects, runs],
        "s3:GetObjectVersion": [projects],
        "s3:PutObject": [runs],
        "s3:DeleteObject": [runs],
        "s3:AbortMultipartUpload": [runs],
        "s3:ListMultipartUploadParts": [runs],
        "secretsmanager:GetSecretValue": [
            "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:droptrain/*"
        ],
    }


def test_an_instance_can_only_join_a_cluster_pull_images_and_write_logs(of_type: Any) -> None:
    services = {action.split(":")[0] for action in granted(of_type("AWS::IAM::Role")["InstanceRole"])}
    assert services == {"ecs", "ec2", "ecr", "logs"}


def test_roles_trust_one_service_each(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert len(as_list(statement["Principal"]["Service"])) == 1, name


# What a call of the adapters needs (Service Authorization Reference); a transaction needs what is in it.
NEEDS = {
    "get_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "put_object": {"s3:PutObject"},
    "create_multipart_upload": {"s3:PutObject"},
    "delete_objects": {"s3:DeleteObjectVersion"},
    "generate_presigned_url": {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"},
    "get_log_events": {"logs:GetLogEvents"},
    "list_objects_v2": {"s3:ListBucket"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "batch_get_item": {"dynamodb:BatchGetItem"},
    "get_item": {"dynamodb:GetItem"},
    "update_item": {"dynamodb:UpdateItem"},
    "query": {"dynamodb:Query"},
    "delete_item": {"dynamodb:DeleteItem"},
    "transact_write_items": {"dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
    "submit_job": {"batch:SubmitJob", "batch:TagResource"},
    "list_jobs": {"batch:ListJobs"},
    "describe_jobs": {"batch:DescribeJobs"},
    "terminate_job": {"batch:TerminateJob"},
    "publish": {"sns:Publish"},
    "get_topic_attributes": {"sns:GetTopicAttributes"},
    "put_events": {"events:PutEvents"},
    "describe_images": {"ecr:DescribeImages"},
    "describe_spot_price_history": {"ec2:DescribeSpotPriceHistory"},
    "get_products": {"pricing:GetProducts"},
}


def test_the_functions_together_may_do_what_the_core_calls_and_no_more(of_type: Any) -> None:
    adapters = (ROOT / "layers/droptrain/python/droptrain/aws").glob("*.py")
    code = "".join(path.read_text("utf-8") for path in adapters)
    calls = set(re.findall(r"_(?:client|submitter)\.(\w+)\(", code)) - {"get_paginator"}
    calls |= set(re.findall(r'get_paginator\("(\w+)"\)', code))
    needed = set().union(*(NEEDS[call] for call in calls))
    allowed = {action for function in EXPECTED for action in granted(role_of(function, of_type))}
    # For a key that isn't there to be 404; what Lambda itself calls to feed a function and to log.
    platform = {"s3:ListBucket", "sqs:SendMessage"}.union(
        logs(""), receives(""), EXPECTED["RunChangedFunction"].keys() - needed
    )
    assert allowed == needed | platform


def test_an_operator_may_do_what_a_reader_may_and_neither_reaches_beyond_the_stack(of_type: Any) -> None:
    policies = of_type("AWS::IAM::ManagedPolicy")
    reader, operator = (
        granted({"Policies": [policies[name]]}) for name in ("ReaderPolicy", "OperatorPolicy")
    )
    api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RunsApi}"
    stack = {"cloudformation:DescribeStacks": ["AWS::StackId"]}
    assert reader == {"execute-api:Invoke": [f"{api}/*/GET/*"], **stack}
    queues = sorted(f"{name}.Arn" for name in of_type("AWS::SQS::Queue") if "DeadLetter" in name)
    queues = [f"{name} or AWS::NoValue" if "Webhook" in name else name for name in queues]
    quotas = "arn:${AWS::Partition}:servicequotas:${AWS::Region}:${AWS::AccountId}:ec2"
    assert {name: value for name, value in operator.items() if not name.startswith("s3:")} == {
        "execute-api:Invoke": [f"{api}/*"],
        **stack,
        "cloudformation:ListStackResources": ["AWS::StackId"],
        "sqs:GetQueueAttributes": queues,
        "sns:ListSubscriptionsByTopic": ["AlarmsTopic", "NoticesTopic"],
        "sns:Publish": ["NoticesTopic"],
        "ecr:DescribeImages": ["ImageRepository.Arn"],
        "servicequotas:GetServiceQuota": [f"{quotas}/L-3819A6DF", f"{quotas}/L-DB2E81BA"],
        "batch:DescribeComputeEnvironments": ["*"],
        "batch:DescribeJobQueues": ["*"],
    }
    in_bucket = {resource for name, value in operator.items() if name.startswith("s3:") for resource in value}
    assert in_bucket == {"DataBucket.Arn", "${DataBucket.Arn}/projects/*"}
