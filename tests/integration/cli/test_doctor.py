"""What `droptrain doctor` finds in stacks that are well, and in those that aren't: against moto."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws
from support.scripted_server import Asked, Reply, ScriptedServer
from support.template import template

from droptrain.stack import Stack
from droptrain_cli.account_checks import CONCURRENCY_NEEDED, UPGRADE
from droptrain_cli.checks import findings
from droptrain_cli.send_notice import send_test
from droptrain_cli.stack_snapshot import StackSnapshot, read_snapshot

OFTEN = 10
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TEMPLATE = {
    "Parameters": {
        "Paused": {"Type": "String", "Default": ""},
        "MaxvCpus": {"Type": "Number", "Default": 16},
        "CpuMaxvCpus": {"Type": "Number", "Default": 16},
        "ImageUri": {"Type": "String", "Default": ""},
        "UploadConcurrency": {"Type": "Number", "Default": 4},
    },
    "Resources": {
        "NoticesTopic": {"Type": "AWS::SNS::Topic"},
        "AlarmsTopic": {"Type": "AWS::SNS::Topic"},
        "UploadsQueue": {"Type": "AWS::SQS::Queue"},
        "UploadsDeadLetterQueue": {"Type": "AWS::SQS::Queue"},
        "ImageRepository": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "droptrain"}},
    },
    "Outputs": {
        "NoticesTopicArn": {"Value": {"Ref": "NoticesTopic"}},
        "AlarmsTopicArn": {"Value": {"Ref": "AlarmsTopic"}},
        "ImagePushCommands": {"Value": "docker push it"},
        "ImageBuildProjectName": {"Value": "images"},
    },
}
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 1,
        "digest": "sha256:1",
    },
    "layers": [],
}


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def api(server: ScriptedServer) -> dict[str, list[dict[str, Any]]]:
    """The runs that the stack's API tells of, by status."""
    runs: dict[str, list[dict[str, Any]]] = {}

    def answer(asked: Asked) -> Reply:
        url = urlsplit(asked.target)
        if url.path == "/projects":
            return Reply(200, {"projects": [], "cursor": None})
        return Reply(200, {"runs": runs.get(parse_qs(url.query)["status"][0], []), "cursor": None})

    server.answer = answer
    return runs


class Account:
    """Answers of the account's APIs, by their models; moto has none of these calls."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.has_plan("PAID")
        self.has_executions(10)

    def has_plan(self, kind: str) -> None:
        plan = {"accountId": "123456789012", "accountPlanType": kind, "accountPlanStatus": "ACTIVE"}
        stubbed = self._answers("freetier")
        for _ in range(OFTEN):
            stubbed.add_response("get_account_plan_state", plan, {})

    def has_no_plan(self, code: str) -> None:
        self._answers("freetier").add_client_error("get_account_plan_state", code, "no plan", 400)

    def has_executions(self, free: int) -> None:
        limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": free}
        stubbed = self._answers("lambda")
        for _ in range(OFTEN):
            stubbed.add_response("get_account_settings", {"AccountLimit": limits}, {})

    def has_quotas(self, **values: float | None) -> None:
        """Quotas of EC2 (Spot, then on demand; with GPUs, then without) and CodeBuild, as they are asked for.

        None for one that Service Quotas lacks.
        """
        codes = {
            "spot": "L-3819A6DF", "on_demand": "L-DB2E81BA", "cpu_spot": "L-34B43A08",
            "cpu_on_demand": "L-1216C47A", "builds": "L-9D07B6EF",
        }  # fmt: skip
        stubbed = self._answers("service-quotas")
        for name, code in codes.items():
            asked = {"ServiceCode": "codebuild" if name == "builds" else "ec2", "QuotaCode": code}
            value = values.get(name, 64.0)
            if value is None:
                stubbed.add_client_error("get_service_quota", "NoSuchResourceException")
            else:
                stubbed.add_response("get_service_quota", {"Quota": {"Value": value}}, asked)

    def _answers(self, service: str) -> Stubber:
        session: Any = self._stack.session
        client = self._stack._made[service] = session.client(service)
        stubbed = Stubber(client)
        stubbed.activate()
        return stubbed


@pytest.fixture
def account(stack: Stack) -> Account:
    """An account that lacks nothing."""
    return Account(stack)


@pytest.fixture
def deploy(stack: Stack, api, account: Account) -> Callable[..., StackSnapshot]:
    """Deploy the stack with parameters, and read_snapshot it."""

    def deployed(**parameters: str) -> StackSnapshot:
        place = {"LocationConstraint": stack.region}
        stack.client("s3").create_bucket(Bucket=stack.bucket, CreateBucketConfiguration=place)
        keep_versions(stack, "Enabled")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        client = stack.client("cloudformation")
        client.create_stack(StackName=stack.name, TemplateBody=json.dumps(TEMPLATE), Parameters=given)
        return read_snapshot(stack)

    return deployed


def keep_versions(stack: Stack, status: str) -> None:
    stack.client("s3").put_bucket_versioning(Bucket=stack.bucket, VersioningConfiguration={"Status": status})


def fail(stack: Stack, service: str, operation: str, error: Exception) -> None:
    """Let each call of an operation fail."""

    def raise_it(**_: Any) -> None:
        raise error

    stack.client(service).meta.events.register(f"provide-client-params.*.{operation}", raise_it)


def denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "by a policy"}}, operation)


def found(snapshot: StackSnapshot, title: str) -> list[tuple[str, str, str]]:
    """(verdict, detail, fix) of the findings with a title."""
    return [(each.verdict, each.detail, each.fix) for each in findings(snapshot, NOW) if each.title == title]


def test_a_stack_that_is_deployed_is_well(deploy) -> None:
    snapshot = deploy()
    [(verdict, detail, _)] = found(snapshot, "stack")
    assert (verdict, detail) == ("ok", "droptrain in eu-west-1: CREATE_COMPLETE")
    assert found(snapshot, "credentials")[0][0] == "ok"
    assert found(snapshot, "API")[0][0] == "ok"
    assert found(snapshot, "dead letters") == [("ok", "none", "")]
    assert found(snapshot, "runs") == [("ok", "none is stuck", "")]
    assert found(snapshot, "paused") == []


def test_a_pause_is_told_with_its_reason(deploy) -> None:
    [(verdict, detail, fix)] = found(deploy(Paused="no budget"), "paused")
    assert (verdict, detail) == ("warning", "nothing is launched: no budget")
    assert 'Paused=""' in fix


@pytest.mark.parametrize(("status", "again"), [
    ("UPDATE_ROLLBACK_COMPLETE", "sam build && sam deploy"),
    ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name droptrain && sam build && sam deploy"),
    ("DELETE_FAILED", "docs/operations/remove.md"),
])  # fmt: skip
def test_a_deployment_that_failed_is_a_problem_with_commands_that_work(deploy, status, again) -> None:
    [(verdict, detail, fix)] = found(replace(deploy(), status=status), "stack")
    assert (verdict, detail) == ("problem", f"droptrain is {status}: the newest deployment failed")
    assert "aws cloudformation describe-stack-events --stack-name droptrain " in fix
    assert fix.endswith(again)


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_a_deployment_that_is_under_way_is_to_be_waited_for(deploy, status) -> None:
    [(verdict, detail, fix)] = found(replace(deploy(), status=status), "stack")
    assert (verdict, detail) == ("warning", f"droptrain is {status}: a deployment is under way")
    assert fix.startswith("Wait for its end")


def test_a_bucket_that_keeps_no_versions_is_a_problem_with_the_command_that_changes_it(deploy, stack) -> None:
    snapshot = deploy()
    assert found(snapshot, "bucket") == [("ok", "bucket keeps versions", "")]
    keep_versions(stack, "Suspended")
    [(verdict, detail, fix)] = found(snapshot, "bucket")
    assert (verdict, detail) == ("problem", "bucket keeps no versions")
    assert fix == (
        "aws s3api put-bucket-versioning --bucket bucket --versioning-configuration Status=Enabled"
    )


def test_an_image_that_is_not_there_is_a_problem_with_the_command_that_pushes_it(deploy, stack) -> None:
    snapshot = deploy()
    [(verdict, detail, fix), without_gpus] = found(snapshot, "image")
    assert (verdict, fix) == (
        "problem",
        "Publish it: droptrain image --stack droptrain (AWS builds it), or, with Docker: docker push it",
    )
    assert detail.endswith("has no image 'latest': no run with GPUs can start")
    assert without_gpus[0] == "warning"
    assert without_gpus[1].endswith("has no image 'cpu': no run without GPUs can start")
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    for tag in ("latest", "cpu"):
        stack.client("ecr").put_image(
            repositoryName=repository, imageManifest=json.dumps(MANIFEST), imageTag=tag
        )
    images = found(snapshot, "image")
    assert [verdict for verdict, _, _ in images] == ["ok", "ok"]
    assert images[0][1].startswith(f"{repository}:latest, pushed 20")
    assert images[1][1].startswith(f"{repository}:cpu, pushed 20")
    assert found(replace(snapshot, parameters={"ImageUri": "other:1"}), "image")[0][0] == "ok"


def test_whether_anybody_hears_notices_is_told(deploy, stack) -> None:
    snapshot = deploy()
    assert [each[0] for each in (*found(snapshot, "notices"), *found(snapshot, "alarms"))] == ["warning"] * 2
    sns = stack.client("sns")
    sns.subscribe(
        TopicArn=snapshot.outputs["NoticesTopicArn"],
        Protocol="sqs",
        Endpoint="arn:aws:sqs:eu-west-1:123456789012:q",
    )
    assert found(snapshot, "notices") == [("ok", "1 subscribed", "")]
    waiting = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "ann@example.com", "Protocol": "email"}
    with Stubber(sns) as stubbed:
        for _ in range(2):
            stubbed.add_response("list_subscriptions_by_topic", {"Subscriptions": [waiting]})
        assert found(snapshot, "notices") == [(
            "problem",
            "ann@example.com has not confirmed the subscription",
            "Follow the link in AWS's message 'Subscription Confirmation'; look among the spam too.",
        )]  # fmt: skip


def test_dead_letters_are_counted_by_queue(deploy, stack) -> None:
    snapshot = deploy()
    queues = snapshot.of_type("AWS::SQS::Queue")
    for name in ("UploadsDeadLetterQueue", "UploadsQueue"):
        stack.client("sqs").send_message(QueueUrl=queues[name], MessageBody="x")
    [(verdict, detail, _)] = found(snapshot, "dead letters")
    assert (verdict, detail) == ("problem", "UploadsDeadLetterQueue holds 1")


@pytest.mark.parametrize(("value", "wanted", "verdict"), [
    (0, "16", "problem"), (8, "16", "warning"), (16, "16", "ok"), (64, "16", "ok"),
])  # fmt: skip
def test_a_quota_is_compared_with_what_the_stack_may_use(deploy, account, value, wanted, verdict) -> None:
    snapshot = deploy(MaxvCpus=wanted)
    account.has_quotas(spot=float(value), on_demand=float(value))
    spot, on_demand = found(snapshot, "GPU quota")
    assert spot[0] == verdict
    assert on_demand[0] == {"problem": "warning"}.get(verdict, verdict), "runs use Spot unless they say so"
    assert ("--quota-code L-3819A6DF --desired-value 16" in spot[2]) == (verdict != "ok")


@pytest.mark.parametrize(("value", "verdict"), [(0, "warning"), (5, "warning"), (16, "ok")])
def test_a_quota_of_instances_without_gpus_is_never_a_problem(deploy, account, value, verdict) -> None:
    snapshot = deploy(CpuMaxvCpus="16")
    account.has_quotas(cpu_spot=float(value), cpu_on_demand=float(value))
    spot, on_demand = found(snapshot, "CPU quota")
    assert (spot[0], on_demand[0]) == (verdict, verdict)
    assert "Standard instances" in spot[1]
    assert ("--quota-code L-34B43A08 --desired-value 16" in spot[2]) == (verdict != "ok")
    assert ("--quota-code L-1216C47A --desired-value 16" in on_demand[2]) == (verdict != "ok")


def test_the_free_plan_is_a_problem_with_the_command_that_upgrades_it(deploy, account) -> None:
    snapshot = deploy()
    assert found(snapshot, "account plan") == [("ok", "Paid", "")]
    account.has_plan("FREE")
    [(verdict, detail, fix)] = found(snapshot, "account plan")
    assert (verdict, detail) == (
        "problem", "Free: EC2 starts no GPU instance in it, so every run stays RUNNABLE",
    )  # fmt: skip
    assert "aws freetier upgrade-account-plan --account-plan-type PAID" in fix


@pytest.mark.parametrize(("code", "verdict"), [
    ("ResourceNotFoundException", "ok"), ("ValidationException", "unknown"),
    ("AccessDeniedException", "unknown"),
])  # fmt: skip
def test_an_account_without_a_plan_is_no_problem(deploy, account, code: str, verdict: str) -> None:
    snapshot = deploy()
    account.has_no_plan(code)
    assert [each[0] for each in found(snapshot, "account plan")] == [verdict]


@pytest.mark.parametrize(("free", "uploads", "verdict", "says"), [
    (10, "4", "ok", "UploadConcurrency=4 needs 10"),
    (1000, "4", "ok", "UploadConcurrency=22"),
    (1000, "22", "ok", "UploadConcurrency=22 needs 40"),
    (10, "22", "problem", "UploadConcurrency=22 needs 40"),
    (5, "4", "problem", "UploadConcurrency=4 needs 10"),
])  # fmt: skip
def test_the_executions_that_an_account_has_are_compared_with_what_the_stack_needs(
    deploy, account, free: int, uploads: str, verdict: str, says: str
) -> None:
    snapshot = deploy(UploadConcurrency=uploads)
    account.has_executions(free)
    [(judged, detail, fix)] = found(snapshot, "concurrency")
    assert judged == verdict
    assert says in detail
    assert ("--quota-code L-B99A9384 --desired-value 1000" in fix) == (verdict == "problem")
    assert ("UploadConcurrency=4" in fix) == ((free, uploads) == (10, "22"))


def test_a_stack_with_the_defaults_fits_an_account_with_ten_executions() -> None:
    assert CONCURRENCY_NEEDED[int(template()["Parameters"]["UploadConcurrency"]["Default"])] == 10


@pytest.mark.parametrize(("value", "verdict"), [(0.0, "warning"), (1.0, "ok"), (None, "unknown")])
def test_an_account_that_may_build_nothing_hears_of_it_before_it_tries(
    deploy, account, value: float | None, verdict: str
) -> None:
    snapshot = deploy()
    account.has_quotas(builds=value)
    [(judged, _, fix)] = found(snapshot, "image builds")
    assert judged == verdict
    assert ("--service-code codebuild --quota-code L-9D07B6EF" in fix) == (verdict == "warning")
    assert ("docker push it" in fix) == (verdict == "warning")


def test_a_stack_that_builds_no_image_needs_no_quota_for_it(deploy, account) -> None:
    snapshot = deploy()
    outputs = {name: it for name, it in snapshot.outputs.items() if name != "ImageBuildProjectName"}
    assert found(replace(snapshot, outputs=outputs), "image builds") == []


@pytest.mark.parametrize(("status", "reason", "fix"), [
    ("VALID", "ComputeEnvironment Healthy", ""),
    ("INVALID", "CLIENT_ERROR - no such subnet", "Fix what the reason names, then deploy again."),
    ("INVALID", "CLIENT_ERROR - The specified instance type is not eligible for Free Tier.", UPGRADE),
    ("INVALID", "The Spot service-linked role is missing",
     "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"),
])  # fmt: skip
def test_a_compute_environment_that_is_not_valid_is_a_problem(deploy, stack, status, reason, fix) -> None:
    snapshot = deploy()
    resources = {**snapshot.resources, "AWS::Batch::ComputeEnvironment": {"Spot": "spot-1"}}
    snapshot = replace(snapshot, resources=resources)
    environment = {
        "computeEnvironmentName": "spot-1", "computeEnvironmentArn": "arn:aws:batch:r:1:environment/s",
        "status": status, "state": "ENABLED", "statusReason": reason,
    }  # fmt: skip
    with Stubber(stack.client("batch")) as stubbed:
        stubbed.add_response(
            "describe_compute_environments",
            {"computeEnvironments": [environment]},
            {"computeEnvironments": ["spot-1"]},
        )
        stubbed.add_response("describe_job_queues", {"jobQueues": []}, {"jobQueues": []})
        [(verdict, _, said)] = found(snapshot, "compute")
    assert (verdict, said) == ("ok" if status == "VALID" else "problem", fix)


@pytest.mark.parametrize(("status", "state", "verdict", "fix"), [
    ("VALID", "ENABLED", "ok", ""),
    ("VALID", "DISABLED", "problem", "aws batch update-job-queue --job-queue spot-1 --state ENABLED"),
    ("UPDATING", "ENABLED", "warning", "Wait some minutes"),
    (None, None, "problem", "aws cloudformation detect-stack-drift --stack-name droptrain"),
])  # fmt: skip
def test_a_job_queue_that_takes_no_job_is_a_problem(deploy, stack, status, state, verdict, fix) -> None:
    snapshot = deploy()
    resources = {**snapshot.resources, "AWS::Batch::JobQueue": {"SpotJobQueue": "spot-1"}}
    queue = {
        "jobQueueName": "spot-1", "jobQueueArn": "arn:aws:batch:r:1:job-queue/s", "status": status,
        "state": state, "priority": 1, "computeEnvironmentOrder": [],
    }  # fmt: skip
    with Stubber(stack.client("batch")) as stubbed:
        stubbed.add_response("describe_compute_environments", {"computeEnvironments": []})
        stubbed.add_response("describe_job_queues", {"jobQueues": [queue] if status else []})
        [(judged, _, said)] = found(replace(snapshot, resources=resources), "job queue")
    assert judged == verdict
    assert fix in said


def test_runs_that_do_not_move_are_named(deploy, api) -> None:
    snapshot = deploy()
    api["RUNNABLE"] = [
        {"run_id": "p-first-1", "updated_at": "2026-11-23T02:10:00Z"},
        {"run_id": "p-first-2", "updated_at": "2026-11-23T02:50:00Z"},
    ]
    [(verdict, detail, fix)] = found(snapshot, "runs")
    assert (verdict, detail) == ("warning", "p-first-1 has been RUNNABLE for 50 min")
    assert "droptrain show p-first-1" in fix


def test_a_run_that_waits_behind_others_is_well_and_its_place_is_told(deploy, api, stack) -> None:
    arn = "arn:aws:batch:eu-west-1:123456789012:job"
    snapshot = deploy()
    queues = {"SpotJobQueue": "SpotJobQueue-1", "OnDemandJobQueue": "OnDemandJobQueue-2"}
    snapshot = replace(snapshot, resources={**snapshot.resources, "AWS::Batch::JobQueue": queues})
    waits = {"status": "RUNNABLE", "updated_at": "2026-11-23T02:10:00Z"}
    api["RUNNABLE"] = [{**waits, "run_id": f"p-{job}-1", "batch_job_id": job} for job in ("a", "b", "far")]
    fronts = {"SpotJobQueue-1": ["b", "a", *("x" * 98)], "OnDemandJobQueue-2": []}
    with Stubber(stack.client("batch")) as stubbed:
        stubbed.add_response("describe_compute_environments", {"computeEnvironments": []})
        stubbed.add_response("describe_job_queues", {"jobQueues": []})
        for queue, ids in fronts.items():
            jobs = [{"jobArn": f"{arn}/{job_id}", "earliestTimeAtPosition": 1} for job_id in ids]
            stubbed.add_response(
                "get_job_queue_snapshot", {"frontOfQueue": {"jobs": jobs}}, {"jobQueue": queue}
            )
        waiting = found(snapshot, "runs")
    assert [(verdict, detail) for verdict, detail, _ in waiting] == [
        ("ok", "p-a-1 has been RUNNABLE for 50 min: number 2 in the Spot queue"),
        ("warning", "p-b-1 has been RUNNABLE for 50 min: number 1 in the Spot queue"),
        ("ok", "p-far-1 has been RUNNABLE for 50 min: beyond the first 100 in the Spot queue"),
    ]


def test_what_credentials_may_not_ask_is_told_as_unknown(deploy, stack) -> None:
    snapshot = deploy()
    with Stubber(stack.client("sqs")) as stubbed:
        stubbed.add_client_error("get_queue_attributes", "AccessDenied")
        [(verdict, detail, fix)] = found(snapshot, "dead letters")
    assert (verdict, detail) == ("unknown", "these credentials may not call GetQueueAttributes")
    assert "OperatorPolicy" in fix


@pytest.mark.parametrize(("service", "operation", "title"), [
    ("sts", "GetCallerIdentity", "stack"), ("s3", "GetBucketVersioning", "bucket"),
    ("batch", "DescribeComputeEnvironments", "compute"), ("batch", "DescribeJobQueues", "compute"),
    ("ecr", "DescribeImages", "image"), ("sns", "ListSubscriptionsByTopic", "notices"),
    ("sqs", "GetQueueAttributes", "dead letters"), ("freetier", "GetAccountPlanState", "account plan"),
    ("service-quotas", "GetServiceQuota", "GPU quota"), ("lambda", "GetAccountSettings", "concurrency"),
])  # fmt: skip
def test_a_call_may_be_denied_and_the_other_checks_still_answer(
    deploy, stack, service: str, operation: str, title: str
) -> None:
    snapshot = deploy()
    fail(stack, service, operation, denied(operation))
    checks = list(findings(snapshot, NOW))
    assert (title, f"these credentials may not call {operation}") in [
        (each.title, each.detail) for each in checks if each.verdict == "unknown"
    ]
    assert {"API", "bucket", "image", "dead letters", "account plan", "concurrency", "runs"} <= {
        each.title for each in checks
    }


def test_an_api_that_refuses_or_fails_ends_no_other_check(deploy, server) -> None:
    snapshot = deploy()
    for status, verdict in ((403, "unknown"), (500, "problem")):
        server.answer = lambda asked, status=status: Reply(status, {"message": "Forbidden"})
        checks = {each.title: each for each in findings(snapshot, NOW)}
        assert (checks["API"].verdict, checks["runs"].verdict) == (verdict, verdict)
        assert checks["dead letters"].verdict == "ok"
        assert "request" in checks["API"].detail or "ReaderPolicy" in checks["API"].detail


@pytest.mark.parametrize(("code", "verdict", "fix"), [
    ("AWS.SimpleQueueService.NonExistentQueue", "problem", "aws cloudformation detect-stack-drift"),
    ("ThrottlingException", "unknown", "Look again in a minute."),
])  # fmt: skip
def test_what_is_gone_is_a_problem_and_what_is_busy_is_not(deploy, stack, code, verdict, fix) -> None:
    snapshot = deploy()
    with Stubber(stack.client("sqs")) as stubbed:
        stubbed.add_client_error("get_queue_attributes", code, "no")
        checks = list(findings(snapshot, NOW))
    [letters] = [each for each in checks if each.title == "dead letters"]
    assert (letters.verdict, letters.detail) == (verdict, f"AWS refused GetQueueAttributes ({code}): no")
    assert fix in letters.fix
    assert checks[-1].title == "runs"


def test_a_service_that_cannot_be_reached_is_unknown(deploy, stack) -> None:
    snapshot = deploy()
    lost = EndpointConnectionError(endpoint_url="https://freetier.us-east-1.api.aws")
    fail(stack, "freetier", "GetAccountPlanState", lost)
    [(verdict, detail, _)] = found(snapshot, "account plan")
    assert verdict == "unknown"
    assert "freetier.us-east-1" in detail


def test_credentials_that_have_expired_end_the_checks(deploy, stack) -> None:
    snapshot = deploy()
    with Stubber(stack.client("sqs")) as stubbed:
        stubbed.add_client_error("get_queue_attributes", "ExpiredToken")
        with pytest.raises(ClientError, match="ExpiredToken"):
            list(findings(snapshot, NOW))


def test_a_test_notice_reaches_who_subscribed(stack: Stack) -> None:
    session = stack.session
    topic = session.client("sns").create_topic(Name="NoticesTopic")["TopicArn"]
    sqs = session.client("sqs")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    snapshot = StackSnapshot(stack, outputs={"NoticesTopicArn": topic})
    [sent] = list(send_test(snapshot))
    assert (sent.verdict, sent.title) == ("ok", "test notice")
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    notice = json.loads(message["Body"])
    assert notice["Subject"] == "TEST of droptrain"
    assert notice["Message"].startswith("droptrain: this is a test.")
    assert notice["MessageAttributes"]["outcome"]["Value"] == "TEST"


def test_who_may_not_send_a_test_notice_is_told_which_policy_allows_it(stack: Stack) -> None:
    def refused(_: StackSnapshot) -> Any:
        raise ClientError({"Error": {"Code": "AuthorizationError"}}, "Publish")

    snapshot = StackSnapshot(stack)
    first = next(findings(snapshot, NOW, [("test notice", refused)]))
    assert (first.title, first.verdict) == ("test notice", "unknown")
    assert "may not call Publish" in first.detail
