"""A role's session may do at the laptop cloud's doors what its policy allows, and is refused as by AWS."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from droptrain_local.aws_server import AwsServer
from droptrain_local.batch import BatchEngine
from droptrain_local.clients import ACCOUNT, REGION, Clients
from droptrain_local.permissions.guard import Guard
from droptrain_local.permissions.sessions import RoleSessions, Session

TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:t"
TABLE: Any = {
    "TableName": "runs",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsServer]:
    server = AwsServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def owner(aws: AwsServer) -> Iterator[Clients]:
    made = Clients(aws.url)
    made.client("s3").create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    made.client("s3").put_object(Bucket="data", Key="projects/a", Body=b"content")
    made.client("dynamodb").create_table(**TABLE)
    made.client("sqs").create_queue(QueueName="q")
    made.client("sns").create_topic(Name="t")
    yield made
    made.close()


@pytest.fixture
def session_of(owner: Clients, request: pytest.FixtureRequest) -> Callable[..., Session]:
    """A session of a new role with these statements."""

    def assume(*statements: tuple[str, str], condition: Any = None) -> Session:
        iam, name = owner.client("iam"), f"role-{abs(hash(request.node.name))}"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        given = {"Effect": "Allow", **({"Condition": condition} if condition else {})}
        allowed = [{"Action": action, "Resource": on, **given} for action, on in statements]
        policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return RoleSessions(owner.client("sts")).assume(f"arn:aws:iam::{ACCOUNT}:role/{name}", "someone")

    return assume


def make_queue(batch: Any) -> None:
    environment = batch.create_compute_environment(
        computeEnvironmentName="environment",
        type="MANAGED",
        computeResources={
            "type": "EC2", "minvCpus": 0, "maxvCpus": 4, "instanceTypes": ["g4dn.xlarge"],
            "subnets": ["subnet-1"], "instanceRole": "instance",
        },
    )["computeEnvironmentArn"]  # fmt: skip
    order = [{"order": 1, "computeEnvironment": environment}]
    batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order)
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    batch.register_job_definition(
        jobDefinitionName="training", type="container",
        containerProperties={"image": "droptrain", "resourceRequirements": needs},
    )  # fmt: skip


NOTHING = ("s3:GetObject", "arn:aws:s3:::elsewhere/*")


def test_a_role_reads_what_it_may_and_nothing_else(owner: Clients, session_of) -> None:
    s3 = owner.client("s3", session_of(("s3:GetObject", "arn:aws:s3:::data/projects/*")))
    assert s3.get_object(Bucket="data", Key="projects/a")["Body"].read() == b"content"
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket="data", Key="projects/a", Body=b"other")
    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDenied", 403)
    assert "assumed-role/role-" in error["Error"]["Message"]
    assert "is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::data/projects/a" in str(
        refused.value
    )
    with pytest.raises(ClientError, match="403"):
        s3.head_object(Bucket="data", Key="other")
    assert owner.client("s3").get_object(Bucket="data", Key="projects/a")["Body"].read() == b"content"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("s3", "get_object", {"Bucket": "data", "Key": "projects/a"}, "AccessDenied"),
        ("dynamodb", "get_item", {"TableName": "runs", "Key": {"pk": {"S": "1"}}}, "AccessDeniedException"),
        ("sqs", "receive_message", {"QueueUrl": "http://q/123456789012/q"}, "AccessDenied"),
        (
            "sns",
            "publish",
            {"TopicArn": TOPIC, "Message": "m"},
            "AuthorizationError",
        ),
        ("events", "put_events", {"Entries": [{"Source": "s", "DetailType": "d"}]}, "AccessDeniedException"),
        ("logs", "get_log_events", {"logGroupName": "g", "logStreamName": "s"}, "AccessDeniedException"),
        ("ec2", "describe_spot_price_history", {}, "UnauthorizedOperation"),
        ("pricing", "get_products", {"ServiceCode": "AmazonEC2"}, "AccessDeniedException"),
        ("cloudformation", "describe_stacks", {"StackName": "s"}, "AccessDenied"),
        ("ssm", "get_parameter", {"Name": "n"}, "AccessDeniedException"),
    ],
)
def test_each_service_refuses_in_its_own_words(
    owner: Clients, session_of, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    client = owner.client(service, session_of(NOTHING))
    with pytest.raises(ClientError, match="is not authorized to perform") as refused:
        getattr(client, operation)(**parameters)
    assert refused.value.response["Error"]["Code"] == code


def test_a_key_that_is_not_there_is_404_only_for_who_may_list(owner: Clients, session_of) -> None:
    read = ("s3:GetObject", "arn:aws:s3:::data/*")
    place = {"Bucket": "data", "Key": "projects/missing"}
    blind = owner.client("s3", session_of(read))
    with pytest.raises(ClientError, match=r"AccessDenied.*s3:ListBucket"):
        blind.get_object(**place)
    with pytest.raises(ClientError, match="403"):
        blind.head_object(**place)


def test_who_may_list_hears_that_a_key_is_not_there(owner: Clients, session_of) -> None:
    read = ("s3:GetObject", "arn:aws:s3:::data/*")
    s3 = owner.client("s3", session_of(read, ("s3:ListBucket", "arn:aws:s3:::data")))
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="data", Key="projects/missing")


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_link_may_do_what_its_signer_may(aws: AwsServer, session_of, version: str) -> None:
    session = session_of(("s3:GetObject", "arn:aws:s3:::data/projects/*"))
    signer: Any = boto3.client(
        "s3", endpoint_url=aws.url, region_name=REGION, config=Config(signature_version=version),
        **{name.lower(): value for name, value in session.items()},
    )  # fmt: skip

    def status(operation: str, key: str) -> int:
        url = signer.generate_presigned_url(operation, Params={"Bucket": "data", "Key": key})
        method = "GET" if operation == "get_object" else "PUT"
        return URLLib3Session().send(AWSRequest(method, url, data=b"").prepare()).status_code

    assert status("get_object", "projects/a") == 200
    assert status("get_object", "runs/a") == 403
    assert status("put_object", "projects/a") == 403


def test_a_session_without_its_token_is_nobody(owner: Clients, session_of) -> None:
    session = session_of(("s3:*", "*"), ("sqs:*", "*"))
    for service, call, code in (
        ("s3", lambda client: client.list_objects_v2(Bucket="data"), "InvalidToken"),
        ("dynamodb", lambda client: client.scan(TableName="runs"), "UnrecognizedClientException"),
    ):
        for token in ({}, {"AWS_SESSION_TOKEN": "another"}):
            stolen = Clients(owner.client("s3").meta.endpoint_url)
            kept = {name: value for name, value in session.items() if name != "AWS_SESSION_TOKEN"}
            with pytest.raises(ClientError) as refused:
                call(stolen.client(service, {**kept, **token}))
            assert refused.value.response["Error"]["Code"] == code
            stolen.close()


def test_any_other_key_is_the_owners_who_may_do_all(aws: AwsServer, owner: Clients) -> None:
    for key in ("test", "AKIAIOSFODNN7EXAMPLE", "whatever"):
        other = boto3.client(
            "s3", endpoint_url=aws.url, region_name=REGION, aws_access_key_id=key, aws_secret_access_key="x"
        )
        other.put_object(Bucket="data", Key="runs/x", Body=b"")


def test_the_batch_api_holds_roles_to_their_policies(owner: Clients, session_of, tmp_path: Path) -> None:
    engine = BatchEngine(
        region=REGION, account=ACCOUNT, work_dir=tmp_path, command=["true"], environment={},
        publish=lambda _: None, guard=Guard(),
    )  # fmt: skip
    try:
        owner.address("batch", engine.serve())
        batch = owner.client("batch", session_of(("batch:DescribeJobs", "*")))
        assert batch.describe_jobs(jobs=["none"])["jobs"] == []
        with pytest.raises(ClientError, match=r"batch:TerminateJob on resource: .*:job/1 ") as refused:
            batch.terminate_job(jobId="1", reason="r")
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
        assert owner.client("batch").describe_job_queues()["jobQueues"] == []
    finally:
        engine.close()


@pytest.mark.parametrize("stack", ["ours", "theirs", None])
def test_a_job_is_ended_by_its_own_stack_only(
    aws: AwsServer, session_of, tmp_path: Path, stack: str | None
) -> None:
    engine = BatchEngine(
        region=REGION, account=ACCOUNT, work_dir=tmp_path, command=["sleep", "600"], environment={},
        publish=lambda _: None, guard=Guard(),
    )  # fmt: skip
    own = {"StringEquals": {"aws:ResourceTag/droptrain:stack": "ours"}}
    clients = Clients(aws.url)
    try:
        clients.address("batch", engine.serve())
        owner = clients.client("batch")
        batch = clients.client("batch", session_of(("batch:TerminateJob", "*"), condition=own))
        make_queue(owner)
        tags = {"tags": {"droptrain:stack": stack}} if stack else {}
        asked: Any = {"jobName": "j", "jobQueue": "queue", "jobDefinition": "training", **tags}
        job = owner.submit_job(**asked)["jobId"]
        if stack == "ours":
            batch.terminate_job(jobId=job, reason="r")
        else:
            with pytest.raises(ClientError) as refused:
                batch.terminate_job(jobId=job, reason="r")
            assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    finally:
        clients.close()
        engine.close()
